import { basename } from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import type { DatasetNote } from '../words/index.js';
import { imageColumns, type ImageColumns } from './parquet-columns.js';
import { openParquet, type ParquetFile } from './parquet-file.js';
import type { ExampleSource } from './source.js';
import type { Sample } from './types.js';

/** One of a data set's files. */
export interface DataFile {
  path: string;
  rows: number;
  /** Whether it is on this machine: if not, its rows cannot be read. */
  isHere: boolean;
}

/**
 * Images in Parquet files, read row group by row group: no file is in memory whole.
 * @param name of the data set, with which the id of each example begins
 * @throws FeatReconstructError where the files have no images
 */
export async function parquetImages(files: readonly DataFile[], name: string): Promise<ExampleSource> {
  if (files.every(({ rows }) => rows === 0)) {
    throw new FeatReconstructError(`Expected images in ${name}, found files without rows.`, { code: 'not-found' });
  }
  const here = files.filter(({ isHere }) => isHere);
  const columns = await withFile(here[0].path, ({ path, metadata }) => imageColumns(metadata, `'${path}'`));
  const names = await namesOf(columns, here, files);
  const label = names === null ? null : columns.label;
  const notes = [...columns.notes, ...(columns.label && !label ? [unnumbered(columns.label)] : [])];
  const wanted = [columns.image, ...(label ? [label.name] : [])];
  const numbers = label?.kind === 'text' ? new Map(names?.map((each, i) => [each, i])) : null;
  return {
    size: files.reduce((sum, { rows }) => sum + rows, 0),
    kind: 'images',
    ...(names && names.length > 0 ? { classNames: names } : {}),
    ...(numbers ? { classesAre: 'folders' as const } : {}),
    notes,
    async *blocks(start, stop) {
      let first = 0;
      for (const { path, rows } of files) {
        const [from, to] = [Math.max(start - first, 0), Math.min(stop - first, rows)];
        if (from < to) {
          const file = await openParquet(path);
          try {
            const ofRow = reader({ columns, label, numbers, names, path, name });
            for await (const block of groupsOf(file, wanted, from, to)) {
              yield block.rows.map((row, i) => ofRow(row, block.start + i, first + block.start + i));
            }
          } finally {
            await file.close();
          }
        }
        first += rows;
      }
    },
  };
}

async function withFile<T>(path: string, task: (file: ParquetFile) => Promise<T>): Promise<T> {
  const file = await openParquet(path);
  try {
    return await task(file);
  } finally {
    await file.close();
  }
}

/** Rows [start, stop) of a file, group by group. */
async function* groupsOf(
  file: ParquetFile,
  columns: readonly string[],
  start: number,
  stop: number,
): AsyncGenerator<{ start: number; rows: Record<string, unknown>[] }> {
  let first = 0;
  for (const size of file.groups) {
    const [from, to] = [Math.max(start, first), Math.min(stop, first + size)];
    if (from < to) yield { start: from, rows: await file.read(columns, from, to) };
    first += size;
  }
}

/** Names of the classes by number; empty where they have no names, null where the names cannot be numbered. */
async function namesOf(
  { label }: ImageColumns,
  here: readonly DataFile[],
  all: readonly DataFile[],
): Promise<readonly string[] | null> {
  if (label?.kind !== 'text') return label?.names ?? [];
  // Numbers must not depend on which files happen to be here.
  if (here.length < all.length) return null;
  const names = new Set<string>();
  for (const { path, rows } of here) {
    await withFile(path, async (file) => {
      for await (const block of groupsOf(file, [label.name], 0, rows)) {
        for (const row of block.rows) if (typeof row[label.name] === 'string') names.add(row[label.name] as string);
      }
    });
  }
  return [...names].sort();
}

const unnumbered = ({ name }: NonNullable<ImageColumns['label']>): DatasetNote => ({
  kind: 'unnumbered-classes',
  column: name,
});

/** What `reader` needs to make examples of rows. */
interface Reading {
  columns: ImageColumns;
  label: ImageColumns['label'];
  numbers: Map<string, number> | null;
  names: readonly string[] | null;
  path: string;
  name: string;
}

/**
 * Makes an example of a row, given its position in the file and in the data set.
 * @throws FeatReconstructError for a label out of range
 */
function reader({ columns, label, numbers, names, path, name }: Reading) {
  const most = label?.names ? names!.length : Infinity;
  return (row: Record<string, unknown>, inFile: number, position: number): Sample => {
    const id = `${name}/${String(position).padStart(5, '0')}`;
    const place = `${name}, row ${inFile} of ${basename(path)}`;
    const number = numbers
      ? (numbers.get(row[label!.name] as string) ?? -1)
      : label
        ? Number(row[label.name] ?? -1)
        : -1;
    if (!Number.isInteger(number) || number < -1 || number >= most) {
      throw new FeatReconstructError(
        `${place} has the label ${String(row[label!.name])}, expected ${names?.length ? `0 to ${names.length - 1}` : 'a whole number from 0'}: the file is not what its schema says.`,
      );
    }
    const file = bytesIn(row[columns.image]);
    if (file instanceof Uint8Array) return { id, label: number, encoded: { name: place, file } };
    return { id, label: number, undecodable: noImage(place, file) };
  };
}

/** The bytes of an image, or the path where they are kept instead, or null. */
function bytesIn(value: unknown): Uint8Array | string | null {
  if (value instanceof Uint8Array) return value;
  const { bytes, path } = (value ?? {}) as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array) return bytes;
  return typeof path === 'string' ? path : null;
}

const noImage = (place: string, path: string | null): FeatReconstructError =>
  new FeatReconstructError(
    path === null
      ? `Bad image in ${place}: there is none.`
      : `Bad image in ${place}: it is kept outside the file, at '${path}'.`,
    { code: 'bad-image' },
  );
