import { isUtf8 } from 'node:buffer';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { count, FeatReconstructError } from '../base/index.js';
import { checkRegular, fileOnDisk, notRegular, readWhole, statOrNone } from '../bytes/index.js';
import { LeftOutTally, type DatasetNote } from '../words/index.js';
import { sorted } from './layout.js';
import { readingsOf, unreadEnding, type ListReading, type ListRow } from './list-text.js';
import type { DatasetFormat } from './source.js';

/** Bytes of a list at most; one of 14 million images has some 600 MB. */
const mostOfAList = 2 ** 30;
/** Paths that are looked for to decide how a list is read. */
const tried = 50;
/** Questions to the file system at the same time. */
const mostAsked = 64;

/**
 * Images by a list of their paths, relative to the list's folder, in its order: a path on each line, Caffe's `path
 * label`, or a table with a column of paths, as pandas writes it. Labels are class indices, or names, which are
 * numbered in sorted order.
 */
export const list: DatasetFormat = {
  name: 'list',
  forms: ['list:FILE'],
  about: { what: 'a text or table of paths of images' },
  async open({ rest }) {
    const file = resolve(rest);
    const lines = await linesOf(file);
    const base = dirname(file);
    const { rows, form } = await likeliest(lines, base, file);
    const leftOut = new LeftOutTally();
    const places = await inBatches(rows, ({ path }) => find(path, base));
    const there = rows.flatMap((row, i) => {
      const why = places[i] === undefined ? 'missing' : unreadEnding(row.path);
      if (why !== undefined) leftOut.add(why, row.path);
      return why === undefined ? [{ ...row, file: places[i]! }] : [];
    });
    if (there.length === 0) throw noneThere(file, base, rows, leftOut);
    const { labels, classNames, unlabelled } = labelsOf(there, rows, file);
    const note: DatasetNote = { kind: 'list', images: rows.length, form, unlabelled };
    return {
      size: there.length,
      kind: 'images',
      classNames,
      ...(classNames ? { classesAre: 'folders' as const } : {}),
      leftOut: leftOut.result(),
      leftOutNames: leftOut.names,
      notes: [note],
      async *blocks(start, stop) {
        yield there
          .slice(start, stop)
          .map(({ path, file }, i) => ({ id: path, label: labels[start + i], encoded: { name: file, file } }));
      },
    };
  },
};

/**
 * The lines of a list without empty ones and comments, which begin with # and name no file.
 * @throws FeatReconstructError for none
 */
async function linesOf(file: string): Promise<string[]> {
  await checkRegular(file);
  const bytes = await fileOnDisk(file);
  if (!bytes)
    throw new FeatReconstructError(`${file} is not there: list:FILE needs a text file with a path on each line.`, {
      code: 'not-found',
    });
  const text = decoded(Buffer.from(await readWhole(bytes, mostOfAList)), file);
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  if (lines[0]?.startsWith('sep=')) lines.shift();
  const counts = await inBatches(
    lines,
    async (line) => !line.trimStart().startsWith('#') || namesFile(line, dirname(file)),
  );
  const kept = lines.filter((_, i) => counts[i]);
  if (kept.length === 0)
    throw new FeatReconstructError(`${file} lists no images: expected a path on each line.`, { code: 'not-found' });
  return kept;
}

async function namesFile(line: string, base: string): Promise<boolean> {
  for (const { rows } of readingsOf([line])) if (rows.length > 0 && (await find(rows[0].path, base))) return true;
  return false;
}

/**
 * Text in UTF-8, in UTF-16 with a mark (as PowerShell writes), else in Latin-1.
 * @throws FeatReconstructError where it is no text
 */
function decoded(bytes: Buffer, file: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (bytes.subarray(0, 4096).includes(0)) {
    throw new FeatReconstructError(`${file} is no text: list:FILE needs a text file with a path on each line.`);
  }
  return isUtf8(bytes) ? new TextDecoder().decode(bytes) : bytes.toString('latin1');
}

/** The reading with the most paths that exist; the first of several. @throws FeatReconstructError for none */
async function likeliest(lines: string[], base: string, file: string): Promise<ListReading> {
  let best: { reading: ListReading; found: number } | undefined;
  for (const reading of readingsOf(lines)) {
    const step = Math.max(1, Math.floor(reading.rows.length / tried));
    const some = reading.rows.filter((_, i) => i % step === 0).slice(0, tried);
    const found = (await inBatches(some, ({ path }) => find(path, base))).filter(Boolean).length;
    if (reading.rows.length > 0 && (!best || found > best.found)) best = { reading, found };
  }
  if (!best)
    throw new FeatReconstructError(`${file} lists no images: expected a path on each line.`, { code: 'not-found' });
  return best.reading;
}

/**
 * Where a path of a list leads to, also if it begins with / but means the list's folder, or has backslashes.
 * @param base the list's folder
 */
async function find(path: string, base: string): Promise<string | undefined> {
  if (path === '' || path.includes('\0')) return undefined;
  const ways = [path, ...(path.includes('\\') ? [path.replaceAll('\\', '/')] : [])];
  for (const way of ways) {
    for (const place of isAbsolute(way) ? [way, join(base, way)] : [join(base, way)]) {
      const info = await statOrNone(place).catch(() => undefined);
      if (info?.isFile()) return place;
      if (info && !info.isDirectory()) throw notRegular(place);
    }
  }
  return undefined;
}

/** What `ask` says of each item, a batch at a time. */
async function inBatches<Item, Result>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += mostAsked) {
    for (const result of await Promise.all(items.slice(at, at + mostAsked).map(ask))) results.push(result);
  }
  return results;
}

function noneThere(file: string, base: string, rows: readonly ListRow[], leftOut: LeftOutTally): FeatReconstructError {
  const { missing = 0 } = leftOut.result() ?? {};
  const many = rows.length === 1 ? 'The image' : `None of the ${count(rows.length)} images`;
  const what = missing === rows.length ? 'there' : 'of a kind that is read and there';
  return new FeatReconstructError(
    `${many} in ${file} is ${rows.length === 1 ? 'not ' : ''}${what}, the first '${rows[0].path}': expected paths from the list's own folder (${base}) on.`,
  );
}

const wholeNumber = /^[+-]?\d+(\.0*)?$/;

/**
 * Class indices of the images that are there, and how many rows have no label where others have one. Names are numbered
 * from all rows, so that a missing image changes no number.
 * @throws FeatReconstructError for a label that is no class
 */
function labelsOf(
  there: readonly ListRow[],
  rows: readonly ListRow[],
  file: string,
): { labels: number[]; classNames?: string[]; unlabelled: number } {
  const given = rows.flatMap(({ label }) => (label === undefined || label === '' ? [] : [label]));
  if (given.length === 0) return { labels: there.map(() => -1), unlabelled: 0 };
  const unlabelled = rows.length - given.length;
  const wrong = (label: string, why: string): FeatReconstructError => {
    const row = rows.find((each) => each.label === label)!;
    return new FeatReconstructError(
      `${file} has the label '${label}' for '${row.path}', ${why}: expected a class index from 0, -1 for none, or the name of a class.`,
    );
  };
  const several = given.find((label) => /^[+-]?\d+(\.\d+)?(\s+[+-]?\d+(\.\d+)?)+$/.test(label));
  if (several !== undefined) throw wrong(several, 'more than one');
  if (given.every((label) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(label))) {
    const odd = given.find((label) => !wholeNumber.test(label) || Number(label) < -1 || Number(label) >= 2 ** 31);
    if (odd !== undefined) throw wrong(odd, 'a number that is no class');
    return { labels: there.map(({ label }) => (label ? Number(label) : -1)), unlabelled };
  }
  const classNames = sorted([...new Set(given)]);
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  return { labels: there.map(({ label }) => (label ? numbers.get(label)! : -1)), classNames, unlabelled };
}
