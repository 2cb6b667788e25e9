import type { RgbImage } from './types.js';

/** Pillow's conversion to `L` (ITU-R 601-2 luma in 16 bits), in all three channels. */
export function grey({ data, width, height }: RgbImage): RgbImage {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const luma = (data[i] * 19595 + data[i + 1] * 38470 + data[i + 2] * 7471 + 0x8000) >> 16;
    out[i] = out[i + 1] = out[i + 2] = luma;
  }
  return { width, height, data: out };
}
