import { chooseRows, type RowSource } from '../tensor/index.js';
import type { CarriedRows } from './carried.js';
import type { Examination, ExaminedRows } from './examine.js';
import type { NoWidth, OutputsNote } from '../words/index.js';
import { zerosSeen } from './whiten.js';

/** Rows that a logarithm can be taken of, where enough are left for a width. */
export interface Usable {
  rows: RowSource;
  seen: ExaminedRows;
  /** What was left out; null where nothing was. */
  note: OutputsNote | null;
  /** Position in the file. */
  at(row: number): number;
  /** The same of each row of a list. */
  inFile(carried: CarriedRows): CarriedRows;
}

/** Leaves out rows that hold a probability of 0, unless that leaves too few. */
export function withoutZeros(rows: RowSource, seen: ExaminedRows): Usable {
  const { distinct, withZero, rowsWithZeros, classes } = seen;
  const positions = distinct.filter((row) => withZero[row] === 0);
  if (rowsWithZeros === 0 || seen.kind === 'truncated' || positions.length < classes + 2) {
    return { rows, seen, note: null, at: (row) => row, inFile: (carried) => carried };
  }
  const part: ExaminedRows = {
    ...seen,
    rows: positions.length,
    duplicates: 0,
    rowsWithZeros: 0,
    distinct: Int32Array.from(positions, (_, i) => i),
    withZero: new Uint8Array(positions.length),
  };
  return {
    rows: chooseRows(rows, positions),
    seen: part,
    note: { kind: 'zeros-left-out', zeros: rowsWithZeros, rows: seen.rows },
    at: (row) => positions[row],
    inFile: (carried) => ({ ...carried, rows: carried.rows.map((row) => positions[row]) }),
  };
}

/** Why such outputs show neither logits nor a width. */
export const hiddenIn = (seen: Examination): NoWidth =>
  seen.kind === 'truncated'
    ? { kind: 'outputs-hidden', classes: seen.classes, topk: seen.topk }
    : { kind: 'zeros', ...zerosSeen(seen) };
