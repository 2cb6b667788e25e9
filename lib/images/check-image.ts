import { FeatReconstructError } from '../base/index.js';
import type { RgbImage } from './types.js';

/**
 * Refuses pixels of a caller that are no 8-bit RGB image: four numbers a pixel, read as three, would be another image.
 * @param name what the message calls it
 */
export function checkImage(image: RgbImage, name: string): void {
  const { width, height, data } = image;
  if (!isSide(width) || !isSide(height)) {
    throw new FeatReconstructError(
      `Expected width and height of the image '${name}' as whole numbers from 1, found ${String(width)} x ${String(height)}.`,
    );
  }
  if (!(data instanceof Uint8Array) && !((data as unknown) instanceof Uint8ClampedArray)) {
    throw new FeatReconstructError(
      `Expected the pixels of the image '${name}' as a Uint8Array of RGB from 0 to 255, found ${nameOf(data)}: numbers that are a model's input already are a \`tensor\`.`,
    );
  }
  if (data.length === 3 * width * height) return;
  const shape = ` (${width} x ${height} pixels)`;
  const advice =
    data.length === 4 * width * height
      ? 'this is RGBA: drop every fourth.'
      : data.length === width * height
        ? 'this is grey: repeat each number three times.'
        : 'give red, green and blue of each pixel, rows from the top.';
  throw new FeatReconstructError(
    `Expected ${3 * width * height} numbers in the image '${name}'${shape}, found ${data.length}: ${advice}`,
  );
}

const isSide = (side: unknown): boolean => Number.isSafeInteger(side) && (side as number) > 0;

const nameOf = (data: unknown): string =>
  typeof data === 'object' && data !== null ? (data.constructor?.name ?? 'an object') : String(data);
