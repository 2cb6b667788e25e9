import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { count, FeatReconstructError, type ErrorCode } from '../base/index.js';
import { removeLeavings, temporaryName } from './leavings.js';

/** Bytes of one read or write at most: Node refuses those of 2 GiB or more. */
const largestTransfer = 2 ** 30;

/** The error of the operating system about a file, as one that says what to do. Errors of ours stay as they are. */
export function fileError(error: unknown, path: string, doing: 'read' | 'write'): FeatReconstructError {
  if (error instanceof FeatReconstructError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const say = (text: string, as: ErrorCode = 'system'): FeatReconstructError =>
    new FeatReconstructError(text, { cause: error, code: as });
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return say(
      `The disk is full: could not write '${path}'. Free some space or choose another folder, then run again.`,
    );
  }
  if (code === 'ENOENT') {
    return doing === 'read'
      ? say(`Expected a file at '${path}', found none: check the path.`, 'not-found')
      : say(
          `Could not write '${path}': its folder does not exist. Create the folder or choose another one.`,
          'not-found',
        );
  }
  if (code === 'EISDIR')
    return say(`Expected a file at '${path}', found a folder: name a file inside it.`, 'bad-input');
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return say(`No permission to ${doing} '${path}': change its permissions or choose another path.`);
  }
  return say(`Could not ${doing} '${path}': ${message}`);
}

/** Bytes that are read in ranges: a file of any size, a part of one, or bytes already in memory. */
export interface ByteFile {
  /** What errors call it. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The bytes [offset, offset + length); may be a view of memory that the file owns. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A `ByteFile` that stays open until it is closed. */
export interface OpenBytes extends ByteFile {
  /** The bytes [offset, offset + length), in an array that the caller may change. */
  read(offset: number, length: number): Promise<Uint8Array & { readonly buffer: ArrayBuffer }>;
  close(): Promise<void>;
}

/**
 * Opens a file by its path, or bytes in memory as if they were one.
 * @throws FeatReconstructError when there is no such file or it cannot be read
 */
export async function openBytes(source: string | Uint8Array): Promise<OpenBytes> {
  if (typeof source !== 'string') {
    return {
      name: 'the given bytes',
      size: source.byteLength,
      read: async (offset, length) => Uint8Array.from(source.subarray(offset, offset + length)),
      close: async () => {},
    };
  }
  const { handle, size } = await openFile(source);
  return {
    name: `'${source}'`,
    size,
    read: (offset, length) => readExactly(handle, source, offset, length),
    close: () => handle.close(),
  };
}

/**
 * Opens a regular file for reading. To open a pipe would wait for somebody to write to it, and a device has no end.
 * @throws FeatReconstructError for anything else
 */
async function openFile(path: string): Promise<{ handle: FileHandle; size: number }> {
  let handle: FileHandle | undefined;
  try {
    // Windows has no such flag, nor pipes among its files.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const found = await handle.stat();
    if (found.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    if (!found.isFile()) throw noRegularFileError(path);
    return { handle, size: found.size };
  } catch (error) {
    await handle?.close();
    // A socket cannot be opened at all.
    throw (error as NodeJS.ErrnoException).code === 'ENXIO' ? noRegularFileError(path) : fileError(error, path, 'read');
  }
}

/** What a shell makes of `<(command)`: a pipe that somebody writes to, so that reading it ends. */
const ofShell = /^\/(dev\/stdin|(dev|proc\/self)\/fd\/\d+)$/;

/**
 * Call this before reading a file to its end by other means than `openBytes`: a named pipe would be waited for, and
 * some devices have no end. Unlike `checkRegular` it refuses folders, and takes the pipes that a shell makes.
 * @throws FeatReconstructError for anything else that is there and is no regular file
 */
export async function checkRegularFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found || found.isFile() || (found.isFIFO() && ofShell.test(path))) return;
  throw found.isDirectory()
    ? fileError(Object.assign(new Error(), { code: 'EISDIR' }), path, 'read')
    : noRegularFileError(path);
}

const noRegularFileError = (path: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected a regular file at '${path}', found a pipe, a socket or a device: write its content to a file first.`,
  );

async function readExactly(handle: FileHandle, path: string, offset: number, length: number) {
  const bytes = allocate(path, length);
  let done: number;
  try {
    done = await fill(handle, bytes, offset);
  } catch (error) {
    throw fileError(error, path, 'read');
  }
  if (done === length) return bytes;
  throw new FeatReconstructError(
    `'${path}' ends at byte ${offset + done}, expected ${offset + length}: it was cut short while it was read.`,
    { code: 'damaged' },
  );
}

/**
 * Reads an open file from `offset` on until `bytes` is full or the file ends; the system may end one read early. All
 * reads of ranges go through here.
 * @returns how many bytes were read
 */
export async function fill(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, largestTransfer);
    const { bytesRead } = await handle.read(bytes, done, length, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** At most `length` bytes of an open file, fewer at its end only. */
export async function upTo(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, await fill(handle, bytes, offset));
}

function allocate(path: string, length: number): Uint8Array<ArrayBuffer> {
  try {
    // Not pooled, so that every element type is aligned, and not zeroed first.
    return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
  } catch (error) {
    throw tooLarge(`'${path}'`, length, error);
  }
}

/** The error where an array of this size cannot be made: JavaScript limits its length, and the machine its memory. */
export const tooLarge = (name: string, bytes: number, cause: unknown): FeatReconstructError =>
  new FeatReconstructError(
    `Expected ${name} to fit in memory, found ${count(bytes)} bytes to be read in one piece: read it in ranges of rows, or split it.`,
    { code: 'too-large', cause },
  );

/** Writes all of `bytes` at `position`. @throws FeatReconstructError where the system does not */
export async function writeRange(handle: FileHandle, path: string, bytes: Uint8Array, position: number): Promise<void> {
  try {
    for (let done = 0; done < bytes.byteLength;) {
      const length = Math.min(bytes.byteLength - done, largestTransfer);
      done += (await handle.write(bytes, done, length, position + done)).bytesWritten;
    }
  } catch (error) {
    throw fileError(error, path, 'write');
  }
}

/**
 * Writes a file under a temporary name beside it and renames it when it is complete and on disk, so that a crash or a
 * full disk leaves the old file or none. Temporary files that a killed process left of it are removed first.
 * @throws FeatReconstructError where it cannot be written, or something else than a regular file is there
 */
export async function writeWhole(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  await checkReplaceable(path);
  await removeLeavings(path);
  const temporary = temporaryName(path);
  try {
    const handle = await open(temporary, 'wx');
    try {
      let position = 0;
      for (const chunk of chunks) {
        await writeRange(handle, path, chunk, position);
        position += chunk.byteLength;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, path, 'write');
  }
}

/**
 * Checks that a path is free or has a regular file: renaming over a device (`/dev/null`) would remove the device.
 * @throws FeatReconstructError where something else is there
 */
export async function checkReplaceable(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found || found.isFile()) return;
  if (found.isDirectory()) throw fileError(Object.assign(new Error(), { code: 'EISDIR' }), path, 'write');
  throw new FeatReconstructError(
    `Expected a regular file or nothing at '${path}', found a pipe, a socket or a device: name a file to write.`,
  );
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}
