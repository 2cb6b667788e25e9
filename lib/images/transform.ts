import { option, UsageError } from '../base/index.js';
import { centerCrop } from './crop.js';
import { checkResize, resize, resizedSize } from './resize.js';
import type { PixelStep, RgbImage, Transform, TransformName, TransformSpec } from './types.js';

const imagenetMean: Transform['mean'] = [0.485, 0.456, 0.406];
const imagenetStd: Transform['std'] = [0.229, 0.224, 0.225];

type Size = [number, number];

/** What a preset does with pixels, its numbers, and which of a spec's options mean something to it. */
interface Preset extends Pick<Transform, 'scale' | 'mean' | 'std'> {
  steps(size: Size, spec: TransformSpec): PixelStep[];
  takes: ('cropPct' | 'interpolation')[];
}

const imagenet = { scale: 1 / 255, mean: imagenetMean, std: imagenetStd };
const crop = (size: Size): PixelStep[] => [{ op: 'centerCrop', size }];

const presets: Record<TransformName, Preset> = {
  protocol: { ...imagenet, steps: crop, takes: [] },
  imagenet: {
    ...imagenet,
    steps: (size, spec) => resizeAndCrop(size, { cropPct: 0.875, interpolation: 'bilinear', ...spec }),
    takes: ['cropPct', 'interpolation'],
  },
  upsample: {
    ...imagenet,
    steps: (size, { interpolation = 'bicubic' }) => [{ op: 'resize', size, interpolation }],
    takes: ['interpolation'],
  },
  timm: {
    ...imagenet,
    steps: (size, spec) => resizeAndCrop(size, { cropPct: 0.875, interpolation: 'bicubic', ...spec }),
    takes: ['cropPct', 'interpolation'],
  },
  unit: { scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1], steps: crop, takes: [] },
  raw: { scale: 1, mean: [0, 0, 0], std: [1, 1, 1], steps: crop, takes: [] },
};

/** Names of the presets, the default first. */
export const transformNames = Object.keys(presets) as TransformName[];

function resizeAndCrop(size: Size, spec: Required<Pick<TransformSpec, 'cropPct' | 'interpolation'>>): PixelStep[] {
  const [height, width] = size;
  if (height !== width) {
    throw new UsageError(
      `Expected a model with a square input for a transform that resizes the shorter side, found ${height} x ${width}: use 'protocol' or 'upsample'.`,
    );
  }
  // Rounded down as timm does; torchvision's 256 for 224 is the same number.
  const shorter = Math.floor(height / spec.cropPct);
  return [
    { op: 'resize', size: shorter, interpolation: spec.interpolation },
    { op: 'centerCrop', size },
  ];
}

/**
 * A preset for a model's input size [height, width], with the model's own mean, std, crop share and interpolation where
 * they are given.
 *
 * - `protocol` centre crop, padded with black where the image is smaller; ImageNet mean and std. The default elsewhere.
 * - `imagenet` torchvision's evaluation: shorter side to size / 0.875, bilinear; centre crop; ImageNet mean and std.
 * - `upsample` the whole image resized to the input by bicubic interpolation; ImageNet mean and std.
 * - `timm` timm's evaluation: as `imagenet`, bicubic, with the numbers of the model's card.
 * - `unit` centre crop, pixels in 0 to 1; `raw` centre crop, pixels in 0 to 255.
 *
 * @throws UsageError for an unknown preset, numbers out of range, and options that mean nothing to the preset
 */
export function makeTransform(spec: TransformSpec | TransformName, size: readonly [number, number]): Transform {
  const asked: TransformSpec = typeof spec === 'string' ? { name: spec } : dropUndefined(spec);
  const preset = Object.hasOwn(presets, asked.name) ? presets[asked.name] : undefined;
  if (!preset) {
    throw new UsageError(`Expected a transform of ${transformNames.join(', ')}, found '${asked.name}'.`);
  }
  for (const key of ['cropPct', 'interpolation'] as const) {
    if (asked[key] !== undefined && !preset.takes.includes(key)) {
      const takers = transformNames.filter((name) => presets[name].takes.includes(key));
      throw new UsageError(
        `Expected no ${option(key)} with the transform '${asked.name}', which does not use it: leave it out or choose ${takers.join(' or ')}.`,
      );
    }
  }
  checkNumbers(asked);
  return {
    name: asked.name,
    steps: preset.steps([...size], asked),
    scale: preset.scale,
    mean: triple(asked.mean ?? preset.mean),
    std: triple(asked.std ?? preset.std),
  };
}

/** One number stands for all three channels. */
const triple = (values: number | readonly number[]): [number, number, number] => {
  const [r, g, b] = typeof values === 'number' ? [values, values, values] : values;
  return [r, g, b];
};

function checkNumbers({ mean, std, cropPct, interpolation }: TransformSpec): void {
  const good = (values: number | readonly number[]): boolean =>
    typeof values === 'number'
      ? Number.isFinite(values)
      : Array.isArray(values) && values.length === 3 && values.every(Number.isFinite);
  if (mean !== undefined && !good(mean)) {
    throw new UsageError(`Expected ${option('mean')} of three numbers, or one for all three, found ${String(mean)}.`);
  }
  if (std !== undefined && !(good(std) && triple(std).every((value) => value > 0))) {
    throw new UsageError(
      `Expected ${option('std')} of three numbers above 0, or one for all three, found ${String(std)}.`,
    );
  }
  if (cropPct !== undefined && !(cropPct > 0 && cropPct <= 1)) {
    throw new UsageError(`Expected ${option('cropPct')} above 0 and up to 1 (such as 0.875), found ${cropPct}.`);
  }
  if (interpolation !== undefined && !['nearest', 'bilinear', 'bicubic'].includes(interpolation)) {
    throw new UsageError(
      `Expected ${option('interpolation')} of nearest, bilinear, bicubic, found '${String(interpolation)}'.`,
    );
  }
}

function dropUndefined(spec: TransformSpec): TransformSpec {
  return Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== undefined),
  ) as unknown as TransformSpec;
}

/**
 * Runs a transform's pixel steps. The result may be the image itself where nothing changes.
 * @throws Refusal where a step would make more pixels of a long, narrow image than an image may have
 */
export function applyPixels(transform: Transform, image: RgbImage): RgbImage {
  return transform.steps.reduce((current, step) => {
    if (step.op === 'centerCrop') return centerCrop(current, step.size);
    const size = typeof step.size === 'number' ? resizedSize(current, step.size) : step.size;
    checkResize(current, size);
    return resize(current, size, step.interpolation);
  }, image);
}
