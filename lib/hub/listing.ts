import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError, isCoded } from '../base/index.js';
import {
  isCommit,
  knownCommit,
  noteCommit,
  put,
  repoFolder,
  snapshotFiles,
  tagCache,
  type RepoFolder,
} from './cache.js';
import { offlineIn, type FetchOptions } from './consent.js';
import { requestJson } from './http.js';
import { isInside } from './names.js';
import { hubCacheDir, hubEndpoint, hubToken, type RepoType } from './places.js';
import type { Asked } from './answers.js';
import type { Sum } from './sums.js';

/** A repository at a revision. */
export interface HubRepo {
  /** `owner/name`. */
  repo: string;
  type: RepoType;
  /** Default: `main`. */
  revision?: string;
  /** What messages call it. Default: `hf:owner/name`. */
  name?: string;
}

/** A file of a repository. */
export interface HubFile {
  /** In the repository, with `/` between names. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Null if it is only known from a snapshot in the cache. */
  readonly sum: Sum | null;
  /** Git's name of the file, or of the pointer to a large one. Kept for huggingface_hub. */
  readonly oid?: string;
  /** The Hub's own name of a large file. Kept for huggingface_hub. */
  readonly xetHash?: string;
}

/** What a repository has at one commit. */
export interface HubListing {
  readonly repo: string;
  readonly type: RepoType;
  /** As it was asked for. */
  readonly revision: string;
  /** 40 hex digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
  /** Whether only the files in the cache are known, since no server could be asked. */
  readonly isPartial: boolean;
  /** The folder in the cache for its files, whether they are there or not. */
  readonly folder: string;
  /** What messages call it. */
  readonly name: string;
}

/** Listings of this process, so that everything that one command does with a branch is done with one commit. */
const known = new Map<string, Promise<HubListing>>();

/**
 * The files of a repository with their sizes and sums; none is fetched. A server is asked once a process. None is asked
 * for a commit whose listing is in the cache, or for a branch that was fetched before, unless `refresh` is set.
 * @throws FeatReconstructError `not-found` for a repository or revision that is not there, `not-fetched` where no
 *   server can be asked and the cache has nothing of it
 */
export async function listHubFiles(
  from: HubRepo,
  options: FetchOptions & { refresh?: boolean } = {},
): Promise<HubListing> {
  const { repo, type, revision = 'main' } = from;
  const key = JSON.stringify([hubEndpoint(), hubCacheDir(), type, repo, revision, offlineIn(options)]);
  const before = known.get(key);
  if (before && !options.refresh) return before;
  const listing = list({ ...from, revision }, options);
  known.set(key, listing);
  listing.catch(() => known.delete(key));
  return listing;
}

async function list(
  from: HubRepo & { revision: string },
  options: FetchOptions & { refresh?: boolean },
): Promise<HubListing> {
  const { repo, type, revision, name = `hf:${repo}` } = from;
  const folder = repoFolder(type, repo);
  const before = await knownCommit(folder, revision);
  const of = (commit: string, files: readonly HubFile[], isPartial = false): HubListing => ({
    repo,
    type,
    revision,
    commit,
    files,
    isPartial,
    folder: folder.snapshot(commit),
    name,
  });
  if (before && (!options.refresh || isCommit(revision))) {
    const files = await readTree(folder, before);
    if (files) return of(before, files);
  }
  if (offlineIn(options)) {
    const files = before ? await snapshotFiles(folder.snapshot(before)) : [];
    if (files.length > 0)
      return of(
        before!,
        files.map((file) => ({ ...file, sum: null })),
        true,
      );
    throw new FeatReconstructError(
      `${name} is not in ${hubCacheDir()}, and no server is asked (offline). ${elsewhere(from)}`,
      { code: 'not-fetched' },
    );
  }
  try {
    const commit = isCommit(revision) ? revision : await askCommit(from, options);
    const files = (await readTree(folder, commit)) ?? (await askTree(from, commit, options));
    await tagCache();
    await writeTree(folder, commit, files);
    // Only after its files are known: a branch with a commit but no listing would look like one without files.
    await noteCommit(folder, revision, commit);
    return of(commit, files);
  } catch (error) {
    options.signal?.throwIfAborted();
    // Without a network there may still be files that Python fetched without a listing.
    const files = before && isCoded(error, 'not-fetched') ? await snapshotFiles(folder.snapshot(before)) : [];
    if (files.length > 0)
      return of(
        before!,
        files.map((file) => ({ ...file, sum: null })),
        true,
      );
    throw error;
  }
}

/** What to do where no server can be reached, in a sentence. */
export function elsewhere({ repo, type, revision = 'main' }: HubRepo): string {
  const ofType = type === 'dataset' ? ' --repo-type dataset' : '';
  const ofRevision = revision === 'main' ? '' : ` --revision ${revision}`;
  const folder = path.basename(repoFolder(type, repo).dir);
  return `On a machine with a network run 'hf download ${repo}${ofType}${ofRevision}' and copy the folder ${folder} of its cache to ${hubCacheDir()}.`;
}

/** The address of a repository's page, with which those of its files begin. */
export const pageOf = ({ repo, type }: Pick<HubRepo, 'repo' | 'type'>): string =>
  `${hubEndpoint()}/${type === 'dataset' ? 'datasets/' : ''}${repo}`;

const apiOf = ({ repo, type }: HubRepo): string => `${hubEndpoint()}/api/${type}s/${repo}`;

/** What a request about a repository is for, for its errors. */
export function askedOf(from: HubRepo, hasToken: boolean): Asked {
  return {
    name: from.name ?? `hf:${from.repo}`,
    page: pageOf(from),
    revision: from.revision ?? 'main',
    hasToken,
    elsewhere: elsewhere(from),
  };
}

/** The commit of a revision, from the server. */
async function askCommit(from: HubRepo & { revision: string }, { signal }: FetchOptions): Promise<string> {
  const token = await hubToken();
  const asked = askedOf(from, token !== null);
  const url = `${apiOf(from)}/revision/${encodeURIComponent(from.revision)}`;
  const { value } = await requestJson({ url, token, asked, signal });
  const { sha } = (value ?? {}) as { sha?: unknown };
  if (typeof sha === 'string' && isCommit(sha)) return sha;
  throw strange(asked, 'no commit');
}

/** A file in an answer of the Hub. */
interface Entry {
  type?: unknown;
  path?: unknown;
  size?: unknown;
  oid?: unknown;
  lfs?: { oid?: unknown; size?: unknown } | null;
  xetHash?: unknown;
}

/** Pages of a listing at most: a server that sends more is broken. */
const mostPages = 2000;

/** The files of a commit, from the server. */
async function askTree(from: HubRepo, commit: string, { signal }: FetchOptions): Promise<HubFile[]> {
  const token = await hubToken();
  const asked = askedOf(from, token !== null);
  const files: HubFile[] = [];
  const first = new URL(`${apiOf(from)}/tree/${commit}?recursive=true`);
  const seen = new Set<string>();
  for (let url: URL | null = first; url;) {
    if (seen.has(url.href) || seen.size >= mostPages) throw strange(asked, 'a listing without end');
    seen.add(url.href);
    // The token goes only to the server of the first page.
    const { value, headers } = await requestJson({
      url: url.href,
      token: url.origin === first.origin ? token : null,
      asked,
      signal,
    });
    if (!Array.isArray(value)) throw strange(asked, 'no list of files');
    for (const entry of value as Entry[]) {
      const file = fileOf(entry);
      if (file) files.push(file);
    }
    const next = /<([^>]+)>;\s*rel="?next"?/.exec(headers.link ?? '')?.[1];
    url = next && URL.canParse(next, url.href) ? new URL(next, url) : null;
  }
  return files;
}

/** A file of the Hub's answer; null for anything but a file with a safe path. */
function fileOf({ type, path: at, size, oid, lfs, xetHash }: Entry): HubFile | null {
  if (type !== 'file') return null;
  return makeFile(at, lfs?.size ?? size, { oid, sha256: lfs?.oid, xetHash });
}

const hex = (text: unknown, length: number): string | null =>
  typeof text === 'string' && text.length === length && /^[0-9a-f]+$/.test(text) ? text : null;

/**
 * A file with its sum: the SHA-256 of a large one, git's name of any other. Null where path, size or sum are malformed.
 */
function makeFile(
  at: unknown,
  size: unknown,
  names: { oid: unknown; sha256: unknown; xetHash: unknown },
): HubFile | null {
  if (typeof at !== 'string' || !isInside(at) || !Number.isSafeInteger(size) || (size as number) < 0) return null;
  const [oid, xetHash] = [hex(names.oid, 40), hex(names.xetHash, 64)];
  const isLarge = names.sha256 !== undefined && names.sha256 !== null;
  const value = isLarge ? hex(names.sha256, 64) : oid;
  if (value === null) return null;
  return {
    path: at,
    size: size as number,
    sum: { kind: isLarge ? 'sha256' : 'git-sha1', value },
    ...(oid === null ? {} : { oid }),
    ...(xetHash === null ? {} : { xetHash }),
  };
}

/** The error for an answer that makes no sense. */
const strange = (asked: Asked, found: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected a listing of ${asked.name} from ${new URL(asked.page!).host}, found ${found}: check HF_ENDPOINT and the proxy.`,
    { code: 'not-fetched' },
  );

/** A commit's files as huggingface_hub notes them (version 1 of its format). */
interface Tree {
  format_version?: unknown;
  files?: Record<string, Record<'size' | 'blob_id' | 'lfs_sha256' | 'lfs_size' | 'xet_hash', unknown>>;
}

/** Where this library notes numbers of a commit's files. @param what the numbers are: `rows` */
const numbersFile = ({ type, repo, commit }: HubListing, what: string): string =>
  path.join(repoFolder(type, repo).dir, what, `${commit}.json`);

/** Numbers that were noted for files of this commit, by path; those that are not known are missing. */
export async function keptHubNumbers(listing: HubListing, what: string): Promise<Record<string, number>> {
  try {
    const kept = JSON.parse(await readFile(numbersFile(listing, what), 'utf8')) as Record<string, unknown>;
    const good = Object.entries(kept).filter(([, value]) => Number.isSafeInteger(value) && (value as number) >= 0);
    return Object.fromEntries(good) as Record<string, number>;
  } catch {
    return {};
  }
}

/** Notes numbers of a commit's files, which never change, for the next time. */
export const keepHubNumbers = (listing: HubListing, what: string, numbers: Record<string, number>): Promise<void> =>
  put(numbersFile(listing, what), JSON.stringify(numbers));

const treeFile = (folder: RepoFolder, commit: string): string => path.join(folder.dir, 'trees', `${commit}.json`);

/** The files that were noted for a commit; null where nothing is noted, or it cannot be read. */
async function readTree(folder: RepoFolder, commit: string): Promise<HubFile[] | null> {
  try {
    const tree = JSON.parse(await readFile(treeFile(folder, commit), 'utf8')) as Tree;
    if (tree.format_version !== 1) return null;
    const files = Object.entries(tree.files!).map(([at, { size, blob_id, lfs_sha256, lfs_size, xet_hash }]) =>
      makeFile(at, lfs_size ?? size, { oid: blob_id, sha256: lfs_sha256, xetHash: xet_hash }),
    );
    return files.filter((file) => file !== null);
  } catch {
    return null;
  }
}

/** Notes the files of a commit. */
async function writeTree(folder: RepoFolder, commit: string, files: readonly HubFile[]): Promise<void> {
  // The format demands git's names, which a mirror may not give.
  if (files.some(({ oid }) => oid === undefined)) return;
  const entries = files.map(({ path: at, size, sum, oid, xetHash }) => [
    at,
    {
      size,
      blob_id: oid,
      ...(sum!.kind === 'sha256' ? { lfs_sha256: sum!.value, lfs_size: size } : {}),
      ...(xetHash === undefined ? {} : { xet_hash: xetHash }),
    },
  ]);
  entries.sort(([a], [b]) => (a! < b! ? -1 : 1));
  await put(
    treeFile(folder, commit),
    JSON.stringify({ format_version: 1, files: Object.fromEntries(entries) as unknown }, null, 1),
  );
}
