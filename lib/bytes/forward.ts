import type { FileHandle } from 'node:fs/promises';
import { upTo } from './files.js';

/** Bytes read from first to last. */
export interface ForwardBytes {
  readonly position: number;
  /** Where the bytes end; undefined where that is not known in advance. */
  readonly end?: number;
  /** The next `length` bytes, fewer at the end only. */
  read(length: number): Promise<Uint8Array>;
  skip(length: number): Promise<void>;
}

/** Reads an open file of `end` bytes; what is skipped is not read. */
export function fileReader(handle: FileHandle, end: number): ForwardBytes {
  let position = 0;
  return {
    end,
    get position() {
      return position;
    },
    async read(length) {
      const bytes = await upTo(handle, position, length);
      position += bytes.length;
      return bytes;
    },
    async skip(length) {
      position += length;
    },
  };
}

/** Reads a stream that can only go forward, such as a decompressor. */
export function streamReader(stream: AsyncIterable<Uint8Array>): ForwardBytes {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let position = 0;

  /** Calls `piece` for the next `length` bytes, in the pieces in which the stream has them. */
  async function take(length: number, piece: (bytes: Uint8Array) => void): Promise<void> {
    for (let left = length; left > 0;) {
      if (rest.length === 0) {
        const { done, value } = await chunks.next();
        if (done) return;
        rest = value;
      }
      const bytes = rest.subarray(0, left);
      piece(bytes);
      rest = rest.subarray(bytes.length);
      position += bytes.length;
      left -= bytes.length;
    }
  }

  return {
    get position() {
      return position;
    },
    async read(length) {
      const pieces: Uint8Array[] = [];
      await take(length, (bytes) => pieces.push(bytes));
      return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    },
    async skip(length) {
      await take(length, () => {});
    },
  };
}
