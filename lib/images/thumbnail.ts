import { encodePng } from './png-write.js';
import { resize } from './resize.js';
import type { RgbImage } from './types.js';

/** Pixels of a thumbnail's longer side, at the most. */
const most = 64;

/**
 * An image as a PNG of a few kilobytes: shrunk to fit 64 x 64, never enlarged.
 * @returns a data URI, `data:image/png;base64,…`
 */
export function thumbnail(image: RgbImage): string {
  const scale = Math.min(1, most / Math.max(image.width, image.height));
  const [height, width] = [image.height, image.width].map((size) => Math.max(1, Math.round(scale * size)));
  const { data } = resize(image, [height, width], 'bilinear');
  return `data:image/png;base64,${encodePng(data, width, height).toString('base64')}`;
}
