import { open, stat } from 'node:fs/promises';
import { count, FeatReconstructError, systemPath } from '../base/index.js';
import type { ByteFile } from './byte-file.js';
import { fill } from './files.js';

/** A file on disk that is opened for each read; undefined when there is no regular file. */
export async function fileOnDisk(path: string): Promise<ByteFile | undefined> {
  const info = await statOrNone(path);
  if (!info?.isFile()) return undefined;
  return { name: path, size: info.size, read: (offset, length) => readRange(path, offset, length) };
}

/** Bytes in memory. */
export function bytesInMemory(name: string, bytes: Uint8Array): ByteFile {
  return { name, size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** All bytes of a file that should be small. @throws FeatReconstructError where it has more than `most` bytes */
export async function readWhole(file: ByteFile, most: number): Promise<Uint8Array> {
  if (file.size <= most) return file.read(0, file.size);
  throw new FeatReconstructError(
    `${file.name} has ${count(file.size)} bytes, expected at most ${count(most)}: it is corrupted or something else, so download it again.`,
    { code: 'damaged' },
  );
}

/**
 * Refuses named pipes, sockets and devices before a byte is read; folders pass, for callers that tell them themselves.
 * @throws FeatReconstructError for these
 */
export async function checkRegular(path: string): Promise<void> {
  const info = await statOrNone(path);
  if (info && !info.isFile() && !info.isDirectory()) throw notRegular(path);
}

/**
 * What is at a path, symbolic links followed; undefined when nothing is.
 * @throws FeatReconstructError where it cannot be looked at
 */
export async function statOrNone(path: string) {
  return stat(systemPath(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    return unreadable(path)(error);
  });
}

/** The error for a named pipe, a socket or a device: reading one may wait for ever, or never end. */
export function notRegular(path: string): FeatReconstructError {
  return new FeatReconstructError(
    `${path} is not a regular file (it is a named pipe, a socket or a device): expected one on disk, so copy what it gives to a file first.`,
  );
}

/** A handler for `catch` that throws what is wrong where the system refuses to read a path. */
export function unreadable(path: string) {
  return (error: NodeJS.ErrnoException): never => {
    const why = error.code === 'ENOENT' ? 'it is not there (any more)' : (error.code ?? error.message);
    throw new FeatReconstructError(`${path} cannot be read: ${why}.`, {
      cause: error,
      code: error.code === 'ENOENT' ? 'not-found' : 'system',
    });
  };
}

/**
 * The bytes [offset, offset + length) of a file.
 * @throws FeatReconstructError where it cannot be read or ends before them
 */
export async function readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  const handle = await open(path, 'r').catch(unreadable(path));
  try {
    const done = await fill(handle, bytes, offset);
    if (done === length) return bytes;
    throw new FeatReconstructError(
      `${path} ended at byte ${offset + done} where ${offset + length} were expected: it changed while it was read.`,
      { code: 'damaged' },
    );
  } finally {
    await handle.close();
  }
}
