import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RgbImage } from '../../lib/images/index.js';

export const fixtures = new URL('../fixtures/images/', import.meta.url);

/** What goldens/images.py wrote about transforms. */
export const goldens = JSON.parse(readFileSync(new URL('transforms.json', fixtures), 'utf8'));

/** The image that goldens/images.py makes by the same arithmetic. */
export function pattern(height: number, width: number): RgbImage {
  const data = new Uint8Array(height * width * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const check = (Math.floor(x / 5) + Math.floor(y / 7)) % 2;
      for (let c = 0; c < 3; c++) data[at++] = x * x * 3 + y * 7 + x * y * (c + 1) + check * 90 + c * 50;
    }
  }
  return { width, height, data };
}

export const sha = (array: ArrayBufferView): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex');
