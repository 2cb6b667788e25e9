import { resize } from './resize.js';
import type { RgbImage } from './types.js';

/** Pixels of a thumbnail's longer side at most. */
const most = 64;

/**
 * An image as a PNG of a few kilobytes: shrunk to fit 64 x 64, never enlarged.
 * @returns a data URI, `data:image/png;base64,…`
 */
export async function thumbnail(image: RgbImage): Promise<string> {
  const scale = Math.min(1, most / Math.max(image.width, image.height));
  const [height, width] = [image.height, image.width].map((size) => Math.max(1, Math.round(scale * size)));
  const { data } = resize(image, [height, width], 'bilinear');
  const rgba = Buffer.alloc(4 * width * height, 255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) rgba.set(data.subarray(from, from + 3), to);
  const { defaultFormats } = await import('jimp');
  const png = defaultFormats.map((make) => make()).find(({ mime }) => mime === 'image/png')!;
  const encode = png.encode as (bitmap: object, options: object) => Buffer | Promise<Buffer>;
  const bytes = await encode({ width, height, data: rgba }, { colorType: 2 });
  return `data:image/png;base64,${bytes.toString('base64')}`;
}
