import type { RowSource } from '../tensor/index.js';
import type { LogNote } from '../words/index.js';
import type { RowGroups } from './row-groups.js';
import type { RowIds } from './row-ids.js';

/** Rows of a file, with what was taken of it. */
export interface OpenedRows {
  rows: RowSource;
  /** The file, without the name of a tensor. */
  path: string;
  /** The tensor that was taken; null for a file of one array, and for logs. */
  tensor: string | null;
  /** What was read: `logits in store.safetensors`. */
  name: string;
  /** What was taken of it and what was left out, in sentences. */
  notes: string[];
  /** Names of the columns; null where the file has none. */
  columns: string[] | null;
  /** The file has only the best classes of each image. Absent where it has all, as far as it tells. */
  truncated?: true;
  /** The columns are in the order of their names, which need not be the model's. Absent where they are as the file has them. */
  byName?: true;
  /**
   * Columns, counted from 0, of two classes of one name that the file does not tell apart: neither is the output of one class. Give
   * them to `fingerprint`, `sameHead` and `recoverFeatures` as `leaveOut`. Absent where there are none.
   */
  mixed?: readonly number[];
  close(): Promise<void>;
}

/** The same with its notes as data, until somebody reads them. */
export interface NotedRows extends Omit<OpenedRows, 'notes'> {
  notes: LogNote[];
  /** Columns that may tell rows apart. Absent where there are none. */
  ids?: readonly RowIds[];
  /** Columns that may say which model answered, and the files of a folder. Absent where there are none. */
  groups?: readonly RowGroups[];
}
