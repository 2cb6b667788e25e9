/** An 8-bit RGB image, rows from the top, pixels interleaved: `data[(y * width + x) * 3 + channel]`. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** A file of an image, not yet decoded: a path, or the bytes themselves where they lay in an archive. */
export interface EncodedImage {
  /** What errors call it. */
  name: string;
  file: string | Uint8Array;
}

export type Interpolation = 'nearest' | 'bilinear' | 'bicubic';

/** One step on pixels. Sizes are [height, width]; a single number for `resize` is the shorter side, as in torchvision. */
export type PixelStep =
  | { op: 'centerCrop'; size: [number, number] }
  | { op: 'resize'; size: number | [number, number]; interpolation: Interpolation };

/** From pixels to a model's input, as data: it is printed, compared and hashed into the store's key. */
export interface Transform {
  /** Name of the preset it came from. */
  name: string;
  steps: PixelStep[];
  /** Input = (pixel * scale − mean) / std per channel, in float32, in this order, as torchvision computes it. */
  scale: number;
  mean: [number, number, number];
  std: [number, number, number];
}

/** Names of the presets; `makeTransform` says what each does. */
export type TransformName = 'protocol' | 'imagenet' | 'upsample' | 'timm' | 'unit' | 'raw';

/** What a caller may ask for: a preset, one with numbers, or `model`, the transform that the model's own file states. */
export type TransformChoice = TransformSpec | TransformName | 'model';

/** How a transform is asked for: a preset by name, with a model's own numbers where it has any. */
export interface TransformSpec {
  name: TransformName;
  /** Of pixels from 0 to 1, a number for each channel or one for all three. */
  mean?: number | readonly number[];
  std?: number | readonly number[];
  cropPct?: number;
  interpolation?: Interpolation;
}
