import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { mayHoldRows, openRows } from '../extract/index.js';
import { joinRows, type RowSource } from '../tensor/index.js';
import { some } from './examine.js';
import { readLog } from './log.js';

/** A file of outputs, open. */
export interface OutputsFile {
  rows: RowSource;
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

/**
 * Opens outputs (n, c) from a .npy, a .npz, a store, a .safetensors (tensor `logits`, else its only one; `FILE#NAME` names
 * another), or a log as a web service, a spreadsheet or a script writes it: CSV, JSON, JSON Lines, each compressed with gzip
 * or not, Parquet, and a folder of such parts.
 * @throws FeatReconstructError when the file is missing, of another kind, or holds no outputs
 */
export async function openOutputs(path: string): Promise<OutputsFile> {
  if (await isFolder(path)) return openParts(path);
  if (logEnding.test(path) || !(await mayHoldRows(path))) {
    const { rows, columns, named, truncated, byName, notes } = await readLog(path);
    return {
      ...{ rows, name: path, notes, columns: named ? columns : null, close: async () => undefined },
      ...(truncated ? { truncated } : {}),
      ...(byName ? { byName } : {}),
    };
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
      { code: 'mismatch' },
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

/** Files that are logs whatever their first bytes are. */
const logEnding = /\.(csv|tsv|txt|json|jsonl|ndjson|parquet|log|out|gz)$/i;

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

/** A folder of parts, as Spark writes them, one after the other in the order of their names. */
async function openParts(folder: string): Promise<OutputsFile> {
  const names = (await readdir(folder)).filter((name) => !/^[._]/.test(name) && logEnding.test(name)).sort();
  if (names.length === 0) {
    throw new FeatReconstructError(
      `Expected a file of outputs, or a folder of the parts of a log, at '${folder}', found a folder without such files: name the file.`,
    );
  }
  const parts: OutputsFile[] = [];
  for (const name of names) {
    const part = await openOutputs(join(folder, name));
    parts.push(parts.length === 0 ? part : alignColumns(part, parts[0]));
  }
  const [first] = parts;
  return {
    ...first,
    rows: joinRows(parts.map(({ rows }) => rows)),
    name: folder,
    notes: [`Took ${parts.length} files of the folder, ${names[0]} to ${names[names.length - 1]}.`, ...first.notes],
  };
}
