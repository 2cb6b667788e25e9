import type { CropOffset, RgbImage } from './types.js';

/** Which part of one axis of an image a centre crop shows, and where on the canvas. */
interface Span {
  /** First pixel of the image that is seen. */
  from: number;
  /** Where on the canvas it lands. */
  to: number;
  length: number;
}

/** The part of an image that a centre crop shows, and where. */
export interface CropWindow {
  rows: Span;
  columns: Span;
}

/**
 * torchvision's CenterCrop: a smaller image is padded, (size − length) / 2 rounded down before it and up after it; of a
 * larger one (length − size) / 2 is cut off before, rounded half to even. The two axes do not touch each other.
 */
export function cropWindow(
  image: { width: number; height: number },
  size: readonly [number, number],
  offset?: CropOffset,
): CropWindow {
  return { rows: span(image.height, size[0], offset), columns: span(image.width, size[1], offset) };
}

function span(length: number, size: number, offset?: CropOffset): Span {
  // transformers on Pillow pads by half of what is missing, rounded up.
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
