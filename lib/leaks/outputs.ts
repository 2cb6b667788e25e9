import { FeatReconstructError } from '../base/index.js';
import { openNpy, openSafetensors, type RowSource } from '../tensor/index.js';
import { readCsv } from './csv.js';
import { some } from './examine.js';

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
    return {
      rows: opened.rows(name),
      name: `${name} in ${file}`,
      notes: [],
      columns: null,
      close: () => opened.close(),
    };
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

/**
 * A file of outputs with its columns in the order of another one's, where both name the same ones; where their names have
 * nothing in common the columns are compared as they stand, and a note says so.
 * @throws FeatReconstructError when some of the names are the same and some are not
 */
export function alignColumns(file: OutputsFile, to: OutputsFile): OutputsFile {
  const [names, order] = [file.columns, to.columns];
  if (!names || !order || names.join('\n') === order.join('\n')) return file;
  const places = new Map(names.map((name, j) => [name, j]));
  const missing = order.filter((name) => !places.has(name));
  if (missing.length === order.length || places.size < names.length) {
    return {
      ...file,
      notes: [...file.notes, `Its columns have other names than those of ${to.name}: taken in their order.`],
    };
  }
  if (missing.length > 0 || names.length !== order.length) {
    const more = names.filter((name) => !order.includes(name));
    const lists = [
      ...(missing.length > 0 ? [`${some(missing, 4)} missing`] : []),
      ...(more.length > 0 ? [`${some(more, 4)} too many`] : []),
    ];
    throw new FeatReconstructError(
      `Expected the columns of ${to.name} in ${file.name}, found ${lists.join(' and ')}; give both the same classes.`,
    );
  }
  const from = Int32Array.from(order, (name) => places.get(name)!);
  const { rows } = file;
  return {
    ...file,
    columns: order,
    notes: [
      ...file.notes,
      `Its columns stand in another order than those of ${to.name}: put in that order by their names.`,
    ],
    rows: {
      ...rows,
      async read(start, end) {
        const data = await rows.read(start, end);
        const out = data.slice();
        for (let at = 0; at < data.length; at += from.length) {
          for (let j = 0; j < from.length; j++) out[at + j] = data[at + from[j]];
        }
        return out;
      },
    },
  };
}
