import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { count, FeatReconstructError } from '../base/index.js';
import { bytesInMemory, checkRegular, unreadable } from './ranges.js';
import type { ByteFile } from './byte-file.js';
import { fileReader, streamReader } from './forward.js';
import { tarEntries, type TarEntry, type TarOptions } from './tar.js';

/** tar archives as files on disk: compressed ones in one pass, plain ones by ranges. */

/** Bytes of the largest file that is taken out of an archive; CIFAR's largest has 155 MB. */
export const MOST_OF_A_MEMBER = 2 ** 29;
/** Bytes that an archive may unpack to; CIFAR-100's has 186 MB. Without a limit a small file could unpack for ever. */
const MOST_OF_AN_ARCHIVE = 2 ** 30;

/**
 * Reads some members of a `.tar.gz` into memory, in one pass over the archive and to its end, so that its checksum is
 * checked. Members that are not there are left out.
 *
 * @throws FeatReconstructError when the archive is cut short, corrupted or larger than the limits above, or an entry's
 *   path leads out of it
 */
export async function readTarGz(path: string, members: readonly string[]): Promise<Map<string, ByteFile>> {
  const files = new Map<string, ByteFile>();
  for await (const { name, size, read } of unpackTarGz(path)) {
    if (!members.includes(name)) continue;
    if (size > MOST_OF_A_MEMBER) throw tooLarge(`${path}/${name}`);
    files.set(name, bytesInMemory(`${path}/${name}`, await read()));
  }
  return files;
}

/** An entry of an archive that is read in one pass: `read` must be called before the next entry is asked for. */
interface UnpackedEntry extends TarEntry {
  read(): Promise<Uint8Array>;
}

/** The entries of a `.tar.gz` one after the other, to its end. @throws FeatReconstructError as {@link readTarGz} */
export async function* unpackTarGz(path: string, options: TarOptions = {}): AsyncGenerator<UnpackedEntry> {
  await checkRegular(path);
  const unpacked = pipeline(createReadStream(path), createGunzip({ chunkSize: 1 << 18 }), () => {});
  try {
    const reader = streamReader(unpacked);
    for await (const entry of tarEntries(reader, path, options)) {
      if (reader.position + entry.size > MOST_OF_AN_ARCHIVE) throw tooLarge(path);
      yield {
        ...entry,
        async read() {
          const bytes = await reader.read(entry.size).catch((error: NodeJS.ErrnoException) => {
            throw explained(path, error);
          });
          if (bytes.length < entry.size) throw cutShort(path);
          return bytes;
        },
      };
    }
    const left = MOST_OF_AN_ARCHIVE - reader.position;
    await reader.skip(left);
    if ((await reader.read(1)).length > 0) throw tooLarge(path);
  } catch (error) {
    throw explained(path, error as NodeJS.ErrnoException);
  } finally {
    unpacked.destroy();
  }
}

/**
 * Where the bytes of each file of a `.tar` begin: one walk over its headers, so that files can then be read by range.
 * @throws FeatReconstructError as `tarEntries` does, and where the file cannot be read
 */
export async function indexTar(path: string, options: TarOptions = {}): Promise<TarEntry[]> {
  await checkRegular(path);
  const handle = await open(path, 'r').catch(unreadable(path));
  try {
    const entries: TarEntry[] = [];
    const reader = fileReader(handle, (await handle.stat()).size);
    for await (const entry of tarEntries(reader, path, options)) entries.push(entry);
    return entries;
  } finally {
    await handle.close();
  }
}

function tooLarge(name: string): FeatReconstructError {
  return new FeatReconstructError(
    `${name} unpacks to more than the ${count(MOST_OF_AN_ARCHIVE)} bytes that are read of a .tar.gz: it is corrupted or something else, so download it again; or unpack it, and give the folder or the .tar.`,
    { code: 'too-large' },
  );
}

/** An error of reading or unpacking, as one that says what to do. @throws it instead where the system refused */
function explained(path: string, error: NodeJS.ErrnoException): Error {
  if (error instanceof FeatReconstructError) return error;
  if (error.code === 'Z_BUF_ERROR') return cutShort(path, error);
  if (error.code?.startsWith('Z_')) {
    return new FeatReconstructError(`${path} is corrupted or no gzip file (${error.message}): download it again.`, {
      code: 'damaged',
      cause: error,
    });
  }
  return unreadable(path)(error);
}

function cutShort(path: string, cause?: Error): FeatReconstructError {
  return new FeatReconstructError(`${path} is cut short: download it again.`, { code: 'damaged', cause });
}
