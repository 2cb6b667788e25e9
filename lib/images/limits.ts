/** How large an image may be, and how an image is turned down: checked on headers, before anything is decoded. */

/**
 * An image of a kind that is not read, or larger than is read. Its message is what was found and what to do, to stand
 * behind "Bad image 'NAME': ". Any other error of a decoder means a damaged file.
 */
export class Refusal extends Error {}

/** @throws Refusal that says the kind by its name */
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
      `its header says ${width} x ${height} pixels, more than the ${maxPixels.toLocaleString('en-US')} of Pillow's limit: the file is damaged, or has to be made smaller`,
    );
  }
}

/** @throws Error when so few compressed bytes cannot unfold to what the header promises, whatever they hold */
export function checkPromise(held: number, promised: number, ratio: number): void {
  // A few bytes more for headers of the compressed data.
  if (promised > (held + 64) * ratio) {
    throw new Error(`its header promises ${promised} bytes of pixels, which its ${held} bytes of data cannot hold`);
  }
}

/** The most that a byte of deflate unfolds to: two bits for a copy of 258. */
export const deflateRatio = 1032;
