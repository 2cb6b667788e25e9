/**
 * results: what an experiment found, as data: its types and its schema, reading it again, the experiments by number with the
 * published figures, and what to know of its rows. Neither models nor ONNX Runtime are needed.
 */
export { definitionOf, definitions, publishedFor } from './definitions.js';
export type { Capability, ExperimentDefinition, PublishedFigure } from './definitions.js';
export { notKnownNotes, onlyKnown, rowsShown, whyNotKnown } from './known.js';
export { findResults, type FoundResults } from './find.js';
export { leftOutCell, leftOutNotices } from './left-out.js';
export { modelNotices, noticesOf, transformNotices } from './notices.js';
export { decodeOutcomes, encodeOutcomes } from './outcomes.js';
export { clusteredDifference, newcombe, pairedDifference } from './paired.js';
export type { Difference } from './paired.js';
export { rankNoteOf } from './rank-note.js';
export { parseResults, readResults, resultsFile } from './read.js';
export { rowWarnings } from './row-warnings.js';
export { mismatch } from './schema.js';
export { isThumbnail } from './thumbnail.js';
export { seenThrough, transformInWords } from './transforms.js';
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
} from './types.js';
export {
  by,
  dataset,
  fitLabel,
  fitName,
  fittedAndTested,
  groupRows,
  pairName,
  plainNames,
  readBy,
  unknownSolver,
} from './words.js';
