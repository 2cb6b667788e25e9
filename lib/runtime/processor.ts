import type { Interpolation, PixelStep } from '../images/index.js';
import type { NotFollowed } from '../words/index.js';
import { filterOf, sidesOf, tripleOf, type Followed } from './stated.js';

/** The fields of transformers' image processors that decide what is done to an image. */
export interface Processor {
  image_processor_type?: unknown;
  feature_extractor_type?: unknown;
  do_resize?: boolean | null;
  size?: unknown;
  resample?: unknown;
  do_center_crop?: boolean | null;
  crop_size?: unknown;
  crop_pct?: number | null;
  do_rescale?: boolean | null;
  rescale_factor?: number | null;
  rescale_offset?: boolean | null;
  do_normalize?: boolean | null;
  include_top?: boolean | null;
  image_mean?: unknown;
  image_std?: unknown;
  do_flip_channel_order?: boolean | null;
}

/** What a class of processors does where its file says nothing (transformers 4.57). */
interface Defaults {
  resample: Interpolation;
  /** Whether it crops the centre. */
  crops: boolean;
  mean: readonly number[];
  std: readonly number[];
  /** Whether a size of one number is the shorter side. */
  shorter?: boolean;
  size?: unknown;
}

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const clip = { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] };
const edge224 = { shortest_edge: 224 };
const ofClip: Defaults = { ...clip, resample: 'bicubic', crops: true, shorter: true, size: edge224 };
const ofMobileNet: Defaults = {
  ...half,
  resample: 'bilinear',
  crops: true,
  shorter: true,
  size: { shortest_edge: 256 },
};
const ofVit: Defaults = { ...half, resample: 'bilinear', crops: false, size: 224 };

/** By the name of the class. */
const known: Readonly<Record<string, Defaults>> = {
  ViT: ofVit,
  DeiT: { ...half, resample: 'bicubic', crops: true, size: 256 },
  Beit: { ...half, resample: 'bicubic', crops: true, size: 256 },
  ConvNext: { ...half, resample: 'bilinear', crops: false, shorter: true, size: { shortest_edge: 384 } },
  Levit: { ...imagenet, resample: 'bicubic', crops: true, shorter: true, size: edge224 },
  PoolFormer: { ...imagenet, resample: 'bicubic', crops: true, shorter: true, size: edge224 },
  EfficientNet: { ...half, resample: 'nearest', crops: false, size: 346 },
  EfficientFormer: { ...imagenet, resample: 'bicubic', crops: true, size: 224 },
  MobileNetV1: ofMobileNet,
  MobileNetV2: ofMobileNet,
  MobileViT: { ...half, resample: 'bilinear', crops: true, shorter: true, size: edge224 },
  Bit: ofClip,
  CLIP: ofClip,
  Pvt: { ...imagenet, resample: 'bilinear', crops: false, size: 224 },
  Segformer: { ...imagenet, resample: 'bilinear', crops: false, size: 512 },
  Siglip: { ...half, resample: 'bicubic', crops: false, size: 224 },
};

/** Switches that have no counterpart here: a processor with one of them on is not followed. */
const foreign = [
  'do_pad',
  'do_thumbnail',
  'do_align_long_axis',
  'do_color_quantize',
  'do_image_splitting',
  'size_divisor',
];

/** A ConvNeXt's processor crops to sizes below this, and squashes to others (transformers, image_processing_convnext.py). */
const cropsBelow = 384;

/** `ViTImageProcessorFast`, `ConvNextFeatureExtractor` → `ViT`, `ConvNext`. */
const kindOf = ({ image_processor_type: now, feature_extractor_type: before }: Processor): string =>
  String(now ?? before ?? '').replace(/(ImageProcessor|FeatureExtractor)(Fast)?$/, '');

/** Whether a processor is one of those that use torchvision. */
const isFast = ({ image_processor_type: type }: Processor): boolean => String(type ?? '').endsWith('Fast');

/** Whether it resizes tensors, as the fast ones do but for filters that torchvision has for Pillow's images only. */
const resizesTensors = (processor: Processor, interpolation: Interpolation): boolean =>
  isFast(processor) && ['nearest', 'bilinear', 'bicubic'].includes(interpolation);

/** Height and width of the images that a processor makes; null where that depends on the image. */
export function processorSize(processor: Processor): [number, number] | null {
  const read = resizing(processor);
  return 'why' in read ? null : read.made;
}

/** The transform that a processor states: its pixel steps, numbers and order of colours. */
export function followedProcessor(processor: Processor): Followed {
  const on = foreign.find((key) => (processor as Record<string, unknown>)[key]);
  if (on !== undefined) return { why: { kind: 'field', field: on } };
  const read = resizing(processor);
  if ('why' in read) return read;
  const kind = kindOf(processor);
  const defaults = known[kind] ?? ofVit;
  const isMobileVit = kind === 'MobileViT';
  const normalises = (processor.do_normalize ?? true) && !isMobileVit;
  const mean = normalises ? tripleOf(processor.image_mean ?? defaults.mean) : [0, 0, 0];
  const std = normalises ? tripleOf(processor.image_std ?? defaults.std) : [1, 1, 1];
  if (!mean || !std || std.some((value) => value <= 0)) return { why: { kind: 'normalisation' } };
  const scale = (processor.do_rescale ?? true) ? (processor.rescale_factor ?? 1 / 255) : 1;
  // EfficientNet's pixels begin at −1, and are divided by the deviation once more for a model with its head.
  const offset = processor.rescale_offset ? 1 : 0;
  const again =
    kind === 'EfficientNet' && (processor.include_top ?? true) ? tripleOf(processor.image_std ?? defaults.std) : null;
  return {
    transform: {
      name: 'steps',
      steps: read.steps,
      scale,
      mean: mean.map((value) => value + offset),
      std: std.map((value, i) => value * (again?.[i] ?? 1)),
      ...((processor.do_flip_channel_order ?? isMobileVit) ? { channels: 'bgr' } : {}),
    },
  };
}

interface Resizing {
  steps: PixelStep[];
  /** Height and width of the result. */
  made: [number, number];
}

/** How a processor resizes and crops, by its class. */
function resizing(processor: Processor): Resizing | { why: NotFollowed } {
  const kind = kindOf(processor);
  if (kind === 'Perceiver' || kind === 'TextNet' || kind === 'ImageGPT' || kind === 'Siglip2') {
    return { why: { kind: 'processor', name: kind } };
  }
  const defaults = known[kind] ?? ofVit;
  const interpolation = filterOf(processor.resample ?? defaults.resample);
  if (!interpolation) return { why: { kind: 'resample', filter: String(processor.resample) } };
  const size = processor.size ?? defaults.size;
  // Where the class is not known, a crop to a single number goes with a shorter side, as in CLIP's.
  const crops = processor.do_center_crop ?? defaults.crops;
  const shorterByDefault = known[kind]?.shorter ?? processor.crop_pct != null;
  const shorter = edgeOf(size) ?? (shorterByDefault && typeof size === 'number' ? size : null);
  const sides = shorter === null ? sidesOf(size) : null;
  const cropped = crops
    ? sidesOf(
        processor.crop_size ??
          (known[kind] ? (kind === 'MobileViT' ? 256 : kind === 'EfficientNet' ? 289 : 224) : undefined),
      )
    : null;
  if (crops && !cropped) return { why: { kind: 'crop-without-size' } };
  const cropStep = (to: [number, number]): PixelStep => ({
    op: 'centerCrop',
    size: to,
    offset: isFast(processor) ? 'floorAll' : 'floor',
  });
  if (!(processor.do_resize ?? true)) {
    return cropped ? { steps: [cropStep(cropped)], made: cropped } : { why: { kind: 'no-resize' } };
  }
  const resized = (to: number | [number, number]): PixelStep => ({
    op: 'resize',
    size: to,
    interpolation,
    ...(resizesTensors(processor, interpolation) ? { as: 'torchvision' } : {}),
  });
  if (kind === 'ConvNext' || (!known[kind] && processor.crop_pct != null && !crops)) {
    if (shorter === null) return { why: { kind: 'resizing' } };
    const made: [number, number] = [shorter, shorter];
    if (shorter >= cropsBelow) return { steps: [resized(made)], made };
    return { steps: [resized(Math.trunc(shorter / (processor.crop_pct ?? 224 / 256))), cropStep(made)], made };
  }
  const share = kind === 'PoolFormer' ? (processor.crop_pct === undefined ? 0.9 : processor.crop_pct) : null;
  const longer = kind === 'Levit' && shorter !== null ? Math.trunc((256 / 224) * shorter) : null;
  const edge =
    longer ??
    (share === null ? shorter : Math.trunc((shorter ?? (sides && sides[0] === sides[1] ? sides[0] : NaN)) / share));
  if (edge !== null && Number.isFinite(edge)) {
    return cropped ? { steps: [resized(edge), cropStep(cropped)], made: cropped } : { why: { kind: 'shorter-side' } };
  }
  if (!sides || share !== null) return { why: { kind: 'resizing' } };
  return cropped
    ? { steps: [resized(sides), cropStep(cropped)], made: cropped }
    : { steps: [resized(sides)], made: sides };
}

/** The shorter side, of a size that gives that alone. */
function edgeOf(size: unknown): number | null {
  const { shortest_edge: edge, longest_edge: longest } = (size ?? {}) as Record<string, unknown>;
  return Number.isInteger(edge) && (edge as number) > 0 && longest == null ? (edge as number) : null;
}
