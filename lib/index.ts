/**
 * How much of a vision model's penultimate features can be read back from its logits by one linear map, and does the
 * model's own head then give the same answer?
 *
 * The three steps: {@link extractFeatures}, {@link fitLinearMap}, {@link evaluateAgreement}.
 *
 * @packageDocumentation
 */
export { FeatReconstructError, NotShownError, UsageError } from './base/index.js';
export type { ErrorCode, FeatReconstructErrorOptions } from './base/index.js';
export type { Progress, TaskOptions } from './base/index.js';
export {
  openNpy,
  openNpz,
  openSafetensors,
  readNpy,
  readSafetensors,
  toMathjs,
  toNdArray,
  writeNpy,
  writeSafetensors,
} from './tensor/index.js';
export type {
  AnyNdArray,
  ElementType,
  FloatNdArray,
  LinearMap,
  MathjsMatrix,
  NpyFile,
  NpzFile,
  RowsLike,
  RowSource,
  SafetensorsDtype,
  SafetensorsFile,
  SafetensorsInput,
  StoredTensor,
  TypedArray,
  VectorLike,
} from './tensor/index.js';
export { makeTransform } from './images/index.js';
export type {
  EncodedImage,
  Interpolation,
  PixelInput,
  CropOffset,
  PixelStep,
  RgbImage,
  Transform,
  TransformName,
  TransformChoice,
  TransformNumbers,
  TransformSpec,
} from './images/index.js';
export { openDataset } from './datasets/index.js';
export type { Dataset, InputTensor, OpenDatasetOptions, Sample } from './datasets/index.js';
export { chooseProvider, describeModel, listProviders, loadModel } from './runtime/index.js';
export { findVulkan, installCudaLibraries } from './doctor/index.js';
export type {
  Choice,
  ExecutionProvider,
  LoadModelOptions,
  Model,
  InputPlace,
  ModelBatch,
  ModelDescription,
  ModelInput,
  ModelOutput,
  Placement,
  ProviderReport,
} from './runtime/index.js';
export type { InstalledLibraries, MissingLibrary, VulkanDriver, VulkanReport } from './doctor/index.js';
export { extractFeatures, extractToStore, openStore } from './extract/index.js';
export type {
  Activations,
  ExtractOptions,
  Provenance,
  SkippedImage,
  Store,
  UnstatedTransform,
} from './extract/index.js';
export {
  accumulate,
  accumulateFolds,
  accumulateJoint,
  applyLinearMap,
  composeLinearMaps,
  crossValidate,
  fitLinearMap,
  headCondition,
  jointProblem,
  readJoint,
  linearMapToOnnx,
  loadHead,
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
export { fitSgd } from './sgd/index.js';
export type {
  AccumulateOptions,
  AlphaScore,
  CrossValidation,
  CrossValidationOptions,
  Dtype,
  FitInfo,
  FitOptions,
  FittedMap,
  Fold,
  FoldOptions,
  HeadFile,
  HeadFileOptions,
  JointModel,
  JointProblem,
  JointStatistics,
  MapWithFit,
  MergeNode,
  Moments,
  SolveOptions,
  Span,
  Statistics,
} from './fit/index.js';
export type { Matrix, Solver } from './linalg/index.js';
export type { SgdMap, SgdOptions, SgdReport } from './sgd/index.js';
export { evaluateAgreement, evaluateMap, inSpan, reconstructionError } from './evaluate/index.js';
export type {
  Agreement,
  EvaluateOptions,
  FeatureQuantiles,
  MapEvaluation,
  MapUnderTest,
  MarginGroup,
  Reconstruction,
  SpanMembership,
  Violation,
} from './evaluate/index.js';
export {
  compareUpToRotation,
  fingerprint,
  identifiableFeatures,
  matchFeatures,
  observe,
  recoveredRows,
  recoverFeatures,
  recoveryHead,
  sameHead,
  varied,
} from './leaks/index.js';
export { openRows } from './logs/index.js';
export type {
  CarriedRows,
  CertifiedAs,
  Examination,
  FacetCertificate,
  FeatureMatch,
  Fingerprint,
  FingerprintOptions,
  FunctionCertificate,
  Identifiability,
  OutputKind,
  RecoverOptions,
  Recovery,
  RecoveryReport,
  RidgeReport,
  RotationComparison,
  SameHead,
  SphereCertificate,
  Storage,
  TestResult,
  Verdict,
} from './leaks/index.js';
export type { OpenedRows } from './logs/index.js';
export type {
  ChoiceWarning,
  Failure,
  FitWarning,
  NotKnown,
  ObserveSpec,
  ObserveStep,
  RowWarning,
  SgdWarning,
  Warning,
} from './words/index.js';
export { auditModel, runExperiment, zeroShotHead } from './experiments/index.js';
export type {
  AuditOptions,
  OutputsAuditOptions,
  ExperimentSpec,
  RunOptions,
  ZeroShotHead,
  ZeroShotOptions,
  ZeroShotSource,
} from './experiments/index.js';
export type {
  CrossValidationRecord,
  DatasetRecord,
  Environment,
  Leaks,
  LikelyClass,
  ModelRecord,
  NamedClass,
  Prior,
  ResultKind,
  ResultRow,
  Results,
  SampleGroup,
  SampleImage,
  SpectrumRecord,
  ZeroShotRecord,
} from './results/index.js';
// Past the room's index, whose declarations lead to those of the drawing library, which want type packages of their own.
export { renderReport } from './report/page.js';
export { parseResults, readResults } from './results/read.js';
