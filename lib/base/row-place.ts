/** A place in a log: a line or a record, counted from 1. */
export interface RowPlace {
  unit: 'line' | 'record' | 'row';
  number: number;
  /** Which file of a folder. Absent where there is one. */
  file?: string;
}
