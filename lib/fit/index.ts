/**
 * fit: from rows to a linear map, exactly. `fitLinearMap` does it in one call; `accumulate` and `solve` are its two
 * halves, for statistics that are merged, saved or solved more than once; `crossValidate` chooses alpha from those of
 * folds, and `reduceRows` and `ownSpan` spare a Gram of very many columns. `pseudoInverse`, `rowSpace` and `headCondition`
 * say what a head lets through, `trainingSpan` what the training rows fill; maps are applied, composed, saved and
 * exported.
 */
export { accumulate, openBlocks } from './accumulate.js';
export type { AccumulateOptions, Blocks } from './accumulate.js';
export { openAccumulator } from './accumulator.js';
export type { Accumulator } from './accumulator.js';
export { applyLinearMap, composeLinearMaps } from './apply.js';
export { crossValidate } from './cross-validation.js';
export type { AlphaSelection, CrossValidationOptions } from './cross-validation.js';
export { fitLinearMap } from './fit-linear-map.js';
export type { ChosenAlpha, FitOptions, GivenAlpha, MapOptions } from './fit-linear-map.js';
export { accumulateFolds, keepFifthOut, splitFolds, spreadPositions, spreadRows, statisticsOfFolds } from './folds.js';
export type { Fold, FoldOptions } from './folds.js';
export { loadHead } from './head-files.js';
export type { HeadFile, HeadFileOptions, NotedHead } from './head-files.js';
export { headCondition, headSpace, pseudoInverse, rowSpace } from './head.js';
export type { HeadSpace } from './head.js';
export { accumulateJoint, jointProblem, JointStatistics, readerOfGram, readJoint } from './joint.js';
export type { JointModel, JointProblem } from './joint.js';
export { keptOutErrors, repeatedFolds } from './kept-out.js';
export type { RepeatedFolds } from './kept-out.js';
export { linearMapToOnnx, loadLinearMap, saveLinearMap } from './map-files.js';
export type { MapWithFit, StoredFit } from './map-files.js';
export { ownSpan } from './own-span.js';
export type { OwnSpan } from './own-span.js';
export { reduceRows } from './reduce.js';
export { ridgeErrors } from './ridge-errors.js';
export { defaultRcond, solve } from './solve.js';
export type { SolveOptions } from './solve.js';
export type { AlphaScore, CrossValidation, FitInfo, FittedMap } from './types.js';
export { trainingSpan } from './span.js';
export type { Span } from './span.js';
export { mergeStatistics, Statistics } from './statistics.js';
export type { Dtype, MergeNode, Moments } from './statistics.js';
export { loadStatistics, readStatistics, saveStatistics } from './stats-files.js';
