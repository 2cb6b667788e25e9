import { makeTransform, sameTransform, type Transform } from '../images/index.js';
import { count, failureInWords, imageCount, share, shortSpec, warningInWords } from '../words/index.js';
import { collapse, toldByRow } from './row-warnings.js';
import { type ModelRecord, type ResultRow, type Results } from './types.js';
import { leftOutNotes } from './left-out.js';
import { numbers } from './transforms.js';
import { by, list } from './words.js';

/** What a reader must know before the figures. */
export interface Notice {
  kind: 'failure' | 'left out' | 'collapse' | 'span' | 'alpha' | 'transform' | 'overlap' | 'other';
  text: string;
}

/** The notices of a result, one for each kind and test set, however many rows it concerns. */
export function noticesOf(results: Results): Notice[] {
  const { rows, failures } = results;
  const notices: Notice[] = failures.map((failure) => ({
    kind: 'failure',
    text: `Failed check: ${failureInWords(failure)}`,
  }));
  notices.push(...leftOutNotes(results.environment.datasets).map((text) => ({ kind: 'left out' as const, text })));
  for (const test of new Set(rows.map((row) => row.test)))
    notices.push(...ofTest(rows.filter((row) => row.test === test)).filter(({ kind }) => !isAnswered(kind, results)));
  notices.push(...edges(rows));
  const { models } = results.environment;
  notices.push(...spreading(rows, models).map((text) => ({ kind: 'transform' as const, text })));
  notices.push(...otherTransforms(models).map((text) => ({ kind: 'transform' as const, text })));
  notices.push(...assumedTransforms(models).map((text) => ({ kind: 'transform' as const, text })));
  notices.push(...unstatedTransforms(models).map((text) => ({ kind: 'transform' as const, text })));
  const others = rows.flatMap(({ warnings }) => warnings.filter(({ kind }) => !toldByRow.has(kind)));
  for (const text of new Set(others.map(warningInWords))) notices.push({ kind: 'other', text });
  return notices;
}

/** Whether an audit's table answers a notice: it says how sure each interface is, whatever the span of a fit. */
const isAnswered = (kind: Notice['kind'], results: Results): boolean =>
  kind === 'span' && (results.leaks?.interfaces ?? []).length > 0;

/**
 * A sentence on models that collapse and saw only the middles of images: whole images may spread their answers. For models
 * that state a transform `otherTransforms` has one.
 */
export function spreading(
  rows: readonly Pick<ResultRow, 'target' | 'majorityShare'>[],
  models: readonly Pick<ModelRecord, 'name' | 'transform' | 'ownTransform'>[],
): string[] {
  const collapsed = new Set(
    rows.flatMap(({ target, majorityShare }) => (majorityShare !== null && majorityShare > collapse ? target : [])),
  );
  const cropped = models.filter(
    ({ name, transform, ownTransform }) =>
      collapsed.has(name) && !ownTransform && transform?.steps.every(({ op }) => op === 'centerCrop'),
  );
  const names = [...new Set(cropped.map(({ name }) => name))];
  if (names.length === 0) return [];
  return [
    `${list(names)} saw only the middle of each image, padded if the image is smaller. The transform ‘upsample’ shows the whole image and may spread the answers.`,
  ];
}

/** Sentences on models that state no transform and were seen through the default one, for each mean and deviation. */
export function unstatedTransforms(
  models: readonly Pick<ModelRecord, 'name' | 'transform' | 'ownTransform'>[],
): string[] {
  const unstated = models.filter(({ transform, ownTransform }) => transform?.name === 'protocol' && !ownTransform);
  return by(unstated, ({ transform }) => normalisation(transform!)).map((group) => {
    const foreign = [...new Set(group.map(({ name }) => name))];
    const every = foreign.length > 2 && foreign.length === new Set(models.map(({ name }) => name)).size;
    return `${every ? `All ${foreign.length} models` : list(foreign)} ${foreign.length === 1 ? 'is' : 'are'} seen through ‘protocol’, ${isPublished(group[0].transform!) ? 'the published recipe’s transform' : 'the steps of the published recipe’s transform'} (a centred crop without resizing, ${normalisation(group[0].transform!)}). Where a model was trained with another one, which its file does not say, its answers are not those given in use.`;
  });
}

/** Whether mean and deviation are the preset's own. */
function isPublished({ mean, std }: Transform): boolean {
  const preset = makeTransform('protocol', [1, 1]);
  return numbers(mean) === numbers(preset.mean) && numbers(std) === numbers(preset.std);
}

const normalisation = (transform: Transform): string =>
  isPublished(transform)
    ? 'ImageNet’s mean and deviation'
    : `with mean ${numbers(transform.mean)} and deviation ${numbers(transform.std)} as they were given`;

/** A sentence on models of unknown transform, for which the usual one for photographs is assumed. */
export function assumedTransforms(
  models: readonly Pick<ModelRecord, 'name' | 'transform' | 'transformAssumed'>[],
): string[] {
  const assumed = models.filter(({ transformAssumed }) => transformAssumed);
  const names = [...new Set(assumed.map(({ name }) => name))];
  if (names.length === 0) return [];
  // A model that reads uint8 sees pixels as they are.
  const scaled = assumed.flatMap(({ transform }) => (transform && transform.scale !== 1 ? [transform] : []));
  const normalised = [...new Set(scaled.map((transform) => `, ${normalisation(transform)}`))].join(' or');
  const one = names.length === 1;
  return [
    `${list(names)} ${one ? 'states' : 'state'} no transform: the usual one, ‘imagenet’ (shorter side resized, middle cropped${normalised}), is assumed. If ${one ? 'the model was' : 'the models were'} trained with another one, these are not ${one ? 'its' : 'their'} answers in use: give its transform, or its mean and deviation.`,
  ];
}

/** Sentences on models that were seen through another transform than their files state, for each transform. */
export function otherTransforms(models: readonly Pick<ModelRecord, 'name' | 'transform' | 'ownTransform'>[]): string[] {
  const others = models.filter(
    ({ transform, ownTransform }) => transform && ownTransform && !sameTransform(transform, ownTransform),
  );
  return by(others, ({ transform }) => transform!.name).map((group) => {
    const names = [...new Set(group.map(({ name }) => name))];
    const [are, their] = names.length === 1 ? ['is', 'its file states'] : ['are', 'their files state'];
    return `${list(names)} ${are} seen through ‘${group[0].transform!.name}’ and not through the transform that ${their}: these are not the answers given in use. The transform ‘model’ takes the model’s own.`;
  });
}

/** Notices on the rows of one test set: a collapse, images outside the span, images that were not held out. */
function ofTest(rows: readonly ResultRow[]): Notice[] {
  const notices: Notice[] = [];
  const test = shortSpec(rows[0].test);
  const collapsed = new Map(
    rows.flatMap(({ target, majorityShare }) =>
      majorityShare !== null && majorityShare > collapse ? [[target, majorityShare] as const] : [],
    ),
  );
  if (collapsed.size > 0) {
    const named = [...collapsed].map(([target, value]) => `${share(value, 1)} of the answers of ${target}`);
    notices.push({
      kind: 'collapse',
      text: `Collapse: on ${test}, one class takes ${list(named)}. Agreement is then easy; kappa corrects for that.`,
    });
  }
  const outside = rows.filter(
    ({ prior, from, inSpanShare }) => prior === null && from === 'logits' && inSpanShare !== null && inSpanShare < 1,
  );
  if (outside.length > 0) {
    const named = by(outside, ({ source, train }) => JSON.stringify([source, train])).map(([row]) => {
      const { source, train, nTrain, variations, inSpanShare } = row;
      // One model may be fitted on several sets of images.
      const several = rows.some((other) => other.source === source && other.train !== train);
      const fitted = several ? ` (fitted on ${imageCount(nTrain, variations)})` : '';
      return `${share(1 - inSpanShare!, 1)} of the logits of ${source}${fitted}`;
    });
    notices.push({
      kind: 'span',
      text: `Outside the span: on ${test}, ${list(named)} are outside the span of the training logits. There the data do not determine the map, and the minimum-norm map is used.`,
    });
  }
  for (const [{ overlap, train, nTest, variations = 1 }] of by(rows, (row) => row.train)) {
    if (overlap === 0) continue;
    notices.push({
      kind: 'overlap',
      text: `${count(overlap)} of the ${count(Math.round(nTest / variations))} images of ${test} are also in ${shortSpec(train)}: they were not held out.`,
    });
  }
  return notices;
}

/** Notices on a best penalty at an end of the grid: the grid may be too short. */
function edges(rows: readonly ResultRow[]): Notice[] {
  const fitted = rows.filter(({ alpha, mse }) => alpha !== null && mse !== null);
  const key = ({ source, target, train, test, from, observe, prior }: ResultRow): string =>
    JSON.stringify([source, target, train, test, from, observe ?? null, prior]);
  return by(fitted, key).flatMap((group): Notice[] => {
    const alphas = group.map(({ alpha }) => alpha!);
    const [least, most] = [Math.min(...alphas), Math.max(...alphas)];
    const best = group.reduce((a, b) => (b.mse! < a.mse! ? b : a));
    const edge = best.alpha === most ? 'largest' : best.alpha === least && least > 0 ? 'smallest' : null;
    // Fits that are exact to rounding have no best penalty.
    const exact = best.r2 !== null && best.r2 > 1 - 1e-9;
    if (new Set(alphas).size < 3 || edge === null || exact) return [];
    const { source, target, test } = best;
    const from = `${best.observe ?? best.from}${best.prior === 'head' ? ', with the head as prior,' : ''}`;
    return [
      {
        kind: 'alpha',
        text: `Alpha at the edge: for ${source} → ${target} from ${from} on ${shortSpec(test)} the error is least at α = ${best.alpha}, the ${edge} of the grid. A better value may lie beyond it.`,
      },
    ];
  });
}
