import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { checkSize, refuse } from './limits.js';
import type { RgbImage } from './types.js';

/** RGBA, 8 bits. */
interface Bitmap {
  width: number;
  height: number;
  data: Uint8Array | Uint8ClampedArray;
}

/** The WebAssembly module itself; `decode` gives null where libwebp finds no whole image. */
interface Libwebp {
  decode(bytes: Uint8Array): Bitmap | null;
}

let loaded: Promise<Libwebp> | undefined;

async function load(): Promise<Libwebp> {
  const { default: instantiate } = await import('@jsquash/webp/codec/dec/webp_dec.js');
  // By default it fetches its code, which Node cannot do for files.
  const wasm = createRequire(import.meta.url).resolve('@jsquash/webp/codec/dec/webp_dec.wasm');
  const options = { wasmBinary: await readFile(wasm), printErr: () => undefined };
  const module = (await instantiate(options as object)) as unknown as Libwebp;
  return { decode: (bytes) => module.decode(bytes) };
}

/**
 * Bytes for decoding one image at most: RGBA pixels in libwebp and in the result, and once more for lossless images.
 */
const mostMemory = 1.45e9;

/** After an image of more pixels the decoder is dropped, since its memory never shrinks. */
const keepUpTo = 1 << 24;

/**
 * WebP through libwebp as WebAssembly (@jsquash/webp), whose pixels are those of Pillow: lossy and lossless, with
 * alpha, which is dropped. Of an animation the first frame is read, on its canvas, which is black outside the frame.
 * EXIF does not rotate; colour profiles are ignored.
 * @throws Refusal when there are more pixels than are read; Error when it is cut short or corrupted
 */
export async function decodeWebp(bytes: Buffer): Promise<RgbImage> {
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) throw new Error('it ends before its last byte');
  const file = bytes.subarray(0, end);
  const [first] = chunks(file, 12);
  if (!first) throw new Error('it holds no image');
  const canvas = sizeOf(first);
  checkMemory(canvas, first.kind === 'VP8L');
  if (first.kind !== 'VP8X' || !(first.body.readUInt8(0) & 0x02)) {
    const image = await decode(file);
    if (image.width !== canvas.width || image.height !== canvas.height) {
      throw new Error('its image has another size than its header says');
    }
    return image;
  }
  const frame = firstFrame(file);
  if (frame.left + frame.width > canvas.width || frame.top + frame.height > canvas.height) {
    throw new Error('its first frame reaches outside its canvas');
  }
  checkMemory(frame, true);
  return onCanvas(canvas, frame, await decode(frame.file));
}

async function decode(bytes: Buffer): Promise<RgbImage> {
  const { decode: run } = await (loaded ??= load());
  let bitmap: Bitmap | null = null;
  try {
    bitmap = run(bytes);
  } catch {
    // It ran out of memory, which is lost: the next image gets a new instance.
    loaded = undefined;
  }
  if (!bitmap) throw new Error('libwebp found no whole image in it');
  const { width, height, data } = bitmap;
  const pixels = width * height;
  if (pixels > keepUpTo) loaded = undefined;
  // A large image is converted in place, without a second copy.
  const rgb =
    pixels > keepUpTo ? new Uint8Array(data.buffer, data.byteOffset, data.length) : new Uint8Array(3 * pixels);
  for (let from = 0, to = 0; to < 3 * pixels; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return { width, height, data: rgb.subarray(0, 3 * pixels) };
}

interface Chunk {
  kind: string;
  /** With its kind and length, and padding. */
  whole: Buffer;
  body: Buffer;
}

/** The chunks of a RIFF file from a position on. @throws Error where one reaches beyond the end */
function* chunks(bytes: Buffer, from: number): Generator<Chunk> {
  for (let at = from; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32LE(at + 4);
    // A chunk of odd length is padded.
    const next = at + 8 + length + (length & 1);
    if (at + 8 + length > bytes.length) throw new Error('it breaks off');
    yield {
      kind: bytes.toString('latin1', at, at + 4),
      whole: bytes.subarray(at, next),
      body: bytes.subarray(at + 8, at + 8 + length),
    };
    at = next;
  }
}

interface Size {
  width: number;
  height: number;
}

/** The canvas's size, from the first chunk. */
function sizeOf({ kind, body }: Chunk): Size {
  if (kind === 'VP8X') return { width: body.readUIntLE(4, 3) + 1, height: body.readUIntLE(7, 3) + 1 };
  if (kind === 'VP8 ' && body.toString('latin1', 3, 6) === '\x9d\x01\x2a') {
    return { width: body.readUInt16LE(6) & 0x3fff, height: body.readUInt16LE(8) & 0x3fff };
  }
  if (kind === 'VP8L' && body.readUInt8(0) === 0x2f) {
    const bits = body.readUInt32LE(1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  throw new Error('its header is damaged');
}

function checkMemory({ width, height }: Size, lossless: boolean): void {
  checkSize(width, height);
  if (width * height * (lossless ? 12 : 8) > mostMemory)
    refuse(`a WebP of ${width} x ${height}`, 'save it smaller, or as PNG');
}

interface Frame extends Size {
  left: number;
  top: number;
  /** The frame as a file of its own. */
  file: Buffer;
}

function firstFrame(file: Buffer): Frame {
  for (const { kind, body } of chunks(file, 12)) {
    if (kind !== 'ANMF') continue;
    const [left, top] = [0, 3].map((offset) => 2 * body.readUIntLE(offset, 3));
    const [width, height] = [6, 9].map((offset) => body.readUIntLE(offset, 3) + 1);
    const parts = [...chunks(body, 16)].filter((part) => ['ALPH', 'VP8 ', 'VP8L'].includes(part.kind));
    return { left, top, width, height, file: fileOf(parts, body.subarray(6, 12)) };
  }
  throw new Error('it has no frame');
}

/** A frame as a file, in the extended form, which allows alpha. @param size of the frame, as the header has it */
function fileOf(parts: readonly Chunk[], size: Buffer): Buffer {
  const header = Buffer.concat([Buffer.from('VP8X\x0a\0\0\0\x10\0\0\0', 'latin1'), size]);
  const all = Buffer.concat([header, ...parts.map(({ whole }) => whole)]);
  const riff = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  riff.writeUInt32LE(all.length + 4, 4);
  return Buffer.concat([riff, all]);
}

/** A frame on its canvas. */
function onCanvas({ width, height }: Size, { left, top, ...size }: Frame, image: RgbImage): RgbImage {
  if (image.width !== size.width || image.height !== size.height) {
    throw new Error('its first frame has another size than its header says');
  }
  if (image.width === width && image.height === height) return image;
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < image.height; row++) {
    const line = image.data.subarray(3 * row * image.width, 3 * (row + 1) * image.width);
    data.set(line, 3 * ((top + row) * width + left));
  }
  return { width, height, data };
}
