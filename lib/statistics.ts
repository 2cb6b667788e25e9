/**
 * The steps of `fitLinearMap`: {@link accumulate} makes statistics in one pass over rows, {@link solve} finds the map from them.
 * Statistics can be merged, saved, and solved more than once; those of folds choose a penalty; joint ones serve every pair of
 * several models. A span says where training rows determine a fit, a head's row space what the head sees of features.
 *
 * @module featreconstruct/statistics
 */
export {
  accumulate,
  accumulateFolds,
  accumulateJoint,
  composeLinearMaps,
  crossValidate,
  solve,
  splitFolds,
  trainingSpan,
} from './fit/for-callers.js';
export {
  headCondition,
  jointProblem,
  loadStatistics,
  mergeStatistics,
  pseudoInverse,
  readJoint,
  rowSpace,
  saveStatistics,
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
export { inSpan } from './evaluate/for-callers.js';
export type { SpanMembership } from './evaluate/index.js';
export type { Matrix } from './linalg/index.js';
