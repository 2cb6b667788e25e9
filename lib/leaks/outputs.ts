import { FeatReconstructError } from '../base/index.js';
import { openNpy, openSafetensors, type RowSource } from '../tensor/index.js';
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
 * Opens outputs (n, c) from a .npy, a .safetensors (tensor `logits`, else its only one; `FILE#NAME` names another) or a
 * .csv, .tsv or .txt as a web service, a spreadsheet or a script writes it.
 * @throws FeatReconstructError when the file is missing, of another kind, or holds no such tensor
 */
export async function openOutputs(path: string): Promise<OutputsFile> {
  const [, file, tensor] = /^(.*?\.safetensors)(?:#(.+))?$/i.exec(path) ?? [null, path, undefined];
  if (/\.safetensors$/i.test(file)) {
    const opened = await openSafetensors(file);
    const names = [...opened.tensors.keys()];
    const name = tensor ?? (names.includes('logits') ? 'logits' : names.length === 1 ? names[0] : undefined);
    if (name === undefined || !opened.tensors.has(name)) {
      await opened.close();
      throw new FeatReconstructError(
        `Expected a tensor '${name ?? 'logits'}' in '${file}', found ${names.join(', ') || 'none'}; name one as '${file}#NAME'.`,
      );
    }
    return { rows: opened.rows(name), name: `${name} in ${file}`, notes: [], columns: null, close: () => opened.close() };
  }
  if (/\.npy$/i.test(file)) {
    const opened = await openNpy(file);
    return { rows: opened, name: file, notes: [], columns: null, close: () => opened.close() };
  }
  if (/\.(csv|tsv|txt)$/i.test(file)) {
    const { rows, columns, named, notes } = await readCsv(file);
    return { rows, name: file, notes, columns: named ? columns : null, close: async () => undefined };
  }
  throw new FeatReconstructError(`Expected a .safetensors, .npy or .csv file of outputs, found '${path}'.`);
}
