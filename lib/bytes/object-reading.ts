import { FeatReconstructError } from '../base/index.js';
import { allocate, type OpenBytes } from './byte-file.js';
import { errorName, storage, storageError } from './object-client.js';
import { objectFolder, objectName, type ObjectName } from './object-name.js';

/**
 * Objects read in ranges. A request takes tens of milliseconds whatever it brings, and a store is read in blocks of 4,096 rows
 * of two tensors in turn, which may be a few kilobytes each. So an object is fetched in pieces of 8 MiB, which take longer than the
 * way to the server; a block of many columns is several of them, some at once.
 */
const pieceLength = 8 * 2 ** 20;

/** Fetched on opening: the headers of most files. */
const headLength = 2 ** 16;

/** Pieces fetched at once for one read: one connection does not fill a network. */
const atOnce = 4;

/** Pieces kept, of all objects together: the shards of a data set may be open all at once. */
const mostPieces = 16;

/** Attempts for a body that breaks off; the client itself repeats only requests that get no answer. */
const attempts = 3;

/** Pieces by object and place, the one that was used last at the end. */
const pieces = new Map<string, Promise<Uint8Array>>();

/** A range of an object, and the object that it is of. */
interface Range {
  bytes: Uint8Array;
  size: number;
  /** Another one whenever the object has been replaced. */
  etag: string;
}

let opened = 0;

/**
 * Opens an object. Its ranges are those of the object that was there on opening: one that replaces it is told.
 * @throws FeatReconstructError where there is none, or it cannot be read
 */
export async function openObject(path: string): Promise<OpenBytes> {
  const name = objectName(path);
  const { bytes: head, size, etag } = await fetchRange(path, name, 0, headLength);
  const id = `${++opened} `;

  const piece = (k: number): Promise<Uint8Array> => {
    const place = id + k;
    const start = k * pieceLength;
    const found = pieces.get(place);
    const wanted = found ?? fetchWhole(path, name, start, Math.min(pieceLength, size - start), etag);
    pieces.delete(place);
    pieces.set(place, wanted);
    // What failed is not kept; whoever waits for it hears of it.
    if (!found) wanted.catch(() => pieces.delete(place));
    for (const oldest of pieces.keys()) {
      if (pieces.size <= mostPieces) break;
      pieces.delete(oldest);
    }
    return wanted;
  };

  return {
    name: `'${path}'`,
    size,
    async read(offset, length) {
      const bytes = allocate(path, length);
      const end = offset + length;
      if (end > size) {
        throw new FeatReconstructError(
          `'${path}' ends at byte ${size}, expected ${end}: it is cut short. Upload it again.`,
          { code: 'damaged' },
        );
      }
      if (end <= head.length || length === 0) {
        bytes.set(head.subarray(offset, end));
        return bytes;
      }
      const last = Math.ceil(end / pieceLength);
      let next = Math.floor(offset / pieceLength);
      const work = async (): Promise<void> => {
        while (next < last) {
          const k = next++;
          const start = k * pieceLength;
          const from = Math.max(offset, start);
          const part = (await piece(k)).subarray(from - start, Math.min(end, start + pieceLength) - start);
          bytes.set(part, from - offset);
        }
      };
      await Promise.all(Array.from({ length: Math.min(atOnce, last - next) }, work));
      return bytes;
    },
    async close() {
      for (const place of [...pieces.keys()]) if (place.startsWith(id)) pieces.delete(place);
    },
  };
}

/**
 * What tells an object from another one at the same place: null where there is none.
 * @throws FeatReconstructError where that cannot be said, as without its bucket
 */
export async function stateOfObject(path: string): Promise<string | null> {
  const name = objectName(path);
  try {
    const { size, etag } = await fetchRange(path, name, 0, 1);
    return `${size} ${etag}`;
  } catch (error) {
    if (errorName((error as Error).cause) === 'NoSuchKey') return null;
    throw error;
  }
}

/** The names in a folder of objects, without those in folders below it. @throws FeatReconstructError where it cannot be listed */
export async function namesInObjectFolder(path: string): Promise<string[]> {
  const { bucket, key } = objectFolder(path);
  const { client, sdk } = await storage();
  const names: string[] = [];
  try {
    for (let token: string | undefined, more = true; more;) {
      const page = await client.send(
        new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: key, Delimiter: '/', ContinuationToken: token }),
      );
      for (const { Key } of page.Contents ?? []) if (Key && Key !== key) names.push(Key.slice(key.length));
      token = page.NextContinuationToken;
      more = page.IsTruncated === true && token !== undefined;
    }
  } catch (error) {
    throw storageError(error, path, { bucket, key }, 'read');
  }
  return names;
}

/** A range of an object that has all of it. */
async function fetchWhole(
  path: string,
  name: ObjectName,
  offset: number,
  length: number,
  etag: string,
): Promise<Uint8Array> {
  const { bytes } = await fetchRange(path, name, offset, length, etag);
  if (bytes.length === length) return bytes;
  throw cutShort(path, length, offset, bytes.length);
}

/**
 * The bytes of a range, fewer where the object ends.
 * @param etag the object that they have to be of
 */
async function fetchRange(
  path: string,
  name: ObjectName,
  offset: number,
  length: number,
  etag?: string,
): Promise<Range> {
  const { client, sdk } = await storage();
  const command = new sdk.GetObjectCommand({
    Bucket: name.bucket,
    Key: name.key,
    Range: `bytes=${offset}-${offset + length - 1}`,
    IfMatch: etag || undefined,
  });
  for (let left = attempts; ; left--) {
    const answer = await client.send(command).catch((error: unknown) => {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      // No range of an empty object can be had.
      if (status === 416 && etag === undefined) return null;
      if (etag !== undefined && (status === 412 || status === 404 || status === 416)) throw replaced(path, error);
      throw storageError(error, path, name, 'read');
    });
    if (answer === null) return { bytes: new Uint8Array(0), size: 0, etag: '' };
    const { Body, ContentRange, ContentLength, ETag = '' } = answer;
    const size = Number(/\/(\d+)$/.exec(ContentRange ?? '')?.[1]);
    // Some servers know no IfMatch, and answer with what is there now.
    const isOther = etag !== undefined && ETag !== etag;
    if (isOther || !Number.isSafeInteger(size)) {
      (Body as { destroy?: () => void } | undefined)?.destroy?.();
      throw isOther ? replaced(path) : noRanges(path);
    }
    const bytes = await Body!.transformToByteArray().catch((error: unknown) => {
      if (left === 1) throw storageError(error, path, name, 'read');
      return null;
    });
    if (bytes && (bytes.length === ContentLength || ContentLength === undefined)) return { bytes, size, etag: ETag };
    if (left === 1) throw cutShort(path, ContentLength!, offset, bytes!.length);
  }
}

const replaced = (path: string, cause?: unknown): FeatReconstructError =>
  new FeatReconstructError(
    `Expected '${path}' to stay as it was when it was opened, found that it was replaced or removed while it was read: run again when nobody writes it.`,
    { code: 'damaged', cause },
  );

const noRanges = (path: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected a range of '${path}', found that the server does not give any: copy the file to disk first.`,
    { code: 'unavailable' },
  );

const cutShort = (path: string, expected: number, offset: number, found: number): FeatReconstructError =>
  new FeatReconstructError(
    `Expected ${expected} bytes at byte ${offset} of '${path}', found ${found}: the server gives less than it says that the object has. Upload it again.`,
    { code: 'damaged' },
  );
