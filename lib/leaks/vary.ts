import { FeatReconstructError, isCoded, UsageError, random, type Random } from '../base/index.js';
import { samplesOf, type Dataset, type Sample } from '../datasets/index.js';
import { checkImage, decodeImage, type RgbImage } from '../images/index.js';

/**
 * The k-th seeded variation of an image: 0 is the image itself; others are inverted, of another contrast and brightness,
 * with channels permuted, shifted with repeated edges or seen in coarse blocks, in random combinations. As probes, they
 * switch features off that plain images keep on. The same everywhere for the same image size, k and seed.
 */
export function varyImage(image: RgbImage, k: number, seed: number): RgbImage {
  if (k === 0) return image;
  const numbers = random(seed, k);
  const steps = [
    [0.3, invert],
    [0.7, contrast],
    [0.5, permuteChannels],
    [0.5, shift],
    [0.3, coarsen],
  ] as const;
  let varied: RgbImage = { ...image, data: image.data.slice() };
  for (const [chance, step] of steps) if (numbers.next() < chance) varied = step(varied, numbers);
  return varied;
}

const clamp = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));

function invert({ width, height, data }: RgbImage): RgbImage {
  return { width, height, data: data.map((value) => 255 - value) };
}

/** Contrast from a quarter to three times about the mean, then up to 90 grey levels brighter or darker. */
function contrast({ width, height, data }: RgbImage, numbers: Random): RgbImage {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const factor = 0.25 * 12 ** numbers.next();
  const brightness = 180 * numbers.next() - 90;
  const table = Uint8Array.from({ length: 256 }, (_, value) => clamp((value - mean) * factor + mean + brightness));
  return { width, height, data: data.map((value) => table[value]) };
}

const orders = [
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

function permuteChannels({ width, height, data }: RgbImage, numbers: Random): RgbImage {
  const order = orders[numbers.below(orders.length)];
  return { width, height, data: data.map((_, i) => data[i - (i % 3) + order[i % 3]]) };
}

/** Up to a third of the size each way. */
function shift({ width, height, data }: RgbImage, numbers: Random): RgbImage {
  const by = (size: number): number => numbers.below(2 * Math.floor(size / 3) + 1) - Math.floor(size / 3);
  const [dx, dy] = [by(width), by(height)];
  const out = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.max(0, Math.min(height - 1, y - dy)) * width;
    for (let x = 0; x < width; x++, to += 3) {
      const from = (row + Math.max(0, Math.min(width - 1, x - dx))) * 3;
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
  }
  return { width, height, data: out };
}

/** Means over squares of a sixteenth, an eighth, a quarter or half of the width. */
function coarsen({ width, height, data }: RgbImage, numbers: Random): RgbImage {
  const size = Math.max(2, Math.floor(width / [16, 8, 4, 2][numbers.below(4)]));
  const out = new Uint8Array(data.length);
  for (let top = 0; top < height; top += size) {
    for (let left = 0; left < width; left += size) {
      const [bottom, right] = [Math.min(top + size, height), Math.min(left + size, width)];
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) sum += data[(y * width + x) * 3 + channel];
        const mean = Math.round(sum / ((bottom - top) * (right - left)));
        for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) out[(y * width + x) * 3 + channel] = mean;
      }
    }
  }
  return { width, height, data: out };
}

/**
 * A data set with each image in n seeded variations, one after the other, the image itself first: n times the size. An
 * image that cannot be decoded is n examples that say so; whoever reads them decides whether to leave them out.
 * @throws UsageError for tensors, and where n is no whole number from 1
 */
export function varied(dataset: Dataset, n: number, seed = 0): Dataset {
  if (!Number.isInteger(n) || n < 1) {
    throw new UsageError(`Expected a whole number of variations from 1, found ${n}.`);
  }
  if (dataset.kind !== 'images') {
    throw new UsageError(`Expected images to vary, found tensors in ${dataset.spec}; make the variations before.`);
  }
  return {
    spec: `${dataset.spec} x ${n} variations (seed ${seed})`,
    size: dataset.size * n,
    kind: dataset.kind,
    classNames: dataset.classNames,
    classesAre: dataset.classesAre,
    leftOut: dataset.leftOut,
    leftOutNames: dataset.leftOutNames,
    part: dataset.part,
    notes: dataset.notes,
    async digest(options) {
      const { createHash } = await import('node:crypto');
      return createHash('sha256')
        .update(`variations 1 ${n} ${seed} ${await dataset.digest(options)}`)
        .digest('hex');
    },
    async *samples({ start = 0, signal } = {}) {
      let position = Math.floor(start / n);
      let first = start % n;
      for await (const sample of samplesOf(dataset, { start: position, signal })) {
        // What is no sample is refused where samples are read.
        if (!sample) yield sample;
        const image = n > 1 ? await imageOf(sample) : undefined;
        for (let k = first; k < n; k++) {
          const id = `${sample.id}~${k}`;
          if (image instanceof FeatReconstructError) yield { id, label: sample.label, undecodable: image };
          else if (k === 0) yield { ...sample, id };
          // Each image has variations of its own: its position goes into the seed.
          else yield { id, label: sample.label, image: varyImage(image!, k, seed * 2 ** 21 + position) };
        }
        position++;
        first = 0;
      }
    },
    close: () => dataset.close(),
  };
}

/** Pixels to vary, or what is wrong with the image. */
async function imageOf({ image, encoded, undecodable, id }: Sample): Promise<RgbImage | FeatReconstructError> {
  if (image) {
    checkImage(image, id);
    return image;
  }
  if (undecodable) return undecodable;
  if (!encoded) throw new FeatReconstructError(`Expected an image to vary, found none in '${id}'.`);
  try {
    return await decodeImage(encoded);
  } catch (error) {
    if (isCoded(error, 'bad-image')) return error;
    throw error;
  }
}
