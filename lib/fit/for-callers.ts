/** Fits, maps and heads as callers of the library get them: with names of options looked at, and notes in sentences. */
import {
  checkedCall,
  checkedTask,
  checkOptions,
  checkProviderList,
  optionsAt,
  optionsOf,
  taskNames,
  withOptionsAt,
} from '../base/index.js';
import { modelNoteInWords } from '../words/index.js';
import * as accumulating from './accumulate.js';
import * as applying from './apply.js';
import * as choosing from './cross-validation.js';
import * as fitting from './fit-linear-map.js';
import * as folding from './folds.js';
import * as files from './head-files.js';
import * as joining from './joint.js';
import * as solving from './solve.js';
import * as spans from './span.js';
import { Statistics } from './statistics.js';

const executionProviders = checkProviderList;
const foldOptions = optionsOf<folding.FoldOptions>({ folds: true, shuffle: true });
const choiceOptions = optionsOf<choosing.CrossValidationOptions>({
  ...{
    ...taskNames,
    alphas: true,
    shuffle: true,
    select: true,
    score: true,
    rcond: true,
    intercept: true,
    prior: true,
  },
});
const fitOptions = optionsOf<fitting.FitOptions>({
  ...{ ...taskNames, alpha: true, alphas: true, folds: true, shuffle: true, select: true, score: true },
  ...{ rcond: true, intercept: true, prior: true, spectrum: true, executionProviders },
});

/** @function */
export const fitLinearMap: typeof fitting.fitLinearMap = withOptionsAt(
  fitting.fitLinearMap,
  'fitLinearMap',
  2,
  fitOptions,
);

/** @function */
export const applyLinearMap: typeof applying.applyLinearMap = checkedCall(
  applying.applyLinearMap,
  'applyLinearMap',
  () => undefined,
);

/** @function */
export const composeLinearMaps: typeof applying.composeLinearMaps = checkedTask(
  applying.composeLinearMaps,
  'composeLinearMaps',
  () => undefined,
);

/** @function */
export const accumulate: typeof accumulating.accumulate = withOptionsAt(
  accumulating.accumulate,
  'accumulate',
  2,
  optionsOf<accumulating.AccumulateOptions>({ ...taskNames, executionProviders, firstRow: true }),
);

/** @function */
export const accumulateFolds: typeof folding.accumulateFolds = withOptionsAt(
  folding.accumulateFolds,
  'accumulateFolds',
  2,
  { ...taskNames, ...foldOptions, executionProviders },
);

/** @function */
export const accumulateJoint: typeof joining.accumulateJoint = withOptionsAt(
  joining.accumulateJoint,
  'accumulateJoint',
  1,
  { ...taskNames, executionProviders, onto: true },
);

/** @function */
export const splitFolds: typeof folding.splitFolds = checkedCall(
  folding.splitFolds,
  'splitFolds',
  optionsAt(1, foldOptions, 'splitFolds'),
);

/** @function */
export const crossValidate: typeof choosing.crossValidate = checkedTask(
  choosing.crossValidate,
  'crossValidate',
  (X, Y, options) => {
    const isOfFolds = Array.isArray(X) && X[0] instanceof Statistics;
    if (isOfFolds) checkOptions(Y, choiceOptions, 'crossValidate');
    else checkOptions(options, { ...choiceOptions, ...foldOptions }, 'crossValidate');
  },
);

/** @function */
export const solve: typeof solving.solve = withOptionsAt(
  solving.solve,
  'solve',
  1,
  optionsOf<solving.SolveOptions>({
    ...{
      alpha: true,
      rcond: true,
      intercept: true,
      prior: true,
      spectrum: true,
      signal: taskNames.signal,
      targets: true,
    },
  }),
);

/** @function */
export const trainingSpan: typeof spans.trainingSpan = withOptionsAt(spans.trainingSpan, 'trainingSpan', 1, {
  ...{ rcond: true, signal: taskNames.signal },
});

const headOptions = optionsOf<files.HeadFileOptions>({ features: true, classes: true, bias: true });

/**
 * Reads a head from arrays as Python programs write them: a weight (c, d) or (d, c) in a .npy; a weight with its bias in a
 * .npz; a state dict of a whole network in safetensors, from which the one pair that fits the widths is taken
 * (`fc.weight` and `fc.bias`, `classifier.…`, `head.…`), or the one that is named as `FILE#PREFIX`.
 * @throws FeatReconstructError where no pair fits, or more than one; where a square weight may be either way round; and for files
 *   of other kinds, with what to do
 */
export async function loadHead(text: string, options: files.HeadFileOptions): Promise<files.HeadFile> {
  checkOptions(options, headOptions, 'loadHead');
  const { head, notes } = await files.loadHead(text, options);
  return { head, notes: notes.map(modelNoteInWords) };
}
