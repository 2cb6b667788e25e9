import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FeatReconstructError } from '../base/index.js';
import { bytesInMemory, unreadable, type ByteFile } from './byte-file.js';
import { fileReader, streamReader } from './byte-reader.js';
import { tarEntries, type TarEntry } from './tar.js';

/**
 * Reads some members of a `.tar.gz` into memory, in one pass over the archive and to its end, so that its checksum is
 * checked. Members that are not there are left out.
 *
 * @throws FeatReconstructError when the archive is cut short or corrupted, or an entry's path leads out of it
 */
export async function readTarGz(path: string, members: readonly string[]): Promise<Map<string, ByteFile>> {
  const files = new Map<string, ByteFile>();
  const unpacked = pipeline(createReadStream(path), createGunzip({ chunkSize: 1 << 18 }), () => {});
  try {
    const reader = streamReader(unpacked);
    for await (const { name, size } of tarEntries(reader, path)) {
      if (!members.includes(name)) continue;
      const bytes = await reader.read(size);
      if (bytes.length < size) throw cutShort(path);
      files.set(name, bytesInMemory(`${path}/${name}`, bytes));
    }
    await reader.skip(Infinity);
  } catch (error) {
    throw readableError(path, error as NodeJS.ErrnoException);
  } finally {
    unpacked.destroy();
  }
  return files;
}

/** Where each file of a `.tar` lies in it: one walk over its headers, so that files can then be read by range. */
export async function indexTar(path: string): Promise<TarEntry[]> {
  const handle = await open(path, 'r').catch(unreadable(path));
  try {
    const entries: TarEntry[] = [];
    for await (const entry of tarEntries(fileReader(handle), path)) entries.push(entry);
    return entries;
  } finally {
    await handle.close();
  }
}

function readableError(path: string, error: NodeJS.ErrnoException): Error {
  if (error instanceof FeatReconstructError) return error;
  if (error.code === 'Z_BUF_ERROR') return cutShort(path, error);
  if (error.code?.startsWith('Z_')) {
    return new FeatReconstructError(`${path} is corrupted or no gzip file (${error.message}): download it again.`, {
      cause: error,
    });
  }
  return unreadable(path)(error);
}

function cutShort(path: string, cause?: Error): FeatReconstructError {
  return new FeatReconstructError(`${path} is cut short: download it again.`, { cause });
}
