/**
 * logs: rows as people have them. `openRows` opens any of them: arrays, stores, tables, and what services write, which is read
 * for what its columns are; `alignColumns` puts one file's columns into another's order.
 */
export { alignColumns } from './align-columns.js';
export { mayHoldArrays } from './arrays.js';
export { openRows } from './open-rows.js';
export type { OpenedRows } from './opened-rows.js';
