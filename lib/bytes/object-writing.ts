import type { TaskOptions } from '../base/index.js';
import type { ByteFile } from './byte-file.js';
import { storage, storageError, type Storage } from './object-client.js';
import { objectName, type ObjectName } from './object-name.js';

/**
 * Objects written. What is larger than a part is sent in parts, some at once, and becomes an object when all have arrived: an upload
 * that fails, is stopped or is killed leaves the object that was there, or none. The client sends a checksum with each part,
 * by which the server refuses what has changed on the way.
 */
const smallestPart = 16 * 2 ** 20;

/** S3 takes 10,000 parts at most. */
const mostParts = 9000;

/** Parts sent at once. */
const atOnce = 4;

/** Milliseconds to clean up on the server before giving that up: a command that was stopped ends soon. */
const cleaning = 800;

/** Writes chunks as an object. @throws FeatReconstructError where it cannot be written; the signal's reason when it was aborted */
export async function writeObject(path: string, chunks: Iterable<Uint8Array>, options: TaskOptions): Promise<void> {
  await sendObject(path, joined([...chunks]), options);
}

/**
 * Tries whether an object can be written, and leaves everything as it was: an upload is begun and given up.
 * @throws FeatReconstructError where it cannot
 */
export async function checkObjectPlace(path: string): Promise<void> {
  const name = objectName(path);
  const upload = await begin(await storage(), path, name);
  await upload.abort();
}

/** Writes an open file as an object. @throws FeatReconstructError as `writeObject` */
export async function sendObject(path: string, from: ByteFile, { signal, onProgress }: TaskOptions): Promise<void> {
  const name = objectName(path);
  const to = await storage();
  const partLength = Math.max(smallestPart, Math.ceil(from.size / mostParts));
  const place = { Bucket: name.bucket, Key: name.key };
  signal?.throwIfAborted();
  if (from.size <= partLength) {
    const Body = await from.read(0, from.size);
    await to.client.send(new to.sdk.PutObjectCommand({ ...place, Body }), { abortSignal: signal }).catch(failed);
    return;
  }
  const upload = await begin(to, path, name, signal);
  // One part that fails stops the others.
  const given = new AbortController();
  const stop = signal ? AbortSignal.any([signal, given.signal]) : given.signal;
  const count = Math.ceil(from.size / partLength);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const k = next++;
      const length = Math.min(partLength, from.size - k * partLength);
      await upload.part(k + 1, await from.read(k * partLength, length), stop);
      done += length;
      const [total, sent] = [from.size, done].map((bytes) => Math.ceil(bytes / 1e6));
      onProgress?.({ stage: `upload ${path}`, done: sent, total, unit: 'MB' });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
    await upload.complete(signal);
  } catch (error) {
    given.abort();
    await upload.abort();
    failed(error);
  }

  function failed(error: unknown): never {
    signal?.throwIfAborted();
    throw storageError(error, path, name, 'write');
  }
}

/** An upload in parts that has begun. */
interface Upload {
  part(number: number, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  complete(signal?: AbortSignal): Promise<void>;
  /** Gives it up; a failure to do so is nobody's error: what was sent is no object. */
  abort(): Promise<void>;
}

async function begin({ client, sdk }: Storage, path: string, name: ObjectName, signal?: AbortSignal): Promise<Upload> {
  const place = { Bucket: name.bucket, Key: name.key };
  const begun = await client
    .send(new sdk.CreateMultipartUploadCommand(place), { abortSignal: signal })
    .catch((error) => {
      throw storageError(error, path, name, 'write');
    });
  const { UploadId } = begun;
  const parts: { PartNumber: number; ETag?: string; ChecksumCRC32?: string }[] = [];
  return {
    async part(PartNumber, Body, abortSignal) {
      const sent = await client.send(new sdk.UploadPartCommand({ ...place, UploadId, PartNumber, Body }), {
        abortSignal,
      });
      parts.push({ PartNumber, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
    },
    async complete(abortSignal) {
      const Parts = parts.sort((a, b) => a.PartNumber - b.PartNumber);
      await client.send(new sdk.CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }), {
        abortSignal,
      });
    },
    async abort() {
      const abortSignal = AbortSignal.timeout(cleaning);
      await client.send(new sdk.AbortMultipartUploadCommand({ ...place, UploadId }), { abortSignal }).catch(() => {});
    },
  };
}

/** Chunks as one file. */
function joined(chunks: readonly Uint8Array[]): ByteFile {
  return {
    name: 'what is written',
    size: chunks.reduce((sum, { byteLength }) => sum + byteLength, 0),
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      let start = 0;
      for (const chunk of chunks) {
        const from = Math.max(0, offset - start);
        const to = Math.min(chunk.byteLength, offset + length - start);
        if (from < to) bytes.set(chunk.subarray(from, to), start + from - offset);
        start += chunk.byteLength;
      }
      return bytes;
    },
  };
}
