/**
 * What `fitLinearMap` is made of: {@link accumulate} takes one pass over rows, {@link solve} finds the map from what that left.
 * Statistics are merged, saved, and solved more than once; those of folds choose a penalty; joint ones hold every pair of
 * several models. Spans say what training rows leave open, and a head's own algebra what it lets through.
 *
 * @module featreconstruct/statistics
 */
export {
  accumulate,
  accumulateFolds,
  accumulateJoint,
  composeLinearMaps,
  crossValidate,
  headCondition,
  jointProblem,
  loadStatistics,
  mergeStatistics,
  pseudoInverse,
  readJoint,
  rowSpace,
  saveStatistics,
  solve,
  splitFolds,
  trainingSpan,
} from './fit/index.js';
export type {
  AccumulateOptions,
  CrossValidationOptions,
  Dtype,
  Fold,
  FoldOptions,
  JointModel,
  JointProblem,
  JointStatistics,
  MergeNode,
  Moments,
  SolveOptions,
  Span,
  Statistics,
} from './fit/index.js';
export { inSpan } from './evaluate/index.js';
export type { SpanMembership } from './evaluate/index.js';
export type { Matrix } from './linalg/index.js';
