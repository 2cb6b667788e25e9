import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** How a file is packed, by its first bytes; null where it is not, or where that is not read here. */
export function packedAs(start: Uint8Array): 'gzip' | 'zstd' | null {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  return start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd ? 'zstd' : null;
}

/** A packed stream's contents, piece by piece. Throws `DamagedPacking` where they are damaged or cut short. */
export async function* unpacked(packed: Readable, how: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  try {
    if (how === 'gzip')
      yield* pipeline(packed, createGunzip({ chunkSize: 2 ** 20 }), () => {}) as AsyncIterable<Buffer>;
    else yield* unzstd(packed);
  } catch (error) {
    // Errors of the file system have a code in letters of their own (ENOENT, EIO).
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && !code.startsWith('Z_')) throw error;
    throw new DamagedPacking('damaged or cut short', { cause: error });
  }
}

export class DamagedPacking extends Error {}

/** Not node:zlib's, which takes a stream that is cut short (Node 22.23) for a whole one. No checksum is looked at. */
async function* unzstd(packed: Readable): AsyncGenerator<Buffer> {
  const { Decompress } = await import('fzstd');
  const made: Buffer[] = [];
  // A chunk is a part of a window that is written again.
  const stream = new Decompress((chunk) => made.push(Buffer.from(chunk)));
  for await (const bytes of packed as AsyncIterable<Buffer>) {
    stream.push(bytes);
    yield* made.splice(0);
  }
  stream.push(new Uint8Array(0), true);
  yield* made.splice(0);
}
