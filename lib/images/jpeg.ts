import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { withoutBand } from './jpeg-bands.js';
import { readJpegHeader, withColors } from './jpeg-header.js';
import type { JpegHeader } from './jpeg-header.js';
import { checkPromise, checkSize, maxPixels, refuse } from './limits.js';
import type { Photometric } from './tiff-kind.js';
import type { RgbImage } from './types.js';

/** RGBA, 8 bits. */
interface Bitmap {
  width: number;
  height: number;
  data: Uint8Array | Uint8ClampedArray;
}

/** The WebAssembly module itself; the package's `decode` wraps it in a promise and hides libjpeg's messages. */
interface Libjpeg {
  decode(bytes: Uint8Array, preserveOrientation: boolean): Bitmap | null;
  /** What libjpeg has printed. */
  messages: string[];
}

let loaded: Promise<Libjpeg> | undefined;

async function load(): Promise<Libjpeg> {
  const { default: instantiate } = await import('@jsquash/jpeg/codec/dec/mozjpeg_dec.js');
  // By default it fetches its code, which Node cannot do for files.
  const wasm = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
  const messages: string[] = [];
  const options = { wasmBinary: await readFile(wasm), printErr: (line: string) => messages.push(line) };
  const module = (await instantiate(options as object)) as unknown as Libjpeg;
  return { decode: (bytes, preserveOrientation) => module.decode(bytes, preserveOrientation), messages };
}

/**
 * Scans of the largest image at most: a progressive JPEG has about ten, and each one goes over all pixels, however
 * short it is.
 */
const mostScans = 32;

/** Bytes for decoding one image at most: images that Pillow opens without a warning (89 million pixels) take less. */
const mostMemory = 1.45e9;

/** After an image of more pixels the decoder is dropped, since its memory never shrinks. */
const keepUpTo = 1 << 24;

/**
 * JPEG through libjpeg-turbo as WebAssembly (@jsquash/jpeg), whose pixels are those of Pillow. EXIF does not rotate.
 * Of a file with several images (MPO) the first is read.
 * @throws Refusal for a kind that is not read; Error with libjpeg's message when the bytes are no JPEG or are cut short
 */
export async function decodeJpeg(bytes: Buffer): Promise<RgbImage> {
  const header = readJpegHeader(bytes);
  const { width, height, components } = header;
  checkSize(width, height);
  if (header.unread) refuse(`a JPEG that is ${header.unread}`, 'save it as an ordinary JPEG');
  if (components !== 1 && components !== 3 && components !== 4) refuse(`a JPEG of ${components} bands`);
  // The shortest code is a bit for a block of 8 x 8 pixels.
  checkPromise(header.length, header.blocks, 8);
  // RGBA pixels twice; with several scans all coefficients as well; four bands are decoded in two runs.
  const memory = (8 * width * height + (header.scans > 1 ? 2 * header.coefficients : 0)) * (components === 4 ? 2 : 1);
  if (memory > mostMemory)
    refuse(`a JPEG of ${width} x ${height} in ${header.scans} scans`, 'save it smaller, or as PNG');
  if (header.scans * width * height > mostScans * maxPixels)
    refuse(`a JPEG of ${header.scans} scans over all its pixels`);
  return components === 4 ? decodeInk(bytes, header) : dropAlpha(await decode(bytes, width * height));
}

async function decode(bytes: Buffer, pixels: number): Promise<Bitmap> {
  const { decode: run, messages } = await (loaded ??= load());
  messages.length = 0;
  let bitmap: Bitmap | null = null;
  try {
    bitmap = run(bytes, false);
  } catch {
    // libjpeg called exit(), and its memory is lost: the next image gets a new instance.
    loaded = undefined;
  }
  if (pixels > keepUpTo) loaded = undefined;
  // If a file is cut short, libjpeg fills the rest with grey and only warns.
  const premature = messages.find((line) => line.includes('Premature end'));
  if (!bitmap || premature) throw new Error(premature ?? (messages.at(-1) || 'libjpeg found no image'));
  return bitmap;
}

/**
 * A JPEG in the four colours of print, converted to RGB as in Pillow. It is decoded twice, three bands each time: the
 * colours, which may be stored as YCbCr, and black.
 */
async function decodeInk(bytes: Buffer, { width, height, adobe }: JpegHeader): Promise<RgbImage> {
  const stored = adobe !== undefined && adobe !== 0 ? 1 : 0;
  const others = dropAlpha(await decode(withoutBand(bytes, 0, 0), width * height));
  // Black is the last band of the three. As in Pillow, inks in such files are inverted: 255 is paper.
  const paper = new Uint8Array(width * height);
  for (let i = 0; i < paper.length; i++) paper[i] = others.data[3 * i + 2];
  const image = dropAlpha(await decode(withoutBand(bytes, 3, stored), width * height));
  const { data } = image;
  for (let i = 0; i < data.length; i++) {
    const white = paper[Math.floor(i / 3)];
    const product = (stored ? data[i] : 255 - data[i]) * white + 128;
    data[i] = Math.max(0, white - ((product + (product >> 8)) >> 8));
  }
  return image;
}

/**
 * The samples of a strip or tile of a TIFF.
 * @param tables that all of them share, stored apart
 * @param photometric the colours, as the TIFF says
 * @returns one byte a pixel for grey, else three
 */
export async function decodeJpegInTiff(
  segment: Buffer,
  tables: Buffer | undefined,
  size: { width: number; height: number },
  photometric: Photometric,
): Promise<Uint8Array> {
  const file = withColors(segment, tables, photometric === 'ycbcr');
  const header = readJpegHeader(file);
  const grey = photometric !== 'rgb' && photometric !== 'ycbcr';
  if (header.unread) refuse(`a TIFF with a JPEG that is ${header.unread}`);
  if (header.components !== (grey ? 1 : 3)) throw new Error(`a JPEG of ${header.components} bands in it`);
  // The last strip may be stored with more rows than the image has.
  if (header.width !== size.width || header.height < size.height) {
    throw new Error(`a JPEG of ${header.width} x ${header.height} in a place of ${size.width} x ${size.height}`);
  }
  checkSize(header.width, header.height);
  const { data } = dropAlpha(await decode(file, header.width * header.height));
  return grey ? data.filter((_, i) => i % 3 === 0) : data;
}

/** RGBA to RGB, in place, since an image may be large. */
function dropAlpha({ width, height, data }: Bitmap): RgbImage {
  const length = width * height * 3;
  if (data.length !== width * height * 4) throw new Error(`${data.length} bytes for ${width} x ${height} pixels`);
  const all = new Uint8Array(data.buffer, data.byteOffset, data.length);
  for (let from = 0, to = 0; to < length; from += 4, to += 3) {
    all[to] = all[from];
    all[to + 1] = all[from + 1];
    all[to + 2] = all[from + 2];
  }
  const rgb = all.subarray(0, length);
  // A small image is copied, so as not to keep the memory of four channels.
  return { width, height, data: length > keepUpTo ? rgb : rgb.slice() };
}
