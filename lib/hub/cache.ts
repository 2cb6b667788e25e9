import { copyFile, lstat, mkdir, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileError, temporaryName } from '../bytes/index.js';
import { hubCacheDir, type RepoType } from './places.js';

/**
 * The cache of Hugging Face as Python's huggingface_hub lays it out, so that each finds the other's files:
 * `models--owner--name/` with `blobs/SUM`, `snapshots/COMMIT/path` (a link to a blob), `refs/BRANCH` (a commit) and
 * `trees/COMMIT.json` (what a commit has).
 */
export interface RepoFolder {
  readonly dir: string;
  /** A file in a snapshot, whether it is there or not. */
  snapshot(commit: string, file?: string): string;
  blob(sum: string): string;
  /** Where a blob grows, as huggingface_hub called it before each of its processes had a name of its own. */
  part(sum: string): string;
  /** Beside those of huggingface_hub, which are locks of the system's, of which Node has none. */
  lock(sum: string): string;
}

const commitShape = /^[0-9a-f]{40}$/;
export const isCommit = (text: string): boolean => commitShape.test(text);

export function repoFolder(type: RepoType, repo: string): RepoFolder {
  const cache = hubCacheDir();
  const name = [`${type}s`, ...repo.split('/')].join('--');
  const dir = path.join(cache, name);
  return {
    dir,
    snapshot: (commit, file = '') => path.join(dir, 'snapshots', commit, ...file.split('/')),
    blob: (sum) => path.join(dir, 'blobs', sum),
    part: (sum) => path.join(dir, 'blobs', `${sum}.incomplete`),
    lock: (sum) => path.join(cache, '.locks', name, `${sum}.featreconstruct`),
  };
}

/** What a path in such a cache is of: null for any other path. */
export function snapshotOf(file: string): { repo: string; type: RepoType; commit: string } | null {
  const shape = /(?:^|[\\/])(model|dataset)s--([^\\/]+)[\\/]snapshots[\\/]([0-9a-f]{40})(?:[\\/]|$)/;
  const [, type, name, commit] = shape.exec(file) ?? [];
  return type === undefined ? null : { type: type as RepoType, repo: name.replace('--', '/'), commit };
}

/** The repositories of which something is in the cache, by name. */
export async function cachedHubRepos(type: RepoType): Promise<{ repo: string; dir: string }[]> {
  const names = await readdir(hubCacheDir()).catch(() => []);
  const repos: { repo: string; dir: string }[] = [];
  for (const name of names.sort()) {
    const [, repo] = new RegExp(`^${type}s--(.+)$`).exec(name) ?? [];
    const dir = path.join(hubCacheDir(), name);
    const commits = repo === undefined ? [] : await readdir(path.join(dir, 'snapshots')).catch(() => []);
    if (commits.length > 0) repos.push({ repo: repo.replace('--', '/'), dir });
  }
  return repos;
}

/** The commit that a branch or tag was when files of it were last fetched; null where that is not known. */
export async function knownCommit({ dir }: RepoFolder, revision: string): Promise<string | null> {
  if (isCommit(revision)) return revision;
  const text = await readFile(path.join(dir, 'refs', ...revision.split('/')), 'utf8').catch(() => '');
  return isCommit(text.trim()) ? text.trim() : null;
}

/** Notes down what a branch or tag is, where the cache can be written. */
export async function noteCommit({ dir }: RepoFolder, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  await put(path.join(dir, 'refs', ...revision.split('/')), commit);
}

/** A small file that is another one's next time, too: not to be able to write it is nobody's error. */
export async function put(file: string, text: string): Promise<void> {
  const temporary = temporaryName(file);
  try {
    if ((await readFile(file, 'utf8').catch(() => null)) === text) return;
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, file);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** Whether a file of a snapshot is there, whole as far as its length tells. @param size null where it is not known */
export async function isCached(file: string, size: number | null): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && found.isFile() && (size === null || found.size === size);
}

/** Lets a snapshot's file lead to its blob. Where the system makes no links, it is a copy, as huggingface_hub has it. */
export async function linkBlob(blob: string, file: string): Promise<void> {
  const temporary = temporaryName(file);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const to = path.relative(path.dirname(file), blob);
    await symlink(to, temporary).catch(() => copyFile(blob, temporary));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(error, file, 'write');
  }
}

/** The files of a snapshot with their sizes, by their paths in the repository; of what was fetched, and no more. */
export async function snapshotFiles(folder: string): Promise<{ path: string; size: number }[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files: { path: string; size: number }[] = [];
  for (const name of names.sort()) {
    const found = await stat(path.join(folder, name)).catch(() => null);
    if (found?.isFile()) files.push({ path: name.split(path.sep).join('/'), size: found.size });
  }
  return files;
}

/** Marks the cache for backup programs to pass over, as huggingface_hub does. */
export async function tagCache(): Promise<void> {
  const tag = path.join(hubCacheDir(), 'CACHEDIR.TAG');
  if (await lstat(tag).catch(() => null)) return;
  await put(
    tag,
    'Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by huggingface_hub.\n# For information about cache directory tags, see:\n#\thttp://www.brynosaurus.com/cachedir/\n',
  );
}
