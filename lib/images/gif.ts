import { checkPromise, checkSize, refuse } from './limits.js';
import type { RgbImage } from './types.js';

/**
 * The first frame of a GIF on its canvas, as in Pillow: pixels outside the frame have its transparent colour, or colour
 * 0 where it has none, and transparent pixels have their colour of the palette. Later frames are not read.
 */

/** Where the first frame is on the canvas, and how it is written. */
interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
  interlaced: boolean;
  palette: Uint8Array;
  transparent: number | undefined;
  /** Where its blocks of codes begin in the file. */
  data: number;
  /** Bits of a code that is a colour; the codes of the file begin with one bit more. */
  codeSize: number;
}

/** @throws Error when the bytes are cut short or corrupted; Refusal when the canvas is too large */
export function decodeGif(bytes: Buffer): RgbImage {
  const frame = firstFrame(bytes);
  const width = Math.max(bytes.readUInt16LE(6), frame.left + frame.width);
  const height = Math.max(bytes.readUInt16LE(8), frame.top + frame.height);
  checkSize(width, height);
  // A code stands for at most 4,096 pixels, as many as there are codes.
  checkPromise(dataLength(bytes, frame.data), frame.width * frame.height, (8 / (frame.codeSize + 1)) * 4096);
  const { palette } = frame;
  const out = filled(width * height, palette.subarray(3 * (frame.transparent ?? 0)));
  const rows = rowOrder(frame);
  let row = rows.next();
  let x = 0;
  let at = 0;
  const start = (): void => void (at = ((frame.top + (row.value ?? 0)) * width + frame.left) * 3);
  start();
  if (frame.width === 0) return { width, height, data: out };
  decodeLzw(bytes, frame, (backwards, count) => {
    for (let i = count - 1; i >= 0 && !row.done; i--) {
      const color = 3 * backwards[i];
      out[at++] = palette[color];
      out[at++] = palette[color + 1];
      out[at++] = palette[color + 2];
      if (++x === frame.width) {
        x = 0;
        row = rows.next();
        start();
      }
    }
    return !row.done;
  });
  if (!row.done) throw new Error('its first frame ends before the last row');
  return { width, height, data: out };
}

/** An image of one colour. */
function filled(pixels: number, [red, green, blue]: Uint8Array): Uint8Array {
  const out = new Uint8Array(3 * pixels);
  if (red === green && green === blue) return red === 0 ? out : out.fill(red);
  out.set([red, green, blue]);
  // What is filled is doubled until all is.
  for (let done = 3; done < out.length; done *= 2) out.copyWithin(done, 0, Math.min(done, out.length - done));
  return out;
}

/** Bytes in the blocks from `at` on. */
function dataLength(bytes: Buffer, at: number): number {
  let length = 0;
  for (; at < bytes.length && bytes[at] !== 0; at += 1 + bytes[at]) length += bytes[at];
  return length;
}

/** Rows in the order in which they are stored. */
function* rowOrder({ height, interlaced }: Frame): Generator<number, undefined> {
  const passes = interlaced
    ? [
        [0, 8],
        [4, 8],
        [2, 4],
        [1, 2],
      ]
    : [[0, 1]];
  for (const [from, step] of passes) for (let y = from; y < height; y += step) yield y;
}

function firstFrame(bytes: Buffer): Frame {
  let at = 13;
  const readPalette = (flags: number): Uint8Array | undefined => {
    if (!(flags & 0x80)) return undefined;
    const length = 3 << ((flags & 7) + 1);
    if (at + length > bytes.length) throw new Error('it breaks off within its palette');
    return bytes.subarray(at, (at += length));
  };
  const global = readPalette(bytes.readUInt8(10));
  let transparent: number | undefined;
  for (;;) {
    const kind = bytes.readUInt8(at++);
    if (kind === 0x21) {
      const label = bytes.readUInt8(at++);
      const length = bytes.readUInt8(at);
      if (label === 0xf9 && length >= 4 && bytes.readUInt8(at + 1) & 1) transparent = bytes.readUInt8(at + 4);
      while (bytes.readUInt8(at) !== 0) at += 1 + bytes[at];
      at++;
    } else if (kind === 0x2c) {
      const [left, top, width, height] = [0, 2, 4, 6].map((offset) => bytes.readUInt16LE(at + offset));
      const flags = bytes.readUInt8(at + 8);
      at += 9;
      const local = readPalette(flags);
      // Pillow ignores such a local palette and uses the global one.
      if (local && global && isRamp(local) && !isRamp(global)) {
        refuse('a GIF whose first frame has a palette of plain grey levels and that has another one besides');
      }
      const palette = fullPalette(local ?? global);
      const codeSize = bytes.readUInt8(at++);
      return { left, top, width, height, interlaced: (flags & 0x40) !== 0, palette, transparent, data: at, codeSize };
    } else if (kind === 0x3b) throw new Error('it has no frame');
    // Anything else between blocks is skipped, as in Pillow.
  }
}

/** Whether every index is its grey level. */
const isRamp = (palette: Uint8Array): boolean => palette.every((value, i) => value === Math.floor(i / 3));

/**
 * A palette of 256 colours: those that are not given are black; without a palette, or with a plain grey one, the index
 * is the grey level.
 */
function fullPalette(given: Uint8Array | undefined): Uint8Array {
  if (!given || isRamp(given)) return Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  const palette = new Uint8Array(768);
  palette.set(given);
  return palette;
}

/** Gives the pixels of each code to `take`, the last one first, until it returns false or the codes end. */
function decodeLzw(
  bytes: Buffer,
  { data, codeSize }: Frame,
  take: (backwards: Uint8Array, count: number) => boolean,
): void {
  if (codeSize > 11) throw new Error(`codes of ${codeSize} bits`);
  const clear = 1 << codeSize;
  const prefix = new Uint16Array(4096);
  const last = new Uint8Array(4096);
  const stack = new Uint8Array(4097);
  let size = codeSize + 1;
  let next = clear + 2;
  let previous = -1;
  let first = 0;
  let buffer = 0;
  let bits = 0;
  for (let at = data, left = 0; ;) {
    while (bits < size) {
      if (left === 0) {
        left = bytes[at++] ?? 0;
        if (left === 0) return;
      }
      if (at >= bytes.length) return;
      buffer |= bytes[at++] << bits;
      bits += 8;
      left--;
    }
    const code = buffer & ((1 << size) - 1);
    buffer >>>= size;
    bits -= size;
    if (code === clear) {
      size = codeSize + 1;
      next = clear + 2;
      previous = -1;
      continue;
    }
    if (code === clear + 1) return;
    if (code > next || (previous < 0 && code > clear)) throw new Error('its codes are damaged');
    let top = 0;
    let walk = code;
    if (code === next) {
      stack[top++] = first;
      walk = previous;
    }
    for (; walk > clear; walk = prefix[walk]) stack[top++] = last[walk];
    first = walk;
    stack[top++] = first;
    if (!take(stack, top)) return;
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      last[next] = first;
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    previous = code;
  }
}
