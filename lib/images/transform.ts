import { option, UsageError } from '../base/index.js';
import { centerCrop } from './crop.js';
import { grey } from './grey.js';
import { checkResize, fittedSize, resize, resizedSize } from './resize.js';
import { checkSpec } from './transform-spec.js';
import type { PixelStep, RgbImage, Transform, TransformName, TransformSpec } from './types.js';

const imagenetMean: Transform['mean'] = [0.485, 0.456, 0.406];
const imagenetStd: Transform['std'] = [0.229, 0.224, 0.225];

type Size = [number, number];
type Triple = [number, number, number];

/** What a preset does with pixels, its numbers, and which options of a spec it uses (`takes`). */
interface Preset extends Pick<Transform, 'scale' | 'mean' | 'std' | 'channels'> {
  steps(size: Size, spec: TransformSpec): PixelStep[];
  takes: ('cropPct' | 'interpolation')[];
}

const imagenet = { scale: 1 / 255, mean: imagenetMean, std: imagenetStd };
const identity = { mean: [0, 0, 0] as Triple, std: [1, 1, 1] as Triple };
const crop = (size: Size): PixelStep[] => [{ op: 'centerCrop', size }];
/** The whole image resized to the input, whatever its proportions. @param otherwise the default interpolation */
const squash =
  (otherwise: NonNullable<TransformSpec['interpolation']>) =>
  (size: Size, { interpolation = otherwise }: TransformSpec): PixelStep[] => [{ op: 'resize', size, interpolation }];

const presets: Record<TransformName, Preset> = {
  protocol: { ...imagenet, steps: crop, takes: [] },
  imagenet: {
    ...imagenet,
    steps: (size, spec) => resizeAndCrop(size, { cropPct: 0.875, interpolation: 'bilinear', ...spec }),
    takes: ['cropPct', 'interpolation'],
  },
  upsample: { ...imagenet, steps: squash('bicubic'), takes: ['interpolation'] },
  timm: {
    ...imagenet,
    steps: (size, spec) => resizeAndCrop(size, { cropPct: 0.875, interpolation: 'bicubic', ...spec }),
    takes: ['cropPct', 'interpolation'],
  },
  // Keras' load_img and preprocess_input(mode='caffe').
  caffe: {
    scale: 1,
    mean: [103.939, 116.779, 123.68],
    std: [1, 1, 1],
    channels: 'bgr',
    steps: squash('nearest'),
    takes: ['interpolation'],
  },
  unit: { scale: 1 / 255, ...identity, steps: crop, takes: [] },
  raw: { scale: 1, ...identity, steps: crop, takes: [] },
};

/** Names of the presets. */
export const transformNames = Object.keys(presets) as TransformName[];

function resizeAndCrop(size: Size, spec: Required<Pick<TransformSpec, 'cropPct' | 'interpolation'>>): PixelStep[] {
  const { cropPct, interpolation } = spec;
  // Rounded down as timm does; torchvision's 256 for 224 is the same number.
  const [height, width] = size.map((side) => Math.floor(side / cropPct));
  return [
    height === width
      ? { op: 'resize', size: height, interpolation }
      : { op: 'resize', size: [height, width], interpolation, fit: 'covers' },
    { op: 'centerCrop', size },
  ];
}

/** What a transform must know of a model's input. */
export interface PixelInput {
  /** Default 3. */
  channels?: 1 | 3 | undefined;
  /** The input's number type; `uint8`: it reads pixels as they are. Default `float32`. */
  type?: string | undefined;
}

/**
 * A preset for a model's input size [height, width], with the model's own mean, std, crop share and interpolation where
 * they are given.
 *
 * - `protocol` centre crop, padded with black where the image is smaller; ImageNet mean and std.
 * - `imagenet` torchvision's evaluation: shorter side to size / 0.875, bilinear; centre crop; ImageNet mean and std.
 * - `upsample` the whole image resized to the input by bicubic interpolation; ImageNet mean and std.
 * - `timm` timm's evaluation: as `imagenet`, bicubic, with the numbers of the model's card.
 * - `caffe` Keras' for its Caffe weights: the whole image resized to the input, BGR, less a mean, not scaled.
 * - `unit` centre crop, pixels in 0 to 1; `raw` centre crop, pixels in 0 to 255.
 *
 * A model that reads one channel sees grey images (Pillow's `L`), a model that reads uint8 pixels as they are.
 *
 * @param size [height, width] of the model's input
 * @throws UsageError for an unknown preset, numbers out of range, and options that the preset does not use
 */
export function makeTransform(
  spec: TransformSpec | TransformName,
  size: readonly [number, number],
  { channels = 3, type = 'float32' }: PixelInput = {},
): Transform {
  const asked: TransformSpec = typeof spec === 'string' ? { name: spec } : dropUndefined(spec);
  const preset = asked.name === 'steps' ? ownSteps(asked) : presetOf(asked);
  checkSpec(asked);
  const order = asked.channels ?? preset.channels ?? 'rgb';
  const steps = preset.steps([...size], asked);
  const numbers = type === 'uint8' ? pixelsAsTheyAre(asked) : numbersOf(asked, preset);
  return {
    name: asked.name,
    steps: channels === 1 ? [{ op: 'grey' }, ...steps] : steps,
    ...(channels === 1 ? oneChannel(asked, numbers) : numbers),
    ...(channels === 1 ? { channels: 'grey' } : order === 'bgr' ? { channels: 'bgr' } : {}),
  };
}

function presetOf(asked: TransformSpec): Preset {
  const preset = Object.hasOwn(presets, asked.name) ? presets[asked.name as TransformName] : undefined;
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
  return preset;
}

/** The steps that a model's files state, in place of a preset. */
const ownSteps = ({ steps = [], scale = 1 / 255 }: TransformSpec): Preset => ({
  ...identity,
  scale,
  steps: () => steps,
  takes: [],
});

function numbersOf(asked: TransformSpec, preset: Preset): Pick<Transform, 'scale' | 'mean' | 'std'> {
  const given = [asked.mean, asked.std].flatMap((values) => (values === undefined ? [] : triple(values)));
  // Caffe's, Keras' and OpenCV's numbers are of pixels from 0 to 255; of pixels from 0 to 1 neither exceeds 1.
  const ofBytes = asked.name !== 'steps' && preset.scale !== 1 && given.some((value) => value > 1);
  return {
    scale: ofBytes ? 1 : preset.scale,
    mean: triple(asked.mean ?? (ofBytes ? preset.mean.map((value) => 255 * value) : preset.mean)),
    std: triple(asked.std ?? (ofBytes ? 1 : preset.std)),
  };
}

function pixelsAsTheyAre({ mean, std }: TransformSpec): Pick<Transform, 'scale' | 'mean' | 'std'> {
  const given = mean !== undefined ? 'mean' : std !== undefined ? 'std' : undefined;
  if (given !== undefined) {
    throw new UsageError(
      `Expected no ${option(given)} for a model that reads uint8 pixels: they go in as they are. Leave it out.`,
    );
  }
  return { scale: 1, ...identity };
}

/**
 * One mean and deviation for grey: the average of a preset's three.
 * @throws UsageError where the caller gave three different ones
 */
function oneChannel(
  asked: TransformSpec,
  { scale, mean, std }: Pick<Transform, 'scale' | 'mean' | 'std'>,
): Pick<Transform, 'scale' | 'mean' | 'std'> {
  const one = (key: 'mean' | 'std', values: Triple): Triple => {
    const isOne = values.every((value) => value === values[0]);
    if (!isOne && asked[key] !== undefined && asked.name !== 'steps') {
      throw new UsageError(
        `Expected one number for ${option(key)}, since the model reads one channel, found ${values.join(', ')}.`,
      );
    }
    return isOne ? values : triple(Number(((values[0] + values[1] + values[2]) / 3).toPrecision(6)));
  };
  return { scale, mean: one('mean', mean), std: one('std', std) };
}

/** One number stands for all three channels. */
const triple = (values: number | readonly number[]): Triple => {
  const [r, g, b] = typeof values === 'number' ? [values, values, values] : values;
  return [r, g, b];
};

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
    if (step.op === 'grey') return grey(current);
    if (step.op === 'centerCrop') return centerCrop(current, step.size, step);
    const size =
      typeof step.size === 'number'
        ? resizedSize(current, step.size)
        : step.fit
          ? fittedSize(current, step.size, step.fit)
          : step.size;
    checkResize(current, size);
    return resize(current, size, step.interpolation, step.as);
  }, image);
}
