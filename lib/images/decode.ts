import { readFile, stat } from 'node:fs/promises';
import { FeatReconstructError, option, systemPath } from '../base/index.js';
import { decodeBmp } from './bmp.js';
import { decodeGif } from './gif.js';
import { decodeJpeg } from './jpeg.js';
import { Refusal } from './limits.js';
import { decodePng } from './png.js';
import { decodeTiff } from './tiff.js';
import type { EncodedImage, RgbImage } from './types.js';

type Decoder = (bytes: Buffer) => RgbImage | Promise<RgbImage>;

const formats: { name: string; starts: string[]; decode: Decoder }[] = [
  { name: 'JPEG', starts: ['\xff\xd8\xff'], decode: decodeJpeg },
  { name: 'PNG', starts: ['\x89PNG\r\n\x1a\n'], decode: decodePng },
  { name: 'BMP', starts: ['BM'], decode: decodeBmp },
  { name: 'GIF', starts: ['GIF87a', 'GIF89a'], decode: decodeGif },
  { name: 'TIFF', starts: ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'], decode: decodeTiff },
];

/**
 * Decodes a JPEG, PNG, BMP, GIF (first frame) or TIFF (first page) to 8-bit RGB, as Pillow's
 * `Image.open(file).convert('RGB')` does: grey is spread to three channels, alpha is dropped, EXIF does not rotate (but
 * a TIFF's orientation does). Exact, save for JPEGs in four colours (1 grey level). Kinds that would not come out so are
 * refused by their name, and so are images of more pixels than Pillow opens, before anything is decoded.
 * @throws FeatReconstructError, naming the image, when it is missing, of no known format or kind, too large, cut short
 * or corrupted
 */
export async function decodeImage(encoded: EncodedImage): Promise<RgbImage> {
  const { file, name } = encoded;
  const bytes =
    typeof file === 'string' ? await readImageFile(file, name) : Buffer.from(file.buffer, file.byteOffset, file.length);
  const start = bytes.toString('latin1', 0, 8);
  const format = formats.find(({ starts }) => starts.some((signature) => start.startsWith(signature)));
  if (!format) {
    throw new FeatReconstructError(
      `Expected '${name}' to be a JPEG, PNG, BMP, GIF or TIFF image, found ${bytes.length === 0 ? 'an empty file' : 'something else'}: convert or remove it.`,
    );
  }
  try {
    return await format.decode(bytes);
  } catch (error) {
    throw badImage(name, error as Error, format.name);
  }
}

/** What was found in an image, and what to do. */
export function badImage(name: string, error: Error, format?: string): FeatReconstructError {
  const leaveOut = `or leave such images out (${option('skipBadImages')}).`;
  // Node's words for reading behind a buffer's end say nothing of images.
  const found = error.name === 'RangeError' ? 'it breaks off' : error.message;
  const text =
    error instanceof Refusal || !format
      ? `${error.message}, ${leaveOut}`
      : `could not decode it as ${format} (${found}). It is truncated, corrupted or of an unusual kind: replace or remove it, ${leaveOut}`;
  return new FeatReconstructError(`Bad image '${name}': ${text}`, { cause: error });
}

async function readImageFile(path: string, name: string): Promise<Buffer> {
  try {
    // A pipe or a device may never end.
    if (!(await stat(systemPath(path))).isFile()) throw new Error('it is no regular file');
    return await readFile(systemPath(path));
  } catch (error) {
    throw new FeatReconstructError(`Could not read the image '${name}': ${(error as Error).message}`, { cause: error });
  }
}
