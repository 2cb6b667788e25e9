import { count, FeatReconstructError, option, UsageError, type TaskOptions } from '../base/index.js';
import { inFolder, isFolderAt, isObject, isThere, namesIn } from '../bytes/index.js';
import { foreignError, joinRows, sliceRows, splitName } from '../tensor/index.js';
import type { LogNote } from '../words/index.js';
import { alignAll, mixedOf } from './align-columns.js';
import { mayHoldArrays, openArray } from './arrays.js';
import { checkNotEmpty } from './empty-file.js';
import { folderNotes } from './folder-notes.js';
import { groupsTogether } from './groups-together.js';
import { readLog } from './log.js';
import type { NotedRows } from './opened-rows.js';
import type { RowIds } from './row-ids.js';
import { openShards } from './shards.js';

export interface OpenRowsOptions extends TaskOptions {
  /**
   * Leaves out and counts lines of a log that cannot be read (another number of fields, no number where the others have one, no JSON), at
   * most a tenth of them. Default false.
   */
  skipBadLines?: boolean | undefined;
  /**
   * Names of the columns of a table that are outputs, one by one or as `FIRST..LAST`, where it is not to find them out itself; null or
   * absent lets it.
   */
  columns?: readonly string[] | null | undefined;
}

/** Opens rows as the `openRows` of callers (`for-callers.ts`), with notes as data. */
export async function openRows(
  text: string,
  tensorName: 'features' | 'logits' = 'logits',
  { onProgress, skipBadLines, columns: asked, ...task }: OpenRowsOptions = {},
): Promise<NotedRows> {
  const slice = await sliceOf(text);
  if (slice)
    return someRows(
      await openRows(slice.file, tensorName, { onProgress, skipBadLines, columns: asked, ...task }),
      slice,
    );
  if (await isFolderAt(text)) return openParts(text, tensorName, { onProgress, skipBadLines, columns: asked, ...task });
  // Whether there is an object is asked where it is read.
  if (!isObject(text)) await checkNotEmpty(text);
  if (logEnding.test(text) || !(await mayHoldArrays(text))) {
    const foreign = await foreignError(splitName(text)[0], 'rows');
    if (foreign) throw foreign;
    const { rows, columns, named, truncated, byName, mixed, ids, groups, notes } = await readLog(
      text,
      skipBadLines,
      asked,
    );
    return {
      ...{ rows, path: text, tensor: null, name: text, notes, columns: named ? columns : null },
      ...(truncated ? { truncated } : {}),
      ...(byName ? { byName } : {}),
      ...(mixed.length > 0 ? { mixed } : {}),
      ...(ids.length > 0 ? { ids } : {}),
      ...(groups.length > 0 ? { groups } : {}),
      close: async () => undefined,
    };
  }
  if (asked) {
    throw new UsageError(
      `Expected ${option('columns')} with a table that has a column for each class, found the array '${text}': leave it out.`,
    );
  }
  const notes: LogNote[] = [];
  const opened = await openArray(text, tensorName, {
    ...task,
    onProgress: (progress) => {
      if (progress.note === undefined) onProgress?.(progress);
      else notes.push({ kind: 'text', text: progress.note });
    },
  });
  const { path, tensor } = opened;
  return { ...opened, name: tensor === null ? path : `${tensor} in ${path}`, notes, columns: null };
}

/** A file's name with a slice behind it. */
interface Slice {
  file: string;
  /** As written: `[0:2000]`. */
  text: string;
  start: string;
  stop: string;
}

/** The slice behind a file's name; null where there is none, or a file is called so. */
async function sliceOf(text: string): Promise<Slice | null> {
  const [, file, slice, start, stop] = /^(.+?)(\[(-?\d*):(-?\d*)\])$/s.exec(text) ?? [];
  // What is typed behind an object is a slice: to ask whether there is an object of that name takes a request.
  return slice === undefined || (!isObject(text) && (await isThere(text))) ? null : { file, text: slice, start, stop };
}

/** The rows of a slice; negative bounds count from the end. @throws UsageError for bounds outside the file and empty slices */
async function someRows(opened: NotedRows, { file, text, start, stop }: Slice): Promise<NotedRows> {
  const size = opened.rows.rows;
  const bound = (digits: string, usual: number): number => {
    const value = digits === '' ? usual : Number(digits);
    return value < 0 ? value + size : value;
  };
  const [from, to] = [bound(start, 0), bound(stop, size)];
  if (!(from >= 0 && to <= size && from < to)) {
    await opened.close();
    throw new UsageError(
      `Expected the slice ${text} of ${file} to take some of its ${count(size)} rows, found none or bounds outside of them.`,
    );
  }
  return {
    ...opened,
    rows: sliceRows(opened.rows, from, to),
    ...(opened.ids ? { ids: opened.ids.map(({ column, of }) => ({ column, of: of.slice(from, to) })) } : {}),
    ...(opened.groups ? { groups: opened.groups.map((each) => ({ ...each, of: each.of.slice(from, to) })) } : {}),
    // With the slice in its path, another slice of the file is not taken for the same rows.
    path: `${opened.path}${text}`,
    name: `${opened.name}${text}`,
  };
}

/** Endings of files that are read as logs without a look at their first bytes. */
const logEnding = /\.(csv|tsv|txt|json|jsonl|ndjson|parquet|log|out|gz)$/i;

/** A folder of parts, as Spark writes them, one after the other in the order of their names; or of a data set's shards. */
async function openParts(
  folder: string,
  tensorName: 'features' | 'logits',
  options: OpenRowsOptions,
): Promise<NotedRows> {
  const all = (await namesIn(folder)).filter((name) => !/^[._]/.test(name)).sort();
  const names = all.filter((name) => logEnding.test(name));
  const stores = all.filter((name) => /\.safetensors$/i.test(name)).map((name) => inFolder(folder, name));
  if (names.length === 0 && stores.length > 0) return openShards(folder, stores, tensorName, options);
  if (names.length === 0) {
    throw new FeatReconstructError(
      `Expected a file of outputs, or a folder of the parts of a log or of a data set's shards, at '${folder}', found a folder without such files: name the file.`,
    );
  }
  const { skipBadLines, columns } = options;
  const opened: NotedRows[] = [];
  for (const name of names)
    opened.push(inFile(await openRows(inFolder(folder, name), tensorName, { skipBadLines, columns }), name));
  const parts = alignAll(opened);
  const [first] = parts;
  const mixed = mixedOf(parts);
  return {
    ...first,
    ...(mixed.length > 0 ? { mixed } : {}),
    rows: joinRows(parts.map(({ rows }) => rows)),
    ids: idsTogether(parts),
    groups: groupsTogether(parts, names),
    ...{ path: folder, name: folder },
    notes: [
      { kind: 'files', files: parts.length, first: names[0], last: names[names.length - 1] },
      ...folderNotes(parts.map(({ notes }, i) => ({ file: names[i], notes }))),
    ],
  };
}

/** A part whose rows say which file they are of. */
function inFile(part: NotedRows, file: string): NotedRows {
  const { about } = part.rows;
  const { place } = about ?? {};
  if (!place) return part;
  return { ...part, rows: { ...part.rows, about: { ...about, place: (row) => ({ ...place(row), file }) } } };
}

/** Ids of the columns that all parts have, part after part. */
const idsTogether = (parts: readonly NotedRows[]): RowIds[] =>
  (parts[0].ids ?? []).flatMap(({ column }) => {
    const each = parts.map(({ ids }) => ids?.find((of) => of.column === column)?.of);
    return each.includes(undefined) ? [] : [{ column, of: each.flatMap((of) => of!) }];
  });
