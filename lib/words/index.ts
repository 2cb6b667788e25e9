/**
 * words: how numbers, interfaces and what is not known of them are written for people, and the sentences of warnings and failed
 * checks, which other rooms make as data. Loads nothing but `base`, so that a command
 * which formats a figure loads no more.
 */
export {
  brief,
  classesNamed,
  count,
  givenTime,
  inPercent,
  interval,
  inTime,
  matchedInWords,
  none,
  powerOfTen,
  rSquared,
  seconds,
  share,
  upToOne,
} from './figures.js';
export { Glossary, type Term } from './glossary.js';
export { imagesPerOutput, nearlyAll, whole, whyUnknown } from './known.js';
export type { Reading } from './known.js';
export { beforeListed, inWords, parseObserve, showsLabel, showsProbabilities } from './observe-spec.js';
export type { ObserveSpec, ObserveStep } from './observe-spec.js';
export { notRunInWords, type NotRun } from './not-run.js';
export { kindOfImages, shortSpec, withoutFolders } from './specs.js';
export {
  abilityName,
  adviceInWords,
  changedNumbersInWords,
  howSure,
  kept,
  mostOpenInWords,
  published,
  publishedList,
  readOff,
  readOffInShort,
  searchTimesInWords,
  takes,
} from './audit-table.js';
export { differsBy, isNoisy, noiseLeftOut, toldApartInWords, type ToldApart } from './told-apart.js';
export type { BoundInWords, SearchTime } from './audit-table.js';
export { changesNumbers, isCoarser } from './coarser.js';
export { idsFoundInWords, rowByRowInWords } from './row-by-row.js';
export type { IdsFound, RowByRow } from './row-by-row.js';
export type { Ability, AbilityAnswer, Advice } from './abilities.js';
export { findingInWords, findingsInWords } from './finding-texts.js';
export type { AuditFinding, Finding, OutputsFinding, Shown, ShownReading } from './findings.js';
export { recordedWarnings } from './warnings.js';
export type { ChoiceWarning, Failure, FitWarning, NotKnown, RowWarning, SgdWarning, Warning } from './warnings.js';
export { distinctWarnings, failureInWords, notKnownInWords, warningInWords, warningsInWords } from './warning-texts.js';
export {
  carriedInWords,
  noSphereInWords,
  noWidthInWords,
  outputsNoteInWords,
  zerosCure,
} from './outputs-note-texts.js';
export { namedRows, placesInWords, rowsInWords } from './rows.js';
export type { CarriedInWords, NoSphere, NoWidth, OutputsNote, SeveralInWords, Stored, Zeros } from './outputs-notes.js';
export { datasetNoteInWords } from './dataset-note-texts.js';
export type { DatasetNote, ListForm } from './dataset-notes.js';
export { logNoteForCallers, logNoteInWords } from './log-note-texts.js';
export type {
  DoubtfulColumn,
  InFile,
  LabelColumns,
  LeftOutColumn,
  LogNote,
  NotAnOutput,
  RowStatistic,
  Whole,
} from './log-notes.js';
export { modelNoteInWords } from './model-note-texts.js';
export type { ModelNote, NotFollowed, OutputForm } from './model-notes.js';
export { imageCount } from './image-count.js';
export { assumptionsInWords, recoveryInWords, recoveryNoteInWords } from './recovery-texts.js';
export type { FailedTests, RecoveryNote, RecoveryOutcome } from './recovery-texts.js';
export { rankNote } from './rank-note.js';
export { sameHeadInWords } from './same-head-texts.js';
export type { Angles, Inside, SameHeadReason, WhichSet } from './same-head-texts.js';
export { list, some } from './some.js';
export { noticeInWords } from './notices.js';
export type { Normalisation, Notice } from './notices.js';
export { LeftOutTally, cureOfLeftOut, leftOutInWords } from './left-out.js';
export type { LeftOut } from './left-out.js';
export { overLimitInWords, type OverLimit } from './limit.js';
