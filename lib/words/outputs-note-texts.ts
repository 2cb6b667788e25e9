/** The sentences of what was seen of outputs. */
import { count } from '../base/index.js';
import type { CarriedInWords, NoSphere, NoWidth, OutputsNote, SeveralInWords, Stored, Zeros } from './outputs-notes.js';
import { rowsInWords } from './rows.js';
import { some } from './some.js';

/** One note, in a sentence or two. */
export function outputsNoteInWords(note: OutputsNote): string {
  switch (note.kind) {
    case 'scale':
      return scale(note);
    case 'copies':
      return `${count(note.copies)} of ${count(note.rows)} rows are copies of others; copies count once.`;
    case 'equal-columns':
      return `Columns ${some(note.pairs.map(([a, b]) => `${a} and ${b}`))} (counted from 0) are equal in every row: copies, or classes that the model does not tell apart.`;
    case 'clipped':
      return `${(100 * note.share).toFixed(1)} % of the values are equal to the largest or the smallest of all: they look clipped, and clipped values are not from a linear layer.`;
    case 'zeros-left-out':
      return `${count(note.zeros)} of ${count(note.rows)} rows hold a probability of 0, whose logarithm is not finite. The width is computed from the other rows.`;
    case 'carried':
      return `${carriedInWords(note.carried, note.classes)} The width is computed from the other rows.`;
    case 'carried-together':
      return together(note.carried);
    case 'stacked':
      return `Parts of the file fill ${note.first} and ${note.last} directions, all of it ${note.all}: it looks like the outputs of two models, one after the other. Give those of one alone.`;
    case 'several-models': {
      const { several, directions } = note;
      const all = directions === null ? 'all directions that the classes leave' : `${count(directions)} directions`;
      return `${severalInWords(several)}. Together they fill ${all}, which is the width of none of them. Give the rows of one.`;
    }
    case 'models-not-told':
      return `The column ‘${note.column ?? ''}’ has ${note.values} values, and the rows of each are too few to tell whether one model made all. If several did, the width is of all of them together.`;
    case 'width-not-shown':
      return `The hidden width does not show. ${noWidthInWords(note.why)}`;
    case 'directions':
      return `The outputs span ${note.rank} dimensions; beyond them the variance drops by a factor of ${note.gap.toExponential(0)}.`;
    case 'multiple-of-8':
      return `Layer widths are usually multiples of 8, so this one is taken as ${note.width}: a layer normalisation ties one direction to the others, or one feature is zero on all these images.`;
    case 'sphere-takes-rows':
      return `It takes ${count(note.needed)} distinct rows to see whether a normalisation stands before the head; there are ${count(note.rows)}.`;
    case 'sphere':
      return `The outputs lie on an ellipsoid (residual ${note.residual.toExponential(1)}), as those of a normalised vector do after linear maps. The vector stands right before the head unless a linear layer is between the two.`;
    case 'no-sphere':
      return `No normalisation before the head shows: ${noSphereInWords(note.why)}.`;
    case 'rectified-takes-rows':
      return `It takes at least ${count(note.needed)} distinct rows to see whether rectified features stand before the head; there are ${count(note.rows)}.`;
    case 'rectified':
      return `There are rectified features: one is never below zero, is zero on ${count(note.zeros)} of these images, and passes every test of a feature${note.searched ? '' : ' that does not need all the others (recover runs those too)'}.`;
    case 'function-not-told':
      return `It is not known whether rectified features stand before the head: a function of the outputs is never below zero and is zero on ${count(note.zeros)} images, but it need not be a feature. A full search (recover) may say more.`;
    case 'no-rectified':
      return `No rectified feature was found in ${note.descents} descents; more varied images might show one.`;
    case 'text':
      return note.text;
  }
}

function scale(note: Extract<OutputsNote, { kind: 'scale' }>): string {
  const { shown, decimals, topk, precision, classes, storage, percent } = note;
  const unit = percent ? 'percentages (probabilities times 100)' : note.scale;
  if (note.scale === 'unknown')
    return `Only the top ${topk} of ${atLeast(note)}${classes} outputs are shown. Whether they are percentages or logits is not known: their numbers may be either.`;
  if (shown === 'truncated') return `The outputs are ${unit}, only the top ${topk} of ${atLeast(note)}${classes}.`;
  if (storage) return `The outputs are ${unit}. ${storedInWords(note)}.`;
  if (shown === 'rounded') return `The outputs are ${unit} rounded to ${decimals} decimals.`;
  return `The outputs are ${unit}${precision === 'float16' ? ' in float16' : ''}.`;
}

/** Why the hidden width does not show, in a sentence. */
export function noWidthInWords(why: NoWidth): string {
  switch (why.kind) {
    case 'outputs-hidden':
      return `Only the top ${why.topk} of ${atLeast(why)}${count(why.classes)} outputs are shown, and the hidden ones cannot be inferred.`;
    case 'zeros':
      return `${count(why.zeros)} of ${count(why.rows)} rows hold a probability of 0, whose logarithm is not finite: ${zerosCure(why)}.`;
    case 'few-rows':
      return `${count(why.rows)} distinct rows fill all the directions that they can; ${moreRows(why)}.`;
    case 'wide-layer':
      return `The layer before the last is ${count(why.features)} numbers wide and there are ${count(why.classes)} outputs: these show at most as many directions as there are outputs, however many images are looked at.`;
    case 'no-gap':
      return noGap(why);
  }
}

const atLeast = (of: { atLeast?: true }): string => (of.atLeast ? 'at least ' : '');

/** How many rows would do. */
const moreRows = ({ features }: Extract<NoWidth, { kind: 'few-rows' }>): string =>
  features === undefined
    ? 'give more rows than the hidden layer is wide (twice the classes are plenty; where the layer is as wide as the outputs or wider, no number of rows shows it)'
    : `more rows than the layer before the last is wide (${count(features)}) would show it`;

/** Why no gap shows: how the outputs were stored, then other causes. */
function noGap(why: Extract<NoWidth, { kind: 'no-gap' }>): string {
  const { above, most, classes, coarse } = why;
  if (coarse && above < most) {
    return `${storedInWords(why)}: ${above} of the ${count(most)} directions that ${count(classes)} classes leave vary by more than such storing adds on average, without a gap. Rounding may make some of them, so the width cannot be told. To measure more takes outputs of full precision.`;
  }
  const rounding = coarse
    ? `. ${storedInWords(why)}, and this noise may cover the smallest directions. Or `
    : '. Either ';
  return `The outputs fill all ${count(most)} directions that ${count(classes)} classes leave, without a gap${rounding}the hidden layer is at least as wide as the outputs, or they are not those of one linear layer (a mean of models, label smoothing, a cap or clipping, added noise, a number type that the values do not show).`;
}

/**
 * What to do about zeros. Most are probabilities below the last decimal, and with many classes no row is without them.
 */
export function zerosCure({ zeros, rows, rounded, decimals, percent }: Zeros): string {
  if (rounded && decimals !== null) {
    const least = `${percent ? 'percentages' : 'probabilities'} rounded to ${decimals} decimals show nothing of what is below ${(0.5 * 10 ** -decimals).toExponential(0)}`;
    return zeros * 2 > rows
      ? `${least}; to measure more, log significant digits (%.9g) instead of decimals, or logits`
      : `${least}; leave those rows out, or to measure more log significant digits (%.9g) instead of decimals`;
  }
  return zeros * 2 > rows
    ? 'the probabilities are smaller than their number type holds; to measure more, log logits or log-probabilities'
    : 'leave those rows out, or to measure more log logits or log-probabilities';
}

/** How values were stored, as the start of a sentence. */
function storedInWords({ storage, decimals, precision, percent }: Stored): string {
  if (storage?.type === 'bfloat16') return 'The values are bfloat16';
  if (storage?.type === 'digits') return `The values have ${storage.digits} significant digits`;
  if (storage?.type === 'steps') {
    return `The values are multiples of ${Number(storage.step.toPrecision(4))}, as a quantised model's`;
  }
  if (decimals !== null) return `The ${percent ? 'percentages' : 'values'} are rounded to ${decimals} decimals`;
  return precision === 'float16' ? 'The values are float16' : `The values are ${precision}`;
}

/** Why no normalisation shows, as a part of a sentence. */
export function noSphereInWords(why: NoSphere): string {
  switch (why.kind) {
    case 'many-ellipsoids':
      return 'the outputs lie on many ellipsoids at once, as features of two values do';
    case 'ended':
      return 'the outputs lie on an ellipsoid, but the search was stopped before it was certain that it is the only one';
    case 'open-quadric':
      return `the quadric on which the outputs lie (residual ${why.residual.toExponential(1)} on rows kept out of the fit) is not closed, as far as these rows show its curvature`;
    case 'no-ellipsoid':
      return `the outputs lie on no ellipsoid (residual ${why.residual.toExponential(1)} on rows kept out of the fit, ${why.before.toExponential(1)} before it)`;
  }
}

/** The sentences on rows that alone carry directions. */
export function carriedInWords(carried: CarriedInWords, classes: number): string {
  const { rows, directions, with: all, without: rest, places } = carried;
  const [it, carry] = rows.length === 1 ? ['it', 'carries'] : ['them', 'carry'];
  const fill = all === null || all === classes ? `all ${classes} directions` : `${all} directions`;
  return `${rowsInWords(rows, places)} alone ${carry} ${directions} of the directions: with ${it} the outputs fill ${fill}, without ${it} ${rest}. A header, noise or another model's outputs do that, and so do images that alone switch a feature on; outputs cannot tell which.`;
}

/** The sentence on rows that agree on the directions that they carry. */
const together = ({ rows, directions, without: rest, places }: CarriedInWords): string =>
  `${rowsInWords(rows, places)} alone carry ${directions === 1 ? 'one direction' : `${directions} directions`} and agree on ${directions === 1 ? 'it' : 'them'}. Images that alone switch a feature on do that, or a few rows of a model with nearly the same head. Without them it is ${rest} directions.`;

/** Several models in one file, as the start of a sentence. */
export function severalInWords({ column, models, parts }: SeveralInWords): string {
  const by = Array.from({ length: models }, (_, model) => {
    const of = parts.filter((part) => part.model === model);
    const rows = of.reduce((sum, part) => sum + part.rows, 0);
    const width = of.find(({ hiddenWidth }) => hiddenWidth !== null)?.hiddenWidth ?? null;
    const wide = width === null ? 'which show no width' : `at least ${count(width)} wide`;
    return `${some(of.map(({ value }) => value))} with ${count(rows)} rows, ${wide}`;
  });
  const open = parts.filter(({ model }) => model === null).map(({ value }) => value);
  const rest =
    open.length > 0 ? `; of which model ${some(open)} ${open.length === 1 ? 'is' : 'are'} does not show` : '';
  const told = column === null ? 'its files' : `the column ‘${column}’`;
  return `This looks like ${models} models in one file, told apart by ${told} (${by.join('; ')}${rest})`;
}
