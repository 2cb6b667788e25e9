import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** How a file is packed, by its first bytes; null where it is not, or in a way that is not unpacked here. */
export function packedAs(start: Uint8Array): 'gzip' | 'zstd' | null {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  return start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd ? 'zstd' : null;
}

/** A packed stream's contents, piece by piece. @throws DamagedPacking where they are damaged or cut short */
export async function* unpacked(packed: Readable, how: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  try {
    if (how === 'gzip')
      yield* pipeline(packed, createGunzip({ chunkSize: 2 ** 20 }), () => {}) as AsyncIterable<Buffer>;
    else yield* unzstd(packed);
  } catch (error) {
    // Errors of the file system have codes such as ENOENT and EIO, those of zlib begin with Z_, those of fzstd are numbers.
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && !code.startsWith('Z_')) throw error;
    throw new DamagedPacking('damaged or cut short', { cause: error });
  }
}

/** Compressed data that are damaged or cut short; for the caller to name the file. */
export class DamagedPacking extends Error {}

/** Unpacks zstd. Not by node:zlib, which takes a stream that is cut short for a whole one (Node 22.23). Checks no checksum. */
async function* unzstd(packed: Readable): AsyncGenerator<Buffer> {
  const { Decompress } = await import('fzstd');
  const made: Buffer[] = [];
  // Copied, since a chunk is a view of a window that the decoder overwrites.
  const stream = new Decompress((chunk) => made.push(Buffer.from(chunk)));
  for await (const bytes of packed as AsyncIterable<Buffer>) {
    stream.push(bytes);
    yield* made.splice(0);
  }
  stream.push(new Uint8Array(0), true);
  yield* made.splice(0);
}
