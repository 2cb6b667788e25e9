/**
 * What outputs alone give away: {@link observe} shows as much of logits as an interface would, {@link fingerprint} says what
 * outputs show of the model behind them, {@link recoverFeatures} gets its features from them, and {@link auditModel} does all
 * of it for one's own model and images.
 *
 * @module featreconstruct/leaks
 */
export { NotShownError } from './base/index.js';
export { auditModel, auditOutputs } from './experiments/for-callers.js';
export type { AuditOptions, OutputsAuditOptions } from './experiments/index.js';
export {
  compareUpToRotation,
  fingerprint,
  identifiableFeatures,
  matchFeatures,
  observe,
  recoverFeatures,
  recoveryHead,
  sameHead,
} from './leaks/for-callers.js';
export { recoveredRows, varied } from './leaks/index.js';
export type {
  CarriedRows,
  CertifiedAs,
  ExamineOptions,
  Examination,
  FacetCertificate,
  FeatureMatch,
  Fingerprint,
  FingerprintOptions,
  FunctionCertificate,
  Identifiability,
  LeaveOut,
  ModelPart,
  OutputKind,
  OutputScale,
  RecoverOptions,
  Recovery,
  RecoveryReport,
  RidgeReport,
  RotationComparison,
  RowParts,
  SameHead,
  SeveralModels,
  SphereCertificate,
  Storage,
  TestResult,
  Verdict,
} from './leaks/index.js';
export { outputsNoteInWords, sameHeadInWords } from './words/index.js';
export type {
  Angles,
  CarriedInWords,
  Inside,
  NoSphere,
  NoWidth,
  ObserveSpec,
  ObserveStep,
  OutputsNote,
  SameHeadReason,
  SeveralInWords,
  Stored,
  WhichSet,
  Zeros,
} from './words/index.js';
