import { readFile } from 'node:fs/promises';
import { FeatReconstructError, option } from '../base/index.js';
import { decodeByJimp } from './jimp.js';
import type { JimpMime } from './jimp.js';
import { decodeJpeg } from './jpeg.js';
import type { Bitmap } from './jpeg.js';
import type { EncodedImage, RgbImage } from './types.js';

/**
 * Decodes a JPEG, PNG, BMP, GIF (first frame) or TIFF (first page) to 8-bit RGB, as Pillow's
 * `Image.open(file).convert('RGB')` does: grey is spread to three channels, alpha is dropped, EXIF does not rotate. Exact, save for
 * JPEGs in four colours or inside a TIFF (1 grey level) and 16-bit grey (its high byte; Pillow clips it).
 * @throws FeatReconstructError, naming the image, when it is missing, of no known format, cut short or corrupted
 */
export async function decodeImage(encoded: EncodedImage): Promise<RgbImage> {
  const { file, name } = encoded;
  const bytes =
    typeof file === 'string' ? await readImageFile(file, name) : Buffer.from(file.buffer, file.byteOffset, file.length);
  const mime = sniff(bytes);
  if (!mime) {
    throw new FeatReconstructError(
      `Expected '${name}' to be a JPEG, PNG, BMP, GIF or TIFF image, found ${bytes.length === 0 ? 'an empty file' : 'something else'}: convert or remove it.`,
    );
  }
  try {
    return dropAlpha(await (mime === 'image/jpeg' ? decodeJpeg(bytes) : decodeByJimp(bytes, mime)));
  } catch (error) {
    throw new FeatReconstructError(
      `Bad image '${name}': could not decode it as ${mime.slice(6).toUpperCase()} (${(error as Error).message}). It is truncated, corrupted or of an unusual kind: replace or remove it, or leave such images out (${option('skipBadImages')}).`,
      { cause: error },
    );
  }
}

async function readImageFile(path: string, name: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new FeatReconstructError(`Could not read the image '${name}': ${(error as Error).message}`, { cause: error });
  }
}

/** The type of a file by its first bytes. */
function sniff(bytes: Buffer): JimpMime | undefined {
  const start = bytes.toString('latin1', 0, 8);
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (start === '\x89PNG\r\n\x1a\n') return 'image/png';
  if (start.startsWith('BM')) return 'image/bmp';
  if (start.startsWith('GIF8')) return 'image/gif';
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) return 'image/tiff';
  return undefined;
}

function dropAlpha({ width, height, data }: Bitmap): RgbImage {
  const size = width * height;
  if (!(size > 0) || data.length !== size * 4) {
    throw new Error(`${data.length} bytes for ${width} x ${height} pixels`);
  }
  const rgb = new Uint8Array(size * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return { width, height, data: rgb };
}
