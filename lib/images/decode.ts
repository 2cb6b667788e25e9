import { readFile } from 'node:fs/promises';
import { FeatReconstructError } from '../base/index.js';
import { decodeJpeg } from './jpeg.js';
import type { Bitmap } from './jpeg.js';
import type { EncodedImage, RgbImage } from './types.js';

/**
 * Decodes a JPEG, PNG, BMP, GIF (first frame) or TIFF (first page) to 8-bit RGB, as Pillow's
 * `Image.open(file).convert('RGB')` does: grey is spread to three channels, alpha is dropped, EXIF does not rotate.
 * @throws FeatReconstructError, naming the image, when it is missing, of no known format, cut short or corrupted
 */
export async function decodeImage(encoded: EncodedImage): Promise<RgbImage> {
  const bytes = typeof encoded.file === 'string' ? await readImageFile(encoded.file, encoded.name) : encoded.file;
  const mime = sniff(bytes);
  if (!mime) {
    throw new FeatReconstructError(
      `Expected '${encoded.name}' to be a JPEG, PNG, BMP, GIF or TIFF image, found ${bytes.length === 0 ? 'an empty file' : 'something else'}: convert or remove it.`,
    );
  }
  try {
    return dropAlpha(await (mime === 'image/jpeg' ? decodeJpeg(bytes) : decodeByJimp(bytes, mime)));
  } catch (error) {
    throw new FeatReconstructError(
      `Bad image '${encoded.name}': expected a whole ${mime.slice(6)} file, found a truncated or corrupted one (${(error as Error).message}). Replace or remove it.`,
      { cause: error },
    );
  }
}

async function readImageFile(path: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new FeatReconstructError(`Could not read the image '${name}': ${(error as Error).message}`, { cause: error });
  }
}

/** The type of a file by its first bytes. */
function sniff(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 8)).toString('latin1');
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (start === '\x89PNG\r\n\x1a\n') return 'image/png';
  if (start.startsWith('BM')) return 'image/bmp';
  if (start.startsWith('GIF8')) return 'image/gif';
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) return 'image/tiff';
  return undefined;
}

/** By jimp's format of that type; a Jimp image itself would be rotated by its EXIF orientation. */
async function decodeByJimp(bytes: Uint8Array, mime: string): Promise<Bitmap> {
  const { defaultFormats } = await import('jimp');
  const format = defaultFormats.map((make) => make()).find((candidate) => candidate.mime === mime);
  return format!.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) as Bitmap | Promise<Bitmap>;
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
