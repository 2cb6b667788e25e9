import { join } from 'node:path';
import { FeatReconstructError, UsageError } from '../base/index.js';

/**
 * Names of objects, `s3://bucket/key`, as the AWS command line writes them. What reads and writes objects is in
 * `object-storage.ts`, which is loaded when the first of them is used.
 */

/** An object, or where one is to be. */
export interface ObjectName {
  bucket: string;
  /** As it was typed: nothing in it is decoded. */
  key: string;
}

/** Whether a path is the name of an object, or of a folder of objects where it ends in a slash. */
export const isObject = (path: string): boolean => /^s3:\/\//i.test(path);

/** Whether a path is a folder of objects: these have no folders, so that the slash says it. */
export const isObjectFolder = (path: string): boolean => isObject(path) && path.endsWith('/');

/**
 * The parts of an object's name.
 * @throws UsageError where one of them is missing, or a slash at the end names a folder
 */
export function objectName(path: string): ObjectName {
  const { bucket, key } = parts(path);
  if (bucket !== '' && key !== '' && !key.endsWith('/')) return { bucket, key };
  const found = bucket === '' ? 'no bucket' : key === '' ? 'no key' : 'the name of a folder';
  throw new UsageError(`Expected an object as s3://bucket/key, found ${found} in '${path}': name a file in it.`);
}

/** The parts of a folder of objects: everything whose key begins with `key`. @throws UsageError where there is no bucket */
export function objectFolder(path: string): ObjectName {
  const { bucket, key } = parts(path);
  if (bucket !== '') return { bucket, key };
  throw new UsageError(`Expected a folder of objects as s3://bucket/folder/, found no bucket in '${path}': name it.`);
}

function parts(path: string): ObjectName {
  // An access point is named by an ARN with a slash of its own.
  const [, bucket = '', key = ''] = /^s3:\/\/(arn:[^/]*\/[^/]*|[^/]*)(?:\/(.*))?$/is.exec(path) ?? [];
  return { bucket, key };
}

/** The path of a file in a folder, on disk or of objects. */
export const inFolder = (folder: string, name: string): string =>
  isObject(folder) ? `${folder.replace(/\/?$/, '/')}${name}` : join(folder, name);

/** What begins with a scheme. One letter is a drive of Windows, and one slash is a path behind the name of a data set. */
const address = /^(?:[a-z][a-z0-9+.-]+:\/\/|s3[an]?:\/|arn:aws)/i;

/**
 * Refuses the address of something else than a file or an object: on disk it would be looked for, or made, in a folder
 * called `gs:`.
 * @throws UsageError saying how the same is written here, where there is such a thing
 */
export function checkAddress(path: string): void {
  if (!address.test(path) || isObject(path)) return;
  throw new UsageError(`Expected a path or s3://bucket/key, found '${path}': ${advice(path)}.`);
}

/**
 * Refuses the name of an object, and any other address, where only files on disk are read.
 * @param what is expected: `a model`
 * @throws FeatReconstructError for these
 */
export function checkOnDisk(path: string, what: string): void {
  checkAddress(path);
  if (!isObject(path)) return;
  throw new FeatReconstructError(
    `Expected ${what} on disk, found the name of an object, '${path}': copy it first (aws s3 cp).`,
  );
}

function advice(path: string): string {
  const s3 = [
    // path.join makes one slash of two, so this is also what a folder of objects becomes where folders are on disk only.
    /^s3:\/(?!\/)(?<bucket>[^/]+)\/(?<key>.+)$/i,
    /^s3[an]:\/\/?(?<bucket>[^/]+)\/(?<key>.+)$/i,
    /^arn:aws[\w-]*:s3:::(?<bucket>[^/]+)\/(?<key>.+)$/i,
    /^https?:\/\/(?<bucket>[^/]+)\.s3[.-](?:[\w-]+\.)*amazonaws\.com(?:\.cn)?\/(?<key>[^?#]+)/i,
    /^https?:\/\/s3[.-](?:[\w-]+\.)*amazonaws\.com(?:\.cn)?\/(?<bucket>[^/?#]+)\/(?<key>[^?#]+)/i,
  ];
  for (const pattern of s3) {
    const { bucket, key } = pattern.exec(path)?.groups ?? {};
    if (bucket === undefined) continue;
    const typed = /^https?:/i.test(path) ? decoded(key) : key;
    return `an object is written as s3://${bucket}/${typed}, and folders of results are made on disk only`;
  }
  if (/^s3/i.test(path)) return 'an object is written as s3://bucket/key, and folders of results are made on disk only';
  const [, file] = /^file:\/\/(?:localhost)?(\/.*)$/i.exec(path) ?? [];
  if (file !== undefined) return `give ${decoded(file)} without file://`;
  return 'nothing else is read or written over a network, so copy it to disk first';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
