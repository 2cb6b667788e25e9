import { FeatReconstructError } from '../base/index.js';
import { openNpy, openSafetensors, type RowSource } from '../tensor/index.js';
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
 * Opens outputs (n, c) from a .npy, a .safetensors (tensor `logits`, else its only one; `FILE#NAME` names another) or a
 * .csv as a web service logs it.
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
    return { rows: opened.rows(name), name: `${name} in ${file}`, notes: [], close: () => opened.close() };
  }
  if (/\.npy$/i.test(file)) {
    const opened = await openNpy(file);
    return { rows: opened, name: file, notes: [], close: () => opened.close() };
  }
  if (/\.(csv|tsv|txt)$/i.test(file)) {
    const { rows, columns, leftOut } = await readCsv(file);
    const notes = leftOut.length
      ? [
          `Took ${columns.length} columns as outputs (${columns[0]} to ${columns[columns.length - 1]}); left out ${leftOut.join(', ')}.`,
        ]
      : [];
    return { rows, name: file, notes, close: async () => undefined };
  }
  throw new FeatReconstructError(`Expected a .safetensors, .npy or .csv file of outputs, found '${path}'.`);
}
