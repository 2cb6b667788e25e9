/**
 * How much of a vision model's penultimate features can be read back from its logits by one linear map, and does the
 * model's own head then give the same answer?
 *
 * The three steps: {@link extractFeatures}, {@link fitLinearMap}, {@link evaluateAgreement}. What outputs alone give away is in
 * `featreconstruct/leaks`; what a fit is made of, to merge, save or solve by hand, is in `featreconstruct/statistics`.
 *
 * @module featreconstruct
 */
export { errorCodes, FeatReconstructError, UsageError } from './base/index.js';
export type { ErrorCode, FeatReconstructErrorOptions, Progress, RowPlace, TaskOptions } from './base/index.js';

// Arrays, as numbers in memory and as files.
export { readNpy, readSafetensors, toMathjs, toNdArray, writeNpy, writeSafetensors } from './tensor/index.js';
export type {
  AnyNdArray,
  CutRows,
  FloatNdArray,
  LinearMap,
  MathjsMatrix,
  RowsLike,
  RowsAbout,
  RowSource,
  SafetensorsDtype,
  SafetensorsInput,
  TypedArray,
  VectorLike,
} from './tensor/index.js';
export { openRows } from './logs/for-callers.js';
export type { OpenedRows } from './logs/opened-rows.js';
export type { OpenRowsOptions } from './logs/open-rows.js';

// Load: models, data sets, transforms, providers.
export { chooseProvider, listProviders } from './runtime/index.js';
export { describeModel, loadModel } from './runtime/for-callers.js';
export type {
  ProviderChoice,
  ExecutionProvider,
  InputPlace,
  LoadModelOptions,
  Model,
  ModelBatch,
  ModelDescription,
  ModelFile,
  ModelInput,
  ModelOptions,
  ModelOutput,
  Placement,
  ProviderName,
  ProviderReport,
} from './runtime/index.js';
export type { Consent, FetchOptions, Wanted } from './hub/index.js';
export type { CheckpointOptions, Half } from './models/index.js';
export type { MissingLibrary } from './doctor/index.js';
export { datasetOf } from './datasets/index.js';
export { openDataset } from './datasets/for-callers.js';
export type {
  Dataset,
  DatasetPart,
  GivenImage,
  GivenImagesOptions,
  InputTensor,
  OpenDatasetOptions,
  Sample,
} from './datasets/index.js';
export { makeTransform } from './images/for-callers.js';
export type {
  CropOffset,
  EncodedImage,
  Interpolation,
  PixelInput,
  PixelStep,
  RgbImage,
  Transform,
  TransformChoice,
  TransformName,
  TransformNumbers,
  TransformSpec,
} from './images/index.js';

// Extract.
export { extractFeatures, extractToStore, openStore } from './extract/for-callers.js';
export type {
  Activations,
  ExtractOptions,
  ExtractOptionsFor,
  Provenance,
  SkippedImage,
  Store,
  UnstatedTransform,
} from './extract/index.js';

// Fit and apply.
export { linearMapToOnnx, loadLinearMap, saveLinearMap } from './fit/index.js';
export { applyLinearMap, fitLinearMap, loadHead } from './fit/for-callers.js';
export type {
  AlphaScore,
  AlphaSelection,
  ChosenAlpha,
  CrossValidation,
  FitInfo,
  FitOptions,
  FittedMap,
  GivenAlpha,
  HeadFile,
  HeadFileOptions,
  MapOptions,
  MapWithFit,
  StoredFit,
} from './fit/index.js';
export type { Solver } from './linalg/index.js';
export { fitSgd } from './sgd/for-callers.js';
export type { SgdMap, SgdOptions, SgdReport } from './sgd/index.js';

// Evaluate.
export { evaluateAgreement, evaluateMap, reconstructionError } from './evaluate/for-callers.js';
export type {
  Agreement,
  EvaluateOptions,
  FeatureQuantiles,
  FitOnTest,
  MapEvaluation,
  MapUnderTest,
  MarginGroup,
  Reconstruction,
  Violation,
} from './evaluate/index.js';

// Run the experiments.
export { runExperiment, zeroShotHead } from './experiments/for-callers.js';
export type {
  AllPairsOptions,
  AllPairsSpec,
  ByModel,
  ChosenPenalty,
  CommonOptions,
  ExperimentData,
  ExperimentSpec,
  MoreFits,
  None,
  OneModelSpec,
  OptionsByExperiment,
  PairOptions,
  Penalties,
  SampleOptions,
  Stored,
  Streamed,
  TwoModelsSpec,
  ZeroShotRunOptions,
  ZeroShotSpec,
  ExperimentOptions,
  ZeroShotHead,
  ZeroShotOptions,
  ZeroShotSource,
} from './experiments/index.js';

// Read and render results.
export { parseResults, readResults } from './results/read.js';
// Not from the index of `report`: its declarations would pull in those of the drawing library, which need further type packages.
export { chartsOf, chartSvg, redrawChart } from './report/for-callers.js';
export type { Chart, ChartOptions, ChartText, DrawnNode, PlotSpec, RedrawOptions } from './report/chart-types.js';
export type { Markup } from './report/html.js';
export { renderReport } from './report/page.js';
export type { InterfaceAnswer, InterfaceBound, InterfaceCost } from './leaks/index.js';
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

// What is said of results, as data and in words.
export { noticesInWords, transformNotesInWords } from './results/for-callers.js';
export { failureInWords, findingsInWords, notKnownInWords, warningInWords } from './words/index.js';
export type {
  Ability,
  AbilityAnswer,
  Advice,
  ChoiceWarning,
  Failure,
  AuditFinding,
  Finding,
  OutputsFinding,
  Shown,
  ShownReading,
  FitWarning,
  NotKnown,
  RowWarning,
  SgdWarning,
  ToldApart,
  Warning,
} from './words/index.js';
