import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/**
 * JPEG by libjpeg-turbo as WebAssembly (@jsquash/jpeg), whose pixels are those of Pillow; jimp's own decoder differs by
 * grey levels. Made as a format of jimp's: bytes in, an RGBA bitmap out.
 */

export interface Bitmap {
  width: number;
  height: number;
  /** RGBA, 8 bits. */
  data: Uint8Array | Uint8ClampedArray;
}

interface Decoder {
  decode(bytes: Uint8Array): Promise<Bitmap>;
  /** What libjpeg said since this was last emptied. */
  messages: string[];
}

let decoder: Promise<Decoder> | undefined;

async function loadDecoder(): Promise<Decoder> {
  const { default: decode, init } = await import('@jsquash/jpeg/decode.js');
  const messages: string[] = [];
  // By itself it would fetch its WebAssembly, which Node cannot do for files. (Its types leave these options out.)
  const path = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
  const wasmBinary = await readFile(path);
  await init({ wasmBinary, printErr: (line: string) => messages.push(line) } as object);
  return { decode: (bytes) => decode(bytes as unknown as ArrayBuffer) as Promise<Bitmap>, messages };
}

/** Decodes a JPEG, not rotated by its EXIF orientation. @throws Error with libjpeg's message when it cannot, or when it is cut short */
export async function decodeJpeg(bytes: Uint8Array): Promise<Bitmap> {
  const { decode, messages } = await (decoder ??= loadDecoder());
  messages.length = 0;
  let bitmap: Bitmap;
  try {
    bitmap = await decode(bytes);
  } catch {
    // libjpeg gave up by exit(): start the next image with a fresh copy of it.
    decoder = undefined;
    throw new Error(messages.join('; ') || 'no image');
  }
  // libjpeg only warns and fills the rest with grey.
  const premature = messages.find((line) => line.includes('Premature end'));
  if (premature) throw new Error(premature);
  return bitmap;
}
