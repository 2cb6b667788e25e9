import { FeatReconstructError } from '../base/index.js';
import { mayHoldRows, openRows } from '../extract/index.js';
import type { RowSource } from '../tensor/index.js';
import { readCsv } from './csv.js';

/** A file of outputs, open. */
export interface OutputsFile {
  rows: RowSource;
  /** What was read: `logits in store.safetensors`. */
  name: string;
  /** What was left out of it, in sentences. */
  notes: string[];
  close(): Promise<void>;
}

/**
 * Opens outputs (n, c) from a .npy, a store, a .safetensors (tensor `logits`, else its only one; `FILE#NAME` names another)
 * or a .csv as a web service logs it.
 * @throws FeatReconstructError when the file is missing, of another kind, or holds no such tensor
 */
export async function openOutputs(path: string): Promise<OutputsFile> {
  if (/\.(csv|tsv|txt)$/i.test(path)) {
    const { rows, columns, leftOut } = await readCsv(path);
    const notes = leftOut.length
      ? [
          `Took ${columns.length} columns as outputs (${columns[0]} to ${columns[columns.length - 1]}); left out ${leftOut.join(', ')}.`,
        ]
      : [];
    return { rows, name: path, notes, close: async () => undefined };
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
  return { rows: source, name: tensor === null ? rowFile : `${tensor} in ${rowFile}`, notes, close };
}
