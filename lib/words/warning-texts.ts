/**
 * The sentences of warnings, of what is not known and of failed checks, in one place, since people read them together.
 */
import { count, share } from '../base/index.js';
import { shortSpec } from './specs.js';
import type { Failure, NotKnown, Warning } from './warnings.js';

/** One warning, in a sentence or two. */
export function warningInWords(warning: Warning): string {
  switch (warning.kind) {
    case 'no-variation':
      return 'X does not vary: the map answers with the mean of Y.';
    case 'unclear-rank':
      return `The rank, ${warning.rank}, depends on rcond: the eigenvalues on either side of the cut differ by a factor of only ${warning.gap.toPrecision(3)}.`;
    case 'columns-left-out':
      return columnsLeftOut(warning);
    case 'direction-left-out':
      return `A direction of X with ${warning.ratio.toExponential(0)} times the spread of the widest was left out: below the cut it counts as float32 rounding. If X is exact in float64, lower rcond.`;
    case 'no-difference':
      return `All ${warning.alphas} alphas ${warning.select === 'agreement' ? 'agree on as many rows' : `have the same error, to ${warning.tolerance.toExponential(0)} of the variance of the targets`}: the choice makes no difference, and the first in the grid is taken.`;
    case 'edge-of-grid':
      return warning.edge === 'largest'
        ? `The best alpha, ${warning.alpha}, is the largest of the grid: a still larger one may be better.`
        : `The best alpha, ${warning.alpha}, is the smallest of the grid: a still smaller one, or 0, may be better.`;
    case 'errors-at-rounding':
      return `The errors of ${warning.alphas} alphas are within rounding of 0: they count as equal, and the first in the grid is taken.`;
    case 'diverged':
      return diverged(warning);
    case 'collapse':
      return `${warning.target} gives ${share(warning.share, 1)} of the ${imagesOf(warning)} of ${shortSpec(warning.test)} one class: agreement is then easy. Kappa corrects for that.`;
    case 'outside-span':
      return `${count(warning.outside)} of the ${count(warning.of)} ${imagesOf(warning)} of ${shortSpec(warning.test)} ${warning.outside === 1 ? 'has' : 'have'} ${warning.from} outside the span of the training ${warning.from} of ${warning.source}. There the data do not determine the map, and the minimum-norm map is used.`;
    case 'not-held-out':
      return `${count(warning.overlap)} of the ${count(warning.of)} images of ${shortSpec(warning.test)} are also in ${shortSpec(warning.train)}: they were not held out.`;
    case 'choice':
      return choice(warning);
    case 'rows-enough':
      return `The map from ${warning.observe} was fitted on ${count(warning.rows)} of the ${count(warning.of)} training rows, which determine it.`;
    case 'outputs-picked':
      return outputsPicked(warning);
    case 'labels-by-number':
      return `Accuracy assumes that the ${count(warning.classes)} ${warning.labels} of ${shortSpec(warning.dataset)}, in the order of their names, are the ${count(warning.classes)} classes of ${warning.model}. Only their number suggests it.`;
    case 'classes-apart':
      return `In ${shortSpec(warning.test)}, ${count(warning.images)} of the ${count(warning.of)} images are of ${warning.classes === 1 ? 'a class that has' : `${count(warning.classes)} classes that have`} no image in ${shortSpec(warning.train)}. A slice takes images in their order, and a folder is in the order of its classes. Split the classes by folders, or name the images of each part in a list (list:FILE).`;
    case 'span-unknown':
      return 'The rows of the fit were not given. So it is not known which test rows are in their span, or whether a test row is one of them.';
    case 'rows-fitted-on':
      return `${count(warning.shared)} of the ${count(warning.of)} test rows are equal to a training row, bit for bit. Either these images were not held out, or the model cannot tell them apart.`;
    case 'embeddings-not-unit':
      return `The class embeddings of ${warning.file} are not of unit norm (${warning.least.toPrecision(3)} to ${warning.most.toPrecision(3)}). They are normalised here. If templates were averaged before normalising, the answers differ from open_clip's.`;
    case 'embeddings-alike':
      return `Only ${warning.distinct} of the ${warning.classes} class embeddings of ${warning.file} are distinct: among classes that share one, the first always wins.`;
    case 'embeddings-far':
      return `The class embeddings are no nearer to the embeddings of ${warning.model} than the same numbers in random order (mean of the best cosines ${warning.cosine.toFixed(3)}, in random order up to ${warning.byChance.toFixed(3)}): they may be of another model, or saved in the wrong order.`;
    case 'made-tower':
      return 'The tower stands in for CLIP: it was trained to match class embeddings that were drawn by seed; no text was read.';
    case 'text':
      return warning.text;
  }
}

type Of<Kind extends Warning['kind']> = Extract<Warning, { kind: Kind }>;

/** The sentences of several warnings; null where there is none. */
export const warningsInWords = (warnings: readonly Warning[] | null): string | null =>
  warnings?.map(warningInWords).join(' ') || null;

/** The sentences of the warnings of rows, each once. */
export const distinctWarnings = (rows: readonly { warnings: readonly Warning[] }[]): string[] => [
  ...new Set(rows.flatMap(({ warnings }) => warnings.map(warningInWords))),
];

const imagesOf = ({ variations }: { variations: boolean }): string => (variations ? 'images and variations' : 'images');

function columnsLeftOut({ columns, first, ratio }: Of<'columns-left-out'>): string {
  const what =
    columns === 1
      ? `Column ${first} of X was left out, wholly or in part: it varies`
      : `${count(columns)} columns of X were left out, wholly or in part: column ${first}, the first of them, varies`;
  return `${what} ${ratio.toExponential(0)} times as much as the widest column, which is below the cut. Scale the columns of X alike, or lower rcond.`;
}

function diverged({ learningRate, momentum, limit, epoch, losses }: Of<'diverged'>): string {
  const what = losses
    ? `its loss grew from ${losses[0].toPrecision(3)} in the first epoch to ${losses[1].toPrecision(3)} in the last`
    : `its loss was no longer finite in epoch ${epoch}`;
  // Below the limit of the mean, single batches may still be too steep.
  const rule =
    limit === null
      ? ''
      : ` Gradient descent with momentum ${momentum} is stable on these inputs only below a learning rate of 2(1 + momentum)/λ_max = ${limit.toPrecision(3)}${learningRate < limit ? ', and single batches can be steeper' : ''}.`;
  return `SGD diverged at learning rate ${learningRate}: ${what}.${rule} Lower the learning rate, or use the exact solver.`;
}

function choice({ source, target, from, prior, found }: Of<'choice'>): string {
  const said = warningsInWords(found) ?? '';
  return `Cross-validation of ${source} → ${target} from ${from}${prior === 'head' ? ', with the head as prior' : ''}: ${said.charAt(0).toLowerCase()}${said.slice(1)}`;
}

function outputsPicked(warning: Of<'outputs-picked'>): string {
  const { observe, outputs, of, rows, trainingRows, imagesNeeded } = warning;
  const fitted = rows === null ? '' : `, fitted on ${count(rows)} of the ${count(trainingRows)} training rows`;
  return `The map reads the ${count(outputs)} outputs of ${observe} that vary most, out of ${count(of)}${fitted}. A map of all outputs would need ${count(imagesNeeded)} images and a matrix of ${count(of)} x ${count(of)}. All outputs together give away as much or more.`;
}

/** Why a row's figures say nothing of what such outputs give away, as a part of a sentence. */
export function notKnownInWords(reason: NotKnown): string {
  switch (reason.kind) {
    case 'few-images':
      return `${count(reason.images)} ${reason.images === 1 ? 'image' : 'images'} for a map from ${count(reason.numbers)} numbers`;
    case 'no-better-than-mean':
      return 'the map does no better than the mean of the features';
    case 'text':
      return reason.text;
  }
}

/** A failed check, in a sentence or two. */
export function failureInWords(failure: Failure): string {
  switch (failure.kind) {
    case 'class-changed':
      return `${failure.model} on ${shortSpec(failure.test)}: ${failure.images} images inside the span change their class, the first in row ${failure.row} with a margin of ${failure.margin.toPrecision(3)}. Exact least squares cannot do that: the tapped tensor, the head or the solver is wrong.`;
    case 'text':
      return failure.text;
  }
}
