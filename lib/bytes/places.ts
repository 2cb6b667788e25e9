import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import type { TaskOptions } from '../base/index.js';
import { openBytes } from './files.js';
import { checkAddress, isObject, isObjectFolder } from './object-name.js';

/** Questions that are asked of files on disk and of objects alike. */

/** Whether there is something at a path. @throws FeatReconstructError where object storage does not say */
export async function isThere(path: string): Promise<boolean> {
  if (isObject(path)) return (await (await import('./object-reading.js')).stateOfObject(path)) !== null;
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether a path is a folder: of objects by the slash at its end. */
export async function isFolderAt(path: string): Promise<boolean> {
  if (isObject(path)) return isObjectFolder(path);
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** The names of the files in a folder, in no order. */
export async function namesIn(folder: string): Promise<string[]> {
  return isObject(folder) ? (await import('./object-reading.js')).namesInObjectFolder(folder) : readdir(folder);
}

/** What is another text whenever the file has changed. */
export async function stateOf(path: string): Promise<string> {
  if (isObject(path)) return `${await (await import('./object-reading.js')).stateOfObject(path)}`;
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}

/**
 * Where this user's programs keep what can be made again, by the platform's convention (`$XDG_CACHE_HOME` or `~/.cache`,
 * `~/Library/Caches`, `%LOCALAPPDATA%`).
 */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'featreconstruct');
  if (process.platform === 'win32') {
    return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'featreconstruct', 'Cache');
  }
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'featreconstruct');
}

/**
 * The file on disk in which something is made that takes long: the path itself, and for an object one in the cache folder, since
 * an object can neither grow nor be locked. It is the same one whenever the same command is run again on this machine.
 * @throws UsageError for any other address
 */
export function workFile(path: string): string {
  checkAddress(path);
  if (!isObject(path)) return path;
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
  // The same name at another server is another object.
  const place = JSON.stringify([AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL || '', path]);
  const id = createHash('sha256').update(place).digest('hex').slice(0, 16);
  const readable = basename(path)
    .replace(/[^\w.-]/g, '_')
    .slice(-64);
  return join(cacheFolder(), 'uploads', `${id}-${readable}`);
}

/** Makes an object of a finished file. @throws FeatReconstructError where it cannot be written */
export async function upload(file: string, object: string, options: TaskOptions): Promise<void> {
  const { sendObject } = await import('./object-writing.js');
  const from = await openBytes(file);
  try {
    await sendObject(object, from, options);
  } finally {
    await from.close();
  }
}
