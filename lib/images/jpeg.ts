import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { decodeByJimp } from './jimp.js';

/** What jimp's formats decode to. */
export interface Bitmap {
  width: number;
  height: number;
  /** RGBA, 8 bits. */
  data: Uint8Array | Uint8ClampedArray;
}

/** The WebAssembly module's own door; the package's `decode` wraps it in a promise and hides what libjpeg says. */
interface Libjpeg {
  decode(bytes: Uint8Array, preserveOrientation: boolean): Bitmap | null;
  /** What libjpeg has said. */
  messages: string[];
}

let loaded: Promise<Libjpeg> | undefined;

async function load(): Promise<Libjpeg> {
  const { default: instantiate } = await import('@jsquash/jpeg/codec/dec/mozjpeg_dec.js');
  // Left to itself it would fetch its code, which Node cannot do for files.
  const wasm = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
  const messages: string[] = [];
  const options = { wasmBinary: await readFile(wasm), printErr: (line: string) => messages.push(line) };
  const module = (await instantiate(options as object)) as unknown as Libjpeg;
  return { decode: (bytes, preserveOrientation) => module.decode(bytes, preserveOrientation), messages };
}

/**
 * A JPEG decoder in the manner of jimp's formats: libjpeg-turbo as WebAssembly (@jsquash/jpeg), whose pixels are those
 * of Pillow, where jimp's own decoder is grey levels off. EXIF does not rotate.
 * @throws Error with libjpeg's message when the bytes are no JPEG or are cut short
 */
export async function decodeJpeg(bytes: Buffer): Promise<Bitmap> {
  const { decode, messages } = await (loaded ??= load());
  messages.length = 0;
  let bitmap: Bitmap | null = null;
  try {
    bitmap = decode(bytes, false);
  } catch {
    // libjpeg left by exit(), and what it held is lost: the next image gets a fresh copy of it.
    loaded = undefined;
  }
  // Four colours of print: the one kind that libjpeg does not turn to RGB, and jimp's own decoder does.
  if (messages.some((line) => line.includes('Unsupported color conversion'))) return decodeByJimp(bytes, 'image/jpeg');
  // Of a file that is cut short libjpeg makes the rest grey, and only warns.
  const premature = messages.find((line) => line.includes('Premature end'));
  if (!bitmap || premature) throw new Error(premature ?? (messages.at(-1) || 'libjpeg found no image'));
  return bitmap;
}
