/**
 * leaks: what outputs give away. `observe` shows as much of logits as an interface would; `fingerprint` and `sameHead`
 * say what outputs show of the model behind them; `recoverFeatures` gets the features from outputs alone, each result
 * with its certificate; `compareUpToRotation`, `matchFeatures` and `identifiableFeatures` hold it against known ones;
 * `varyImage` and `varied` make probes; `auditVerdict` judges it.
 */
export { ofCutLog } from './cut-log.js';
export { ofKnownWidth } from './known-width.js';
export { aloneFinding, auditVerdict, isWholeSpec } from './verdict.js';
export type { AuditFindings, LeakPoint, Verdict } from './verdict.js';
export { adviceOf } from './advice.js';
export { mayRead } from './learning.js';
export { overLimit } from './limit.js';
export { abilitiesOf, imagesToRecognise, mayShowSpan } from './abilities.js';
export type { AbilityFacts } from './abilities.js';
export type { InterfaceAnswer, InterfaceBound, InterfaceCost } from './interfaces.js';
export { outputsVerdict, withoutFeatures } from './verdict-of-outputs.js';
export type { OutputsFindings } from './verdict-of-outputs.js';
export { carriedRows } from './carried.js';
export type { CarriedRows } from './carried.js';
export type { FacetCertificate } from './certificate.js';
export { compareUpToRotation } from './compare.js';
export type { RotationComparison } from './compare.js';
export type { Examination, OutputKind, OutputScale, Storage } from './examine.js';
export { fingerprint, fingerprintOf } from './fingerprint.js';
export type { Fingerprint, FingerprintOptions } from './fingerprint.js';
export { identifiableFeatures } from './identifiable.js';
export type { Identifiability } from './identifiable.js';
export type { ExamineOptions, LeaveOut } from './left-out.js';
export { lookAt } from './look.js';
export type { Look } from './look.js';
export { matchFeatures } from './match.js';
export type { FeatureMatch } from './match.js';
export { observe, observeAs } from './observe.js';
export { givenOf } from './observed-logs.js';
export { observeColumns } from './observe-columns.js';
export type { ObservedColumns } from './observe-columns.js';
export { RowFacts } from './row-facts.js';
export { recoverFeatures, recoverFrom } from './recover.js';
export type { RecoverOptions, Recovery, RecoveryReport } from './recover.js';
export type { CertifiedAs, FunctionCertificate, TestResult } from './rectified.js';
export type { RidgeReport } from './ridges.js';
export { recoveredRows, recoveryHead } from './recovery-head.js';
export { rectifiedRowsNeeded } from './rectified.js';
export type { ModelPart, RowParts, SeveralModels } from './parts.js';
export { sameHead } from './same-head.js';
export type { SameHead } from './same-head.js';
export { sphereRowsNeeded, variationsNeeded } from './sphere.js';
export type { SphereCertificate } from './sphere.js';
export { varied, varyImage } from './vary.js';
