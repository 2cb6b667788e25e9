import { FeatReconstructError } from '../base/index.js';
import { mayHoldRows, openRows } from '../extract/index.js';
import type { RowSource } from '../tensor/index.js';
import { readCsv } from './csv.js';

/** A file of outputs, open. */
export interface OutputsFile {
  rows: RowSource;
  /** What was read: `logits in store.safetensors`. */
  name: string;
  /** What was taken of it and what was left out, in sentences. */
  notes: string[];
  /** Names of the columns; null where the file has none. */
  columns: string[] | null;
  close(): Promise<void>;
}

/**
 * Opens outputs (n, c) from a .npy, a store, a .safetensors (tensor `logits`, else its only one; `FILE#NAME` names another)
 * or a .csv, .tsv or .txt as a web service, a spreadsheet or a script writes it.
 * @throws FeatReconstructError when the file is missing, of another kind, or holds no such tensor
 */
export async function openOutputs(path: string): Promise<OutputsFile> {
  if (/\.(csv|tsv|txt)$/i.test(path)) {
    const { rows, columns, named, notes } = await readCsv(path);
    return { rows, name: path, notes, columns: named ? columns : null, close: async () => undefined };
  }
  if (!(await mayHoldRows(path))) {
    throw new FeatReconstructError(`Expected a .safetensors, .npy or .csv file of outputs, found '${path}'.`);
  }
  const notes: string[] = [];
  const {
    source,
    path: rowFile,
    tensor,
    close,
  } = await openRows(path, 'logits', {
    onProgress: ({ note }) => note !== undefined && notes.push(note),
  });
  return { rows: source, name: tensor === null ? rowFile : `${tensor} in ${rowFile}`, notes, columns: null, close };
}
