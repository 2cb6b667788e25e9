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

/** `floor`: as transformers on Pillow, `floorAll`: as its processors on torchvision; else torchvision's own. */
export type CropOffset = 'floor' | 'floorAll';

/** Pillow's filters. */
export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos';

/**
 * One step on pixels. Sizes are [height, width].
 *
 * - `resize`: a single number is the shorter side, as in torchvision; two are the new sides, or, with `fit`, the frame that
 *   an image of unchanged proportions `covers` or lies `within`, as timm rounds it. `as: 'torchvision'` is its
 *   resizing of tensors, which is Pillow's with coarser weights.
 * - `centerCrop`: where an odd number of pixels is cut off, torchvision rounds half to even and transformers (`floor`) down;
 *   `floorAll` rounds the padding down, too, as its processors on torchvision do.
 *   A smaller image is padded with `fill`, black if absent.
 * - `grey`: Pillow's conversion to `L`, in all three channels.
 */
export type PixelStep =
  | { op: 'grey' }
  | { op: 'centerCrop'; size: [number, number]; offset?: CropOffset; fill?: [number, number, number] }
  | {
      op: 'resize';
      size: number | [number, number];
      interpolation: Interpolation;
      fit?: 'covers' | 'within';
      as?: 'torchvision';
    };

/** Colours of a model's input in the order in which it reads them; `grey` where it reads one channel. */
export type Channels = 'rgb' | 'bgr' | 'grey';

/** From pixels to a model's input, as data: it is printed, compared and hashed into the store's key. */
export interface Transform {
  /** Name of the preset it came from. */
  name: string;
  steps: PixelStep[];
  /** Input = (pixel * scale − mean) / std per channel, in float32, in this order, as torchvision computes it. */
  scale: number;
  /** In the order of the input's channels, as `std` is. */
  mean: [number, number, number];
  std: [number, number, number];
  /** `rgb` if absent. */
  channels?: Exclude<Channels, 'rgb'>;
}

/** Names of the presets; `makeTransform` says what each does. */
export type TransformName = 'protocol' | 'imagenet' | 'upsample' | 'timm' | 'caffe' | 'unit' | 'raw';

/**
 * What a caller may ask for: a preset, one with numbers, `model`, the transform that the model's own files state, or numbers
 * alone, which then take the place of the default's.
 */
export type TransformChoice = TransformSpec | TransformName | 'model' | TransformNumbers;

/** Numbers of a model, in place of a preset's. */
export interface TransformNumbers {
  /**
   * Of pixels from 0 to 1, a number for each channel or one for all three, in the order of the input's channels. Where one
   * of them is above 1, mean and deviation are of pixels from 0 to 255.
   */
  mean?: number | readonly number[];
  std?: number | readonly number[];
  cropPct?: number;
  interpolation?: Interpolation;
  /** The order of colours that the model reads. Default `rgb`; Caffe's and OpenCV's models read `bgr`. */
  channels?: 'rgb' | 'bgr';
}

/** How a transform is asked for: a preset by name, with a model's own numbers where it has any. */
export interface TransformSpec extends TransformNumbers {
  /** `steps`: no preset, but the steps below. */
  name: TransformName | 'steps';
  /** For `steps` alone. */
  steps?: PixelStep[];
  /** What a pixel from 0 to 255 is multiplied by; for `steps` alone. Default 1 / 255. */
  scale?: number;
}
