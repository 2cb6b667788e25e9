/**
 * logs: rows of files of any kind. `openRows` opens arrays, stores, tables, and what services write, and finds out which of their
 * columns are outputs; `alignColumns` puts one file's columns into another's order.
 */
export { alignAll, alignColumns, alignPair, mixedOf } from './align-columns.js';
export type { MatchedBy } from './align-columns.js';
export { mayHoldArrays } from './arrays.js';
export { groupsTogether } from './groups-together.js';
export { matchNames } from './match-names.js';
export { labelsOf, openLabels } from './open-labels.js';
export type { LoggedLabels } from './open-labels.js';
export { openRows } from './open-rows.js';
export { pairRows } from './paired-rows.js';
export { scoresTogether } from './label-scores.js';
export { topsOf } from './tops.js';
export type { PairedRows, Pairing } from './paired-rows.js';
export type { NotedRows } from './opened-rows.js';
