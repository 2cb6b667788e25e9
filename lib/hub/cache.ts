import { copyFile, lstat, mkdir, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileError, temporaryName } from '../bytes/index.js';
import { hubCacheDir, type RepoType } from './places.js';

/**
 * A repository's folder in the cache of Hugging Face, with the layout of Python's huggingface_hub, so that each finds
 * the other's files: `models--owner--name/` with `blobs/SUM`, `snapshots/COMMIT/path` (a link to a blob), `refs/BRANCH`
 * (a commit) and `trees/COMMIT.json` (what a commit has).
 */
export interface RepoFolder {
  readonly dir: string;
  /** The path of a file in a snapshot, or of the snapshot. */
  snapshot(commit: string, file?: string): string;
  blob(sum: string): string;
  /** Where a blob is written until it is complete: the name that earlier versions of huggingface_hub used. */
  part(sum: string): string;
  /** Of this library alone: huggingface_hub locks its own files by the system, which Node cannot do. */
  lock(sum: string): string;
}

const commitShape = /^[0-9a-f]{40}$/;
/** Whether a revision is a full commit. */
export const isCommit = (text: string): boolean => commitShape.test(text);

/** A repository's folder in the cache, whether it exists or not. */
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

/** The repository and commit that a path in such a cache belongs to; null for any other path. */
export function snapshotOf(file: string): { repo: string; type: RepoType; commit: string } | null {
  const shape = /(?:^|[\\/])(model|dataset)s--([^\\/]+)[\\/]snapshots[\\/]([0-9a-f]{40})(?:[\\/]|$)/;
  const [, type, name, commit] = shape.exec(file) ?? [];
  return type === undefined ? null : { type: type as RepoType, repo: name.replace('--', '/'), commit };
}

/** The repositories that have files in the cache, sorted by name. */
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

/** The commit of a branch or tag when its files were last fetched; null where that is not known. */
export async function knownCommit({ dir }: RepoFolder, revision: string): Promise<string | null> {
  if (isCommit(revision)) return revision;
  const text = await readFile(path.join(dir, 'refs', ...revision.split('/')), 'utf8').catch(() => '');
  return isCommit(text.trim()) ? text.trim() : null;
}

/** Notes the commit of a branch or tag, if the cache can be written. */
export async function noteCommit({ dir }: RepoFolder, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  await put(path.join(dir, 'refs', ...revision.split('/')), commit);
}

/** Writes a small file that only saves work the next time: does nothing where it cannot be written. */
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

/** Whether a file is there, and complete by its size. @param size in bytes; null where it is not known */
export async function isCached(file: string, size: number | null): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && found.isFile() && (size === null || found.size === size);
}

/**
 * Makes a snapshot's file a link to its blob, or a copy where the system makes no links, as huggingface_hub does.
 * @throws FeatReconstructError where it cannot be written
 */
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

/** The files of a snapshot that were fetched, by their paths in the repository, with their sizes in bytes. */
export async function snapshotFiles(folder: string): Promise<{ path: string; size: number }[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files: { path: string; size: number }[] = [];
  for (const name of names.sort()) {
    const found = await stat(path.join(folder, name)).catch(() => null);
    if (found?.isFile()) files.push({ path: name.split(path.sep).join('/'), size: found.size });
  }
  return files;
}

/** Marks the cache so that backup programs skip it, as huggingface_hub does. */
export async function tagCache(): Promise<void> {
  const tag = path.join(hubCacheDir(), 'CACHEDIR.TAG');
  if (await lstat(tag).catch(() => null)) return;
  await put(
    tag,
    'Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by huggingface_hub.\n# For information about cache directory tags, see:\n#\thttp://www.brynosaurus.com/cachedir/\n',
  );
}
