import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError, nearest } from '../base/index.js';
import { readRange } from '../bytes/index.js';
import { isCached, knownCommit, linkBlob, repoFolder, type RepoFolder } from './cache.js';
import { agree, notHere, offlineIn, type FetchOptions, type Wanted } from './consent.js';
import { requestBytes } from './http.js';
import { askedOf, listHubFiles, pageOf, type HubFile, type HubListing, type HubRepo } from './listing.js';
import { hubToken } from './places.js';
import { fetchFile } from './transfer.js';
import type { Sum } from './sums.js';

/** One file of a repository. */
export interface HubFileRequest extends HubRepo {
  /** Its path in the repository. */
  path: string;
  /** Its size in bytes and SHA-256, if they were written down: another file of this name is refused. */
  expected?: { size?: number; sha256?: string };
}

/**
 * The path of a file of the Hub in the cache that Hugging Face's tools share: a link in the snapshot of its commit, so
 * that its name and its neighbours are those in the repository (`fs.realpath` gives the blob). If it is not there, it
 * is fetched, if `options.consent` agrees; if it is, no server is asked.
 * @throws FeatReconstructError `not-found` where there is no such repository, revision or file, `not-fetched` where
 *   nobody agreed or no server gives it, `damaged` where it is not what was published, `mismatch` where it is not what
 *   was expected
 */
export async function fetchHubFile(request: HubFileRequest, options: FetchOptions = {}): Promise<string> {
  const { path: at, expected } = request;
  const there = await cachedHubFile(request);
  if (there !== null) return there;
  let listing = await listHubFiles(request, options);
  // A branch may have moved on since it was last asked for.
  if (!find(listing, at) && !offlineIn(options)) listing = await listHubFiles(request, { ...options, refresh: true });
  const file = find(listing, at) ?? missing(listing, at);
  checkExpected(listing, file, expected);
  await fetchHubFiles(listing, [at], options);
  return path.join(listing.folder, ...at.split('/'));
}

/** The path of the file if it is in the cache already, else null. No server is asked. */
export async function cachedHubFile({
  repo,
  type,
  revision = 'main',
  path: at,
  expected,
}: HubFileRequest): Promise<string | null> {
  const folder = repoFolder(type, repo);
  const commit = await knownCommit(folder, revision);
  if (commit === null) return null;
  const file = folder.snapshot(commit, at);
  return (await isCached(file, expected?.size ?? null)) ? file : null;
}

/**
 * Which of these files are not in the cache. None is fetched.
 * @throws FeatReconstructError `not-found` for one that the listing lacks
 */
export async function wantedHubFiles(listing: HubListing, paths: readonly string[]): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const at of paths) {
    const { size, sum } = find(listing, at) ?? missing(listing, at);
    const folder = repoFolder(listing.type, listing.repo);
    if (await isCached(folder.snapshot(listing.commit, at), size)) continue;
    // The same bytes were fetched for another commit: only a link is missing.
    if (sum && (await isCached(folder.blob(sum.value), size))) continue;
    wanted.push({
      name: listing.name,
      file: at,
      size,
      url: addressOf(listing, at),
      place: folder.snapshot(listing.commit, at),
    });
  }
  return wanted;
}

/**
 * Fetches the files of a repository that are not in the cache yet; asks for consent once, for all of them.
 * @returns the folder of the snapshot, with the files at their paths
 * @throws FeatReconstructError as `fetchHubFile` does, except `mismatch`
 */
export async function fetchHubFiles(
  listing: HubListing,
  paths: readonly string[],
  options: FetchOptions = {},
): Promise<string> {
  const wanted = await wantedHubFiles(listing, paths);
  if (listing.isPartial && wanted.length > 0) throw notHere(wanted);
  await agree(wanted, options);
  const folder = repoFolder(listing.type, listing.repo);
  for (const at of paths) await bring(listing, find(listing, at)!, folder, options);
  return listing.folder;
}

/** Bytes of a file that is read without being kept, at most: config.json of a model of 21,843 classes has 2 MB. */
const mostOfText = 2 ** 23;

/**
 * The text of a small file, which says what else would be fetched: so it is read without asking for consent. It comes
 * from the cache if it is there; if not, it is not kept.
 * @throws FeatReconstructError as `fetchHubFile` does
 */
export async function readHubText(listing: HubListing, at: string, options: FetchOptions = {}): Promise<string> {
  const file = find(listing, at) ?? missing(listing, at);
  const { snapshot } = repoFolder(listing.type, listing.repo);
  const place = snapshot(listing.commit, at);
  if (await isCached(place, file.size)) return readFile(place, 'utf8');
  if (offlineIn(options)) throw notHere(await wantedHubFiles(listing, [at]));
  const token = await hubToken();
  const asked = { ...askedOf(listing, token !== null), path: at };
  const bytes = await requestBytes({ url: addressOf(listing, at), token, asked, signal: options.signal }, mostOfText);
  return bytes.toString('utf8');
}

/**
 * The bytes [start, stop) of a file, such as the metadata at the end of a Parquet file; no consent is asked for. They
 * come from the cache if the file is there; if not, they are not kept.
 * @throws FeatReconstructError as `fetchHubFile` does
 */
export async function readHubRange(
  listing: HubListing,
  at: string,
  start: number,
  stop: number,
  options: FetchOptions = {},
): Promise<Uint8Array> {
  const file = find(listing, at) ?? missing(listing, at);
  const place = repoFolder(listing.type, listing.repo).snapshot(listing.commit, at);
  if (await isCached(place, file.size)) return readRange(place, start, stop - start);
  if (offlineIn(options)) throw notHere(await wantedHubFiles(listing, [at]));
  const token = await hubToken();
  const asked = { ...askedOf(listing, token !== null), path: at };
  const headers = { range: `bytes=${start}-${stop - 1}` };
  const bytes = await requestBytes(
    { url: addressOf(listing, at), token, asked, headers, signal: options.signal },
    stop - start,
  );
  if (bytes.length === stop - start) return bytes;
  throw new FeatReconstructError(
    `Expected bytes ${start} to ${stop} of ${at} of ${listing.name}, found ${bytes.length} of them: run again later, or check HF_ENDPOINT and the proxy.`,
    { code: 'not-fetched' },
  );
}

/** Fetches a file's blob, if it is missing, and links to it. */
async function bring(listing: HubListing, file: HubFile, folder: RepoFolder, options: FetchOptions): Promise<void> {
  const { sum, size, path: at } = file;
  const pointer = folder.snapshot(listing.commit, at);
  if (sum === null || (await isCached(pointer, size))) return;
  const blob = folder.blob(sum.value);
  if (!(await isCached(blob, size))) {
    const token = await hubToken();
    await fetchFile(
      {
        url: addressOf(listing, at),
        token,
        asked: { ...askedOf(listing, token !== null), path: at },
        file: blob,
        part: folder.part(sum.value),
        lock: folder.lock(sum.value),
        size,
        sum,
      },
      options,
    );
  }
  await linkBlob(blob, pointer);
}

const addressOf = (listing: HubListing, at: string): string =>
  `${pageOf(listing)}/resolve/${listing.commit}/${at.split('/').map(encodeURIComponent).join('/')}`;

/** Files by path: some repositories have a hundred thousand. */
const byPath = new WeakMap<HubListing, Map<string, HubFile>>();

function find(listing: HubListing, at: string): HubFile | undefined {
  let known = byPath.get(listing);
  if (!known) byPath.set(listing, (known = new Map(listing.files.map((file) => [file.path, file]))));
  return known.get(at);
}

function missing({ name, files, isPartial, revision }: HubListing, at: string): never {
  const guess = nearest(
    at,
    files.map((file) => file.path),
  );
  const where = isPartial ? 'the part of it that is in the cache' : `its revision '${revision}'`;
  throw new FeatReconstructError(
    `Expected the file '${at}' in ${name}, found none in ${where}${guess ? `: did you mean ${guess}?` : '.'}`,
    { code: 'not-found' },
  );
}

function checkExpected(
  { name }: HubListing,
  { path: at, size, sum }: HubFile,
  expected: HubFileRequest['expected'],
): void {
  const is = (found: Sum | null): boolean =>
    !expected?.sha256 || found?.kind !== 'sha256' || found.value === expected.sha256;
  if ((expected?.size ?? size) === size && is(sum)) return;
  throw new FeatReconstructError(
    `Expected ${at} of ${name} as it was when this version was made (${expected!.sha256 ?? `${expected!.size} bytes`}), found another file (${sum?.value ?? `${size} bytes`}): name a commit that has it, as in ${name}@COMMIT.`,
    { code: 'mismatch' },
  );
}
