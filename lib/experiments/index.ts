/** experiments: runs the experiments that `results` declares; audits, the demo, and evaluations of arrays. */
export { auditOutputs } from './audit-outputs.js';
export type { OutputsAuditOptions } from './audit-outputs.js';
export { auditedInterfaces, auditModel, usualInterfaces } from './audit.js';
export { compareLabels } from './label-by-label.js';
export { compareRows } from './row-by-row.js';
export { sameHeadOfFiles } from './same-head-of-files.js';
export { modelsToldApart, toldApart, withToldApart } from './told-apart.js';
export { readFewerImages } from './fewer-images.js';
export { readFewImages } from './few-images.js';
export type { FewImages, FewImagesBound } from './few-images.js';
export { readersOf } from './readers.js';
export type { AuditOptions } from './audit.js';
export { evaluationResults } from './evaluation.js';
export type { ArraysUnderTest, NamedRows } from './evaluation.js';
export { runDemo } from './demo.js';
export type { DemoOptions } from './demo.js';
export { headCheck, packageVersion } from './environment.js';
export type {
  AllPairsOptions,
  AllPairsSpec,
  AskedExperiment,
  ByModel,
  ChosenPenalty,
  CommonOptions,
  ExperimentData,
  ExperimentOptions,
  ExperimentSpec,
  MoreFits,
  None,
  OneModelSpec,
  OptionsByExperiment,
  PairOptions,
  Penalties,
  RunOptions,
  SampleOptions,
  Stored,
  Streamed,
  TwoModelsSpec,
  ZeroShotRunOptions,
  ZeroShotSpec,
} from './options.js';
export { allExperiments, notRun, runAll, type AllExperiments } from './run-all.js';
export { datasetsOf, modelsOf, publishedRuns, type PublishedRun } from './published-runs.js';
export { estimate, runPublished, type Estimate } from './reproduce.js';
export { checkExperiment } from './check-experiment.js';
export { runAsked, runExperiment } from './run.js';
export { zeroShotHead } from './zero-shot-head.js';
export type { ZeroShotHead, ZeroShotOptions, ZeroShotSource } from './zero-shot-head.js';
