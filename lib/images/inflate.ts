import { constants, createInflate, inflateSync } from 'node:zlib';

/** Inflated data, read a piece at a time. */
interface Inflated {
  /**
   * The next `length` bytes, which the caller may change. A promise only if they are not inflated yet.
   * @throws Error when the data end before
   */
  take(length: number): Uint8Array | Promise<Uint8Array>;
  /** To be called when no more is needed. */
  close(): void;
}

/** Bytes up to which all is inflated at once, which is several times as fast for small images. */
const mostAtOnce = 1 << 24;

/** Inflates the parts of zlib data. @param length bytes that are needed at most; the data may hold more */
export function inflated(parts: readonly Buffer[], length: number): Inflated {
  if (length <= mostAtOnce) {
    const all = inflateWhole(parts.length === 1 ? parts[0] : Buffer.concat(parts), length);
    if (all) return fromBytes(all);
  }
  return fromStream(parts);
}

/** Data that are cut short are inflated as far as they go: the reader knows whether that is enough. */
const finishFlush = constants.Z_SYNC_FLUSH;

/**
 * Inflates zlib data at once.
 * @returns undefined when that gives more than `length` bytes
 * @throws Error when they are damaged; a missing end is no damage
 */
export function inflateWhole(data: Uint8Array, length: number): Buffer | undefined {
  try {
    return inflateSync(data, { maxOutputLength: Math.max(1, length), finishFlush });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

const tooShort = (): Error => new Error('its compressed data end before the last row');

function fromBytes(all: Buffer): Inflated {
  let at = 0;
  return {
    take(length) {
      if (at + length > all.length) throw tooShort();
      return all.subarray(at, (at += length));
    },
    close() {},
  };
}

function fromStream(parts: readonly Buffer[]): Inflated {
  const stream = createInflate({ chunkSize: 1 << 18, finishFlush });
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (const part of parts) stream.write(part);
  stream.end();
  let chunk: Buffer = Buffer.alloc(0);
  let at = 0;
  const across = async (length: number): Promise<Uint8Array> => {
    const whole = new Uint8Array(length);
    for (let to = 0; to < length;) {
      if (at === chunk.length) {
        const next = await chunks.next();
        if (next.done) throw tooShort();
        chunk = next.value;
        at = 0;
      }
      const part = chunk.subarray(at, at + length - to);
      whole.set(part, to);
      to += part.length;
      at += part.length;
    }
    return whole;
  };
  return {
    take: (length) => (at + length <= chunk.length ? chunk.subarray(at, (at += length)) : across(length)),
    close: () => void stream.destroy(),
  };
}
