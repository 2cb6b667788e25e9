/**
 * How much of a vision model's penultimate features can be read back from its logits by one linear map, and does the
 * model's own head then give the same answer?
 *
 * The three steps: {@link extractFeatures}, {@link fitLinearMap}, {@link evaluateAgreement}.
 *
 * @packageDocumentation
 */
export { FeatReconstructError, UsageError } from './base/index.js';
export type { Progress, TaskOptions } from './base/index.js';
export {
  openNpy,
  openSafetensors,
  readNpy,
  readSafetensors,
  toMathjs,
  toNdArray,
  writeNpy,
  writeSafetensors,
} from './tensor/index.js';
export type { FloatNdArray, LinearMap, RowsLike, RowSource, VectorLike } from './tensor/index.js';
export { makeTransform } from './images/index.js';
export type { RgbImage, Transform, TransformSpec } from './images/index.js';
export { openDataset } from './datasets/index.js';
export type { Dataset, OpenDatasetOptions, Sample } from './datasets/index.js';
export { describeModel, listProviders, loadModel } from './runtime/index.js';
export type { LoadModelOptions, Model, ModelDescription } from './runtime/index.js';
export { extractFeatures, extractToStore, openStore } from './extract/index.js';
export type { Activations, ExtractOptions, Provenance, Store } from './extract/index.js';
export {
  accumulate,
  accumulateFolds,
  accumulateJoint,
  applyLinearMap,
  composeLinearMaps,
  crossValidate,
  fitLinearMap,
  fitSgd,
  headCondition,
  jointProblem,
  linearMapToOnnx,
  loadLinearMap,
  loadStatistics,
  mergeStatistics,
  pseudoInverse,
  rowSpace,
  saveLinearMap,
  saveStatistics,
  solve,
  splitFolds,
  trainingSpan,
} from './fit/index.js';
export type {
  CrossValidation,
  CrossValidationOptions,
  FitInfo,
  FitOptions,
  Fold,
  FoldOptions,
  JointModel,
  JointProblem,
  JointStatistics,
  FittedMap,
  SgdOptions,
  Span,
  Statistics,
} from './fit/index.js';
export { evaluateAgreement, evaluateMap, inSpan, reconstructionError } from './evaluate/index.js';
export type { Agreement, MapEvaluation, Reconstruction } from './evaluate/index.js';
export { runExperiment, zeroShotHead } from './experiments/index.js';
export type {
  ExperimentSpec,
  ResultRow,
  Results,
  RunOptions,
  ZeroShotHead,
  ZeroShotSource,
} from './experiments/index.js';
