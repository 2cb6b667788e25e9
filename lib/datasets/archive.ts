import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FeatReconstructError } from '../base/index.js';
import { bytesInMemory, checkRegular, unreadable, type ByteFile } from './byte-file.js';
import { fileReader, streamReader } from './byte-reader.js';
import { tarEntries, type TarEntry } from './tar.js';

/** Bytes of the largest file that is taken out of an archive; CIFAR's largest has 155 MB. */
const MOST_OF_A_MEMBER = 2 ** 29;
/** Bytes that an archive may unpack to; CIFAR-100's has 186 MB. A small file can be made to unpack without end. */
const MOST_OF_AN_ARCHIVE = 2 ** 30;

/**
 * Reads some members of a `.tar.gz` into memory, in one pass over the archive and to its end, so that its checksum is
 * checked. Members that are not there are left out.
 *
 * @throws FeatReconstructError when the archive is cut short, corrupted or far larger than it can be, or an entry's path leads out
 *   of it
 */
export async function readTarGz(path: string, members: readonly string[]): Promise<Map<string, ByteFile>> {
  await checkRegular(path);
  const files = new Map<string, ByteFile>();
  const unpacked = pipeline(createReadStream(path), createGunzip({ chunkSize: 1 << 18 }), () => {});
  try {
    const reader = streamReader(unpacked);
    for await (const { name, size } of tarEntries(reader, path)) {
      if (reader.position + size > MOST_OF_AN_ARCHIVE) throw tooLarge(path);
      if (!members.includes(name)) continue;
      if (size > MOST_OF_A_MEMBER) throw tooLarge(`${path}/${name}`);
      const bytes = await reader.read(size);
      if (bytes.length < size) throw cutShort(path);
      files.set(name, bytesInMemory(`${path}/${name}`, bytes));
    }
    const left = MOST_OF_AN_ARCHIVE - reader.position;
    await reader.skip(left);
    if ((await reader.read(1)).length > 0) throw tooLarge(path);
  } catch (error) {
    throw readableError(path, error as NodeJS.ErrnoException);
  } finally {
    unpacked.destroy();
  }
  return files;
}

/** Where each file of a `.tar` lies in it: one walk over its headers, so that files can then be read by range. */
export async function indexTar(path: string): Promise<TarEntry[]> {
  await checkRegular(path);
  const handle = await open(path, 'r').catch(unreadable(path));
  try {
    const entries: TarEntry[] = [];
    const reader = fileReader(handle, (await handle.stat()).size);
    for await (const entry of tarEntries(reader, path)) entries.push(entry);
    return entries;
  } finally {
    await handle.close();
  }
}

function tooLarge(name: string): FeatReconstructError {
  return new FeatReconstructError(
    `${name} unpacks to more than any file of this data set has: it is corrupted or something else, so download it again.`,
  );
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
