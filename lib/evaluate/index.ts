/**
 * evaluate: how often the head gives the same answer on reconstructed features, how far they are from the true ones, and
 * which images lie in the span of the training rows. `evaluateMap` says all of it in one pass over a test set.
 */
export { evaluateAgreement } from './evaluate-agreement.js';
export type { Agreement } from './agreement.js';
export { reconstructionError } from './reconstruction-error.js';
export type { FeatureQuantiles, Reconstruction } from './reconstruction.js';
export { evaluateMap, evaluateSharing } from './evaluate-map.js';
export type { FitOnTest, MapEvaluation, MapUnderTest, SharedTest, Violation } from './evaluate-map.js';
export type { MarginGroup } from './margins.js';
export { OriginalAnswers } from './originals.js';
export { ScreenedHead } from './screened-head.js';
export { foldAgreement } from './fold-agreement.js';
export { inSpan } from './in-span.js';
export type { SpanMembership } from './in-span.js';
export { SPAN_TOLERANCE } from './spaces.js';
export type { EvaluateOptions } from './walk.js';
export { keptOutShare } from './kept-out-share.js';
export type { KeptOutShare } from './kept-out-share.js';
export { clusteredInterval } from './clusters.js';
export type { Cluster } from './clusters.js';
export { linearCka, procrustesError } from './similarity.js';
export type { Products } from './similarity.js';
