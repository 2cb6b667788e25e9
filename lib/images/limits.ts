import { count } from '../base/index.js';

/** How large an image may be, and how one is refused: checked on headers, before anything is decoded. */

/**
 * An image of a kind that is not read, or too large. Its message says what was found and what to do, and follows "Bad
 * image 'NAME': ". Any other error of a decoder means a damaged file.
 */
export class Refusal extends Error {}

/**
 * @param kind with an article: `a PNG of 16-bit grey`
 * @throws Refusal that names it
 */
export function refuse(kind: string, cure = 'save it as an ordinary PNG'): never {
  throw new Refusal(`${kind}, which is not read: ${cure}`);
}

/** Where Pillow raises DecompressionBombError: twice its Image.MAX_IMAGE_PIXELS. */
export const maxPixels = 178_956_970;

/** @throws Error when there are no pixels; Refusal when there are more than Pillow opens */
export function checkSize(width: number, height: number): void {
  if (!(width >= 1 && height >= 1)) throw new Error(`${width} x ${height} pixels`);
  if (width * height > maxPixels) {
    throw new Refusal(
      `its header says ${width} x ${height} pixels, more than the ${count(maxPixels)} of Pillow's limit: the file is damaged, or has to be made smaller`,
    );
  }
}

/**
 * @param held bytes of compressed data
 * @param promised bytes of pixels, by the header
 * @param ratio bytes that one compressed byte can give at most
 * @throws Error when the data cannot give what the header promises, whatever they hold
 */
export function checkPromise(held: number, promised: number, ratio: number): void {
  // A few bytes more for headers of the compressed data.
  if (promised > (held + 64) * ratio) {
    throw new Error(`its header promises ${promised} bytes of pixels, which its ${held} bytes of data cannot hold`);
  }
}

/** Bytes that one byte of deflate gives at most: two bits can copy 258 bytes. */
export const deflateRatio = 1032;
