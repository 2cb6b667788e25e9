import { mkdir, open, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { checkReplaceable, fileError } from './files.js';
import { temporaryName } from './leavings.js';
import { checkAddress, isObject } from './object-name.js';

/** Retries: another process may remove an empty folder between one step and the next. */
const retries = 3;

/**
 * Makes a folder, and the missing ones above it. (Node's own `recursive` tries for ever where the system allows no new
 * folder, as in /proc.)
 * @returns the first folder that was made, undefined where all were there
 * @throws FeatReconstructError where a folder cannot be made or a file is in the way
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  checkAddress(folder);
  if (isObject(folder)) {
    throw new UsageError(
      `Expected a folder on disk, found '${folder}': only single files are written to object storage, so name another folder.`,
    );
  }
  const missing: string[] = [];
  for (let at = path.resolve(folder); !(await isFolder(at)); at = path.dirname(at)) missing.unshift(at);
  for (const [i, each] of missing.entries()) {
    for (let left = retries; ; left--) {
      try {
        await mkdir(each);
        break;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EEXIST' && (await isFolder(each))) break;
        if (code === 'ENOENT' && i > 0 && left > 0) await mkdir(missing[i - 1]).catch(() => {});
        else {
          if (i > 0) await removeEmptyFolders(missing[i - 1], missing[0]);
          throw noFolder(each, error as NodeJS.ErrnoException);
        }
      }
    }
  }
  return missing[0];
}

/** Makes the folder that a file goes into; objects need none. @throws FeatReconstructError as `makeFolder` */
export async function makeFolderOf(file: string): Promise<void> {
  if (!isObject(file)) await makeFolder(path.dirname(file));
}

/** Removes folders that `makeFolder` made and that are still empty. @param first what it returned */
export async function removeEmptyFolders(folder: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  for (let at = path.resolve(folder); at.length >= first.length; at = path.dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

/**
 * Tries whether a file can be written, and leaves everything as it was: to be called before long work.
 * @throws FeatReconstructError where it cannot
 */
export async function checkPlace(file: string): Promise<void> {
  if (isObject(file)) return (await import('./object-writing.js')).checkObjectPlace(file);
  await checkReplaceable(file);
  const folder = path.dirname(file);
  const made = await makeFolder(folder);
  const trial = temporaryName(file);
  try {
    await (await open(trial, 'wx')).close();
  } catch (error) {
    throw fileError(error, file, 'write');
  } finally {
    await rm(trial, { force: true }).catch(() => {});
    await removeEmptyFolders(folder, made);
  }
}

/**
 * Whether there is a folder at a path.
 * @throws FeatReconstructError where something else is there, or the path cannot be looked at
 */
async function isFolder(at: string): Promise<boolean> {
  try {
    if ((await stat(at)).isDirectory()) return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code === 'ENOENT' || code === 'ENOTDIR') && path.dirname(at) !== at) return false;
    throw fileError(error, at, 'write');
  }
  throw new FeatReconstructError(
    `Could not write '${at}': expected a folder there, found a file or a device. Choose another place, or move what is there.`,
  );
}

function noFolder(at: string, error: NodeJS.ErrnoException): FeatReconstructError {
  const say = (text: string): FeatReconstructError => new FeatReconstructError(text, { cause: error, code: 'system' });
  if (error.code === 'EEXIST') return say(`Expected a folder at '${at}', found a link that leads nowhere: remove it.`);
  if (error.code !== 'ENOENT') return fileError(error, at, 'write');
  return say(`Could not make the folder '${at}': the system makes none there. Choose another place.`);
}
