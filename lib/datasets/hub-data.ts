import path from 'node:path';
import { FeatReconstructError, isCoded } from '../base/index.js';
import {
  fetchHubFiles,
  keptHubNumbers,
  keepHubNumbers,
  listHubFiles,
  offlineIn,
  parseHubData,
  readHubRange,
  wantedHubFiles,
  type FetchOptions,
  type HubFile,
  type HubListing,
} from '../hub/index.js';
import type { DatasetNote } from '../words/index.js';
import { splitFiles } from './hub-splits.js';
import { openParquet, readMetadata } from './parquet-file.js';
import { parquetImages, type DataFile } from './parquet-images.js';
import { positionsOf } from './part.js';
import type { DatasetFormat, OpenContext } from './source.js';
import { resolveSlice, type DatasetSpec } from './spec.js';

/** The revision in which the Hub keeps a data set as Parquet if its makers use another format. */
const converted = 'refs/convert/parquet';
/** Files whose numbers of rows are looked up at the same time. */
const mostOpen = 8;

/**
 * Image data sets of the Hub, kept as Parquet: `hf:owner/name[@revision][/config]:split`. For a slice only the files
 * with its rows are fetched; how many rows a file has is read from its end.
 */
export const hubData: DatasetFormat = {
  name: 'hf',
  forms: ['hf:owner/name:split'],
  about: { what: 'an image data set of the Hub, kept as Parquet' },
  async wanted(spec, context) {
    const { listing, needed } = await planOf(spec, context.fetch);
    return wantedHubFiles(listing, needed);
  },
  async fetch(spec, context) {
    const { listing, needed } = await planOf(spec, context.fetch);
    await fetchHubFiles(listing, needed, context.fetch);
  },
  async open(spec, context: OpenContext) {
    const { listing, needed, files, rows, note } = await planOf(spec, context.fetch);
    await fetchHubFiles(listing, needed, context.fetch);
    const missing = await missingOf(listing, files);
    const here = files.map((file) => file.path).filter((file) => !missing.has(file));
    // A file may be in the cache under another commit: fetching it only makes a link.
    const folder = await fetchHubFiles(listing, here, context.fetch);
    const dataFiles: DataFile[] = files.map((file, i) => ({
      path: path.join(folder, ...file.path.split('/')),
      rows: rows[i],
      isHere: !missing.has(file.path),
    }));
    const source = await parquetImages(dataFiles, `hf:${spec.rest}`);
    return { ...source, notes: [...(source.notes ?? []), ...(note ? [note] : [])] };
  },
};

interface Plan {
  listing: HubListing;
  /** The files of the split, in order. */
  files: readonly HubFile[];
  /** How many rows each file has. */
  rows: readonly number[];
  /** The files that have rows of the slice. */
  needed: readonly string[];
  note?: DatasetNote;
}

/** Which files the split has, and which of them are needed. Asks servers, unless offline; fetches none of the files. */
async function planOf(spec: DatasetSpec, options: FetchOptions): Promise<Plan> {
  const name = parseHubData(spec.rest);
  const from = { repo: name.repo, type: 'dataset', revision: name.revision, name: `hf:${name.repo}` } as const;
  let listing = await listHubFiles(from, options);
  let files: readonly HubFile[] | null;
  try {
    files = splitFiles(listing, name.split, name.config);
  } catch (error) {
    if (offlineIn(options) || !isCoded(error, 'not-found')) throw error;
    // A branch may have moved on since it was last asked for.
    listing = await listHubFiles(from, { ...options, refresh: true });
    files = splitFiles(listing, name.split, name.config);
  }
  if (!files && name.revision === undefined) {
    const other = await listHubFiles({ ...from, revision: converted }, options).catch((error: unknown) => {
      if (isCoded(error, 'not-found') || (offlineIn(options) && isCoded(error, 'not-fetched'))) return null;
      throw error;
    });
    if (other) [listing, files] = [other, splitFiles(other, name.split, name.config)];
  }
  if (!files) throw noParquet(listing);
  const rows = await rowsOf(listing, files, options);
  const size = rows.reduce((sum, each) => sum + each, 0);
  const isPart = files.some((file) => /(^|\/)partial-/.test(file.path));
  return {
    listing,
    files,
    rows,
    needed: neededOf(spec, files, rows, size),
    ...(isPart ? { note: { kind: 'partly-converted', dataset: `hf:${spec.rest}` } } : {}),
  };
}

/** The paths of the files that have rows of the slice. */
function neededOf(spec: DatasetSpec, files: readonly HubFile[], rows: readonly number[], size: number): string[] {
  if (size === 0) return [];
  const [start, stop] = resolveSlice(spec, size);
  const positions = positionsOf(spec.part, start, stop);
  let first = 0;
  return files.flatMap((file, i) => {
    const [from, to] = [first, (first += rows[i])];
    const has =
      positions instanceof Int32Array
        ? positions.some((at) => at >= from && at < to)
        : from < positions[1] && to > positions[0];
    return has ? [file.path] : [];
  });
}

/**
 * How many rows each file has: as noted in the cache, else from the file if it is here, else from its end on the
 * server.
 */
async function rowsOf(listing: HubListing, files: readonly HubFile[], options: FetchOptions): Promise<number[]> {
  const known = await keptHubNumbers(listing, 'rows');
  const rows: number[] = files.map((file) => known[file.path] ?? -1);
  const unknown = rows.flatMap((n, i) => (n < 0 ? [i] : []));
  if (unknown.length === 0) return rows;
  const missing = await missingOf(listing, files);
  let [next, done] = [0, rows.length - unknown.length];
  const say = (): void =>
    options.onProgress?.({ stage: `rows of ${listing.name}`, done, total: rows.length, unit: 'files' });
  const work = async (): Promise<void> => {
    while (next < unknown.length) {
      const i = unknown[next++];
      options.signal?.throwIfAborted();
      rows[i] = missing.has(files[i].path)
        ? await rowsThere(listing, files[i], options)
        : await rowsHere(listing, files[i], options);
      done++;
      say();
    }
  };
  await Promise.all(Array.from({ length: Math.min(mostOpen, unknown.length) }, work));
  await keepHubNumbers(listing, 'rows', {
    ...known,
    ...Object.fromEntries(files.map((file, i) => [file.path, rows[i]])),
  });
  return rows;
}

/** The paths of the files that are not here. */
async function missingOf(listing: HubListing, files: readonly HubFile[]): Promise<Set<string>> {
  const paths = files.map((file) => file.path);
  return new Set((await wantedHubFiles(listing, paths)).map(({ file }) => file));
}

async function rowsHere(listing: HubListing, file: HubFile, options: FetchOptions): Promise<number> {
  const folder = await fetchHubFiles(listing, [file.path], options);
  const opened = await openParquet(path.join(folder, ...file.path.split('/')));
  await opened.close();
  return Number(opened.metadata.num_rows);
}

async function rowsThere(listing: HubListing, file: HubFile, options: FetchOptions): Promise<number> {
  const slice = async (start: number, end = file.size): Promise<ArrayBuffer> => {
    const bytes = await readHubRange(listing, file.path, start, end, options);
    return Uint8Array.from(bytes).buffer;
  };
  const metadata = await readMetadata({ byteLength: file.size, slice }, `${file.path} of ${listing.name}`);
  return Number(metadata.num_rows);
}

function noParquet({ name, files, repo }: HubListing): FeatReconstructError {
  const kinds = [...new Set(files.map((file) => path.posix.extname(file.path) || file.path))].slice(0, 8).join(', ');
  return new FeatReconstructError(
    `Expected Parquet files in ${name} or in its revision ${converted}, found ${kinds || 'nothing'}: 'hf download ${repo} --repo-type dataset --local-dir FOLDER', then give folder:FOLDER or what it unpacks to.`,
    { code: 'not-found' },
  );
}
