import type { CropOffset, RgbImage } from './types.js';

/** The part of an image that a centre crop shows, along one axis. */
interface Stretch {
  /** Its first pixel in the image. */
  from: number;
  /** Where that pixel is on the canvas. */
  to: number;
  /** In pixels. */
  length: number;
}

/** The part of an image that a centre crop shows, and where it is on the canvas. */
export interface CropWindow {
  rows: Stretch;
  columns: Stretch;
}

/**
 * torchvision's CenterCrop to [height, width], each axis by itself: a smaller image is padded, (size − length) / 2
 * rounded down before it and up after it; a larger one is cut, (length − size) / 2 rounded half to even before what is
 * kept.
 */
export function cropWindow(
  image: { width: number; height: number },
  size: readonly [number, number],
  offset?: CropOffset,
): CropWindow {
  return { rows: stretch(image.height, size[0], offset), columns: stretch(image.width, size[1], offset) };
}

function stretch(length: number, size: number, offset?: CropOffset): Stretch {
  // transformers on Pillow pads before the image by half of what is missing, rounded up.
  if (length <= size)
    return { from: 0, to: (offset === 'floor' ? Math.ceil : Math.floor)((size - length) / 2), length };
  return { from: (offset ? Math.floor : roundHalfToEven)((length - size) / 2), to: 0, length: size };
}

/** As Python's round. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** Crops the centre to [height, width], padded with `fill` (black if absent) where the image is smaller. */
export function centerCrop(
  image: RgbImage,
  size: readonly [number, number],
  { offset, fill }: { offset?: CropOffset; fill?: readonly [number, number, number] } = {},
): RgbImage {
  const [height, width] = size;
  if (image.height === height && image.width === width) return image;
  const { rows, columns } = cropWindow(image, size, offset);
  const data = new Uint8Array(height * width * 3);
  if (fill) for (let i = 0; i < data.length; i++) data[i] = fill[i % 3];
  for (let y = 0; y < rows.length; y++) {
    const from = ((rows.from + y) * image.width + columns.from) * 3;
    data.set(image.data.subarray(from, from + columns.length * 3), ((rows.to + y) * width + columns.to) * 3);
  }
  return { width, height, data };
}
