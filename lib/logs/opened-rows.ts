import type { RowSource } from '../tensor/index.js';

/** Rows of a file of any kind that is read, with what was taken of it. */
export interface OpenedRows {
  rows: RowSource;
  /** The file, without the name of a tensor. */
  path: string;
  /** What was taken of a file that holds several; null of one that holds one, and of logs. */
  tensor: string | null;
  /** What was read: `logits in store.safetensors`. */
  name: string;
  /** What was taken of it and what was left out, in sentences. */
  notes: string[];
  /** Names of the columns; null where the file has none. */
  columns: string[] | null;
  /** Only the best classes of each image are in it. Absent where all are, as far as the file tells. */
  truncated?: true;
  /** The columns are in the order of their names, which need not be the model's. Absent where they are as the file has them. */
  byName?: true;
  close(): Promise<void>;
}
