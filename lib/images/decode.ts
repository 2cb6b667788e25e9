import { readFile, stat } from 'node:fs/promises';
import { FeatReconstructError, option, systemPath } from '../base/index.js';
import { formatOf, formatsRead, somethingElse } from './kinds.js';
import { Refusal } from './limits.js';
import type { EncodedImage, RgbImage } from './types.js';

/**
 * Decodes a JPEG, PNG, WebP, BMP, GIF (first frame of both), TIFF (first page) or PPM to 8-bit RGB, as Pillow's
 * `Image.open(file).convert('RGB')` does: grey is spread to three channels, alpha is dropped, EXIF does not rotate (but
 * a TIFF's orientation does). Pixels are equal to Pillow's, up to one grey level for JPEGs in four colours. Kinds for
 * which that would not hold are refused by name, before anything is decoded, and so are images of more pixels than
 * Pillow opens.
 * @throws FeatReconstructError, naming the image, when it is missing, of no known format or kind, too large, cut short
 *   or corrupted
 */
export async function decodeImage(encoded: EncodedImage): Promise<RgbImage> {
  const { file, name } = encoded;
  const bytes =
    typeof file === 'string' ? await readImageFile(file, name) : Buffer.from(file.buffer, file.byteOffset, file.length);
  const format = formatOf(bytes);
  if (!format) {
    throw new FeatReconstructError(`Expected '${name}' to be a ${formatsRead} image, found ${somethingElse(bytes)}.`, {
      code: 'bad-image',
    });
  }
  try {
    return await format.decode(bytes);
  } catch (error) {
    throw badImage(name, error as Error, format.name);
  }
}

/** The error for an image that cannot be decoded. @param format absent: none was recognised, or another step failed */
export function badImage(name: string, error: Error, format?: string): FeatReconstructError {
  const leaveOut = `or leave such images out (${option('skipBadImages')}).`;
  // What Node says of a buffer's end, or of a value that is not there, would mean nothing to the reader.
  const found =
    error.name === 'RangeError'
      ? 'it breaks off'
      : error.name === 'TypeError'
        ? 'it does not follow the format'
        : error.message;
  const text =
    error instanceof Refusal || !format
      ? `${error.message}, ${leaveOut}`
      : `could not decode it as ${format} (${found}). It is truncated, corrupted or of an unusual kind: replace or remove it, ${leaveOut}`;
  return new FeatReconstructError(`Bad image '${name}': ${text}`, { code: 'bad-image', cause: error });
}

async function readImageFile(path: string, name: string): Promise<Buffer> {
  try {
    // A pipe or a device may never end.
    if (!(await stat(systemPath(path))).isFile()) throw new Error('it is no regular file');
    return await readFile(systemPath(path));
  } catch (error) {
    throw new FeatReconstructError(`Could not read the image '${name}': ${(error as Error).message}`, {
      code: 'bad-image',
      cause: error,
    });
  }
}
