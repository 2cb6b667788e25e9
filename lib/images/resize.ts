import { imul } from '../base/index.js';
import { roundHalfToEven } from './crop.js';
import { maxPixels, Refusal } from './limits.js';
import type { Interpolation, RgbImage } from './types.js';

/**
 * Pillow's resize of 8-bit images, bit for bit: the filter's support grows with the scale when shrinking (so it is
 * antialiased), coefficients are fixed-point, and pixels are rounded to 8 bits between the horizontal and the vertical
 * pass. After libImaging/Resample.c and Geometry.c of Pillow (https://github.com/python-pillow/Pillow).
 */

/** Fraction bits of a weight: 32 less 8 bits of pixel and 2 bits for the overshoot of negative coefficients. */
const precisionBits = 32 - 8 - 2;

interface Filter {
  support: number;
  weight(x: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

const filters: Record<Exclude<Interpolation, 'nearest'>, Filter> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  hamming: {
    support: 1,
    weight(signed) {
      const x = Math.abs(signed);
      if (x === 0) return 1;
      return x >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI));
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    // Keys' cubic with a = -0.5.
    weight(signed) {
      const a = -0.5;
      const x = Math.abs(signed);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
      return 0;
    },
  },
};

/**
 * Resizes to [height, width]. An image that has that size already is returned as it is.
 * @param as `torchvision`: as it resizes 8-bit tensors, with weights of 16 bits, the horizontal pass always first, and
 *   the nearest pixel found in float32. For bilinear, bicubic and nearest; after
 *   aten/src/ATen/native/cpu/UpSampleKernel.cpp of PyTorch (https://github.com/pytorch/pytorch).
 */
export function resize(
  image: RgbImage,
  size: readonly [number, number],
  interpolation: Interpolation,
  as?: 'torchvision',
): RgbImage {
  const [height, width] = size;
  if (image.height === height && image.width === width) return image;
  if (interpolation === 'nearest') return nearest(image, height, width, as ? nearestInFloat32 : nearestPositions);
  const filter = filters[interpolation];
  const across = (from: RgbImage): RgbImage =>
    from.width === width ? from : horizontal(from, taps(from.width, width, filter, as));
  const down = (from: RgbImage): RgbImage =>
    from.height === height ? from : vertical(from, taps(from.height, height, filter, as));
  return as === undefined && downFirst(image, size) ? across(down(image)) : down(across(image));
}

/**
 * Whether the vertical pass is first, which matters for the rounding between passes. As Pillow since 13.0 (before:
 * never).
 */
function downFirst(image: { width: number; height: number }, [height, width]: readonly [number, number]): boolean {
  const shrinks = image.height - height;
  return shrinks > 0 && shrinks > (image.width - width) * 2;
}

/** The names of all filters. */
export const interpolations: readonly Interpolation[] = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'];

/**
 * [height, width] of an image of unchanged proportions that just covers a frame, or just fits within it: timm's
 * ResizeKeepRatio, which rounds half to even.
 */
export function fittedSize(
  image: { width: number; height: number },
  [height, width]: readonly [number, number],
  fit: 'covers' | 'within',
): [number, number] {
  const ratios = [image.height / height, image.width / width];
  const ratio = fit === 'covers' ? Math.min(...ratios) : Math.max(...ratios);
  const side = (length: number): number => Math.max(1, roundHalfToEven(length / ratio));
  return [side(image.height), side(image.width)];
}

/**
 * [height, width] when the shorter side becomes `shorter`: the longer one is cut to a whole number, as torchvision
 * does.
 */
export function resizedSize(image: { width: number; height: number }, shorter: number): [number, number] {
  const { width, height } = image;
  return width <= height
    ? [Math.trunc((shorter * height) / width), shorter]
    : [shorter, Math.trunc((shorter * width) / height)];
}

/** The longest side of an image that is resized: each of its pixels has a weight in memory. */
const longestSide = 1 << 24;

/**
 * Checks that the result, and the image between the two passes, have no more pixels than an image may have: one of
 * 1 x 1,000,000 pixels with 224 as its shorter side would have 50 billion.
 * @throws Refusal where they have
 */
export function checkResize(image: { width: number; height: number }, size: readonly [number, number]): void {
  const [height, width] = size;
  const between = downFirst(image, size) ? height * image.width : image.height * width;
  const most = Math.max(height * width, between);
  const side = Math.max(image.height, image.width);
  if (most > maxPixels || (side > longestSide && (image.height !== height || image.width !== width))) {
    throw new Refusal(
      `it has ${image.width} x ${image.height} pixels, too long and narrow to be resized to ${width} x ${height}: crop it`,
    );
  }
}

/** Which input pixels make each output pixel along one axis, and with what weights (fixed-point). */
interface Taps {
  /** Output pixels. */
  size: number;
  /** (size): the first input pixel of each. */
  first: Int32Array;
  /** (size): how many there are. */
  count: Int32Array;
  /** (size, stride), row-major. */
  weights: Int32Array;
  stride: number;
  /** Fraction bits of a weight. */
  bits: number;
}

/** Fraction bits with which the largest weight just fits a signed number of 16 bits. */
function bitsOf16(largest: number): number {
  let bits = 0;
  while (bits < precisionBits && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 1 << 15) bits++;
  return bits;
}

function taps(inSize: number, outSize: number, filter: Filter, as?: 'torchvision'): Taps {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = filter.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const result: Taps = {
    size: outSize,
    first: new Int32Array(outSize),
    count: new Int32Array(outSize),
    weights: new Int32Array(outSize * stride),
    stride,
    bits: precisionBits,
  };
  const weights = new Float64Array(outSize * stride);
  let largest = 0;
  for (let out = 0; out < outSize; out++) {
    const center = (out + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inSize, Math.trunc(center + support + 0.5)) - first;
    const at = out * stride;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      weights[at + i] = filter.weight((i + first - center + 0.5) * (1 / filterScale));
      sum += weights[at + i];
    }
    for (let i = 0; i < count; i++) {
      if (sum !== 0) weights[at + i] /= sum;
      largest = Math.max(largest, weights[at + i]);
    }
    result.first[out] = first;
    result.count[out] = count;
  }
  if (as) result.bits = bitsOf16(largest);
  const one = 2 ** result.bits;
  weights.forEach((weight, i) => (result.weights[i] = Math.trunc(weight * one + (weight < 0 ? -0.5 : 0.5))));
  return result;
}

/** A sum of weighted pixels as 8 bits. */
function clip(sum: number, bits: number): number {
  const value = sum >> bits;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** The horizontal pass. Sums fit 32 bits; with `imul` and `| 0` the compiler knows it, too. */
function horizontal({ data, width, height }: RgbImage, { size, first, count, weights, stride, bits }: Taps): RgbImage {
  const half = 1 << (bits - 1);
  const out = new Uint8Array(size * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < size; x++) {
      let red = half;
      let green = half;
      let blue = half;
      let from = (y * width + first[x]) * 3;
      const start = x * stride;
      const end = start + count[x];
      for (let k = start; k < end; k++, from += 3) {
        const weight = weights[k];
        red = (red + imul(data[from], weight)) | 0;
        green = (green + imul(data[from + 1], weight)) | 0;
        blue = (blue + imul(data[from + 2], weight)) | 0;
      }
      out[at++] = clip(red, bits);
      out[at++] = clip(green, bits);
      out[at++] = clip(blue, bits);
    }
  }
  return { width: size, height, data: out };
}

/** The vertical pass. */
function vertical({ data, width }: RgbImage, { size, first, count, weights, stride, bits }: Taps): RgbImage {
  const half = 1 << (bits - 1);
  const row = width * 3;
  const out = new Uint8Array(size * row);
  // A whole row at a time, so that memory is read in order.
  const sums = new Int32Array(row);
  for (let y = 0; y < size; y++) {
    sums.fill(half);
    for (let k = 0; k < count[y]; k++) {
      const weight = weights[y * stride + k];
      const from = (first[y] + k) * row;
      for (let i = 0; i < row; i++) sums[i] += imul(data[from + i], weight);
    }
    for (let i = 0; i < row; i++) out[y * row + i] = clip(sums[i], bits);
  }
  return { width, height: size, data: out };
}

function nearest(
  { data, width, height }: RgbImage,
  outHeight: number,
  outWidth: number,
  positions: typeof nearestPositions,
): RgbImage {
  const columns = positions(width, outWidth);
  const rows = positions(height, outHeight);
  const out = new Uint8Array(outWidth * outHeight * 3);
  let at = 0;
  for (const y of rows) {
    for (const x of columns) {
      const from = (y * width + x) * 3;
      out[at++] = data[from];
      out[at++] = data[from + 1];
      out[at++] = data[from + 2];
    }
  }
  return { width: outWidth, height: outHeight, data: out };
}

/** Pillow adds the scale up from pixel to pixel; so does this, for the same rounding errors. */
function nearestPositions(inSize: number, outSize: number): Int32Array {
  const scale = inSize / outSize;
  const positions = new Int32Array(outSize);
  let at = scale * 0.5;
  for (let i = 0; i < outSize; i++, at += scale) positions[i] = Math.min(inSize - 1, Math.trunc(at));
  return positions;
}

/** torchvision's `nearest-exact`. */
function nearestInFloat32(inSize: number, outSize: number): Int32Array {
  const scale = Math.fround(inSize / outSize);
  return Int32Array.from({ length: outSize }, (_, i) =>
    Math.min(inSize - 1, Math.floor(Math.fround(Math.fround(i + 0.5) * scale))),
  );
}
