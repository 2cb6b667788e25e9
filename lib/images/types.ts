/** An 8-bit RGB image, rows from the top, pixels interleaved: `data[(y * width + x) * 3 + channel]`. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** An image that is not decoded yet: the path of its file, or the bytes of one from an archive. */
export interface EncodedImage {
  /** What errors call it. */
  name: string;
  file: string | Uint8Array;
}

/**
 * How a centre crop rounds: `floor` as transformers on Pillow, `floorAll` as its processors on torchvision; absent: as
 * torchvision.
 */
export type CropOffset = 'floor' | 'floorAll';

/** Pillow's filters. */
export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos';

/**
 * One step on pixels. Sizes are [height, width].
 *
 * - `resize`: a single number is the shorter side, as in torchvision; two are the new sides, or, with `fit`, the frame
 *   that an image of unchanged proportions `covers` or lies `within`, as timm rounds it. `as: 'torchvision'` is its
 *   resizing of tensors, which is Pillow's with coarser weights.
 * - `centerCrop`: where an odd number of pixels is cut off, torchvision rounds half to even and transformers (`floor`)
 *   down; `floorAll` rounds the padding down, too, as its processors on torchvision do. A smaller image is padded with
 *   `fill`, black if absent.
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
  /**
   * Input = (pixel * scale − mean) / std per channel, of pixels 0 to 255, each operation in float32, as torchvision
   * computes it.
   */
  scale: number;
  /** In the order of the input's channels, as `std`. */
  mean: [number, number, number];
  std: [number, number, number];
  /** `rgb` if absent. */
  channels?: Exclude<Channels, 'rgb'>;
}

/** Names of the presets; `makeTransform` says what each does. */
export type TransformName = 'protocol' | 'imagenet' | 'upsample' | 'timm' | 'caffe' | 'unit' | 'raw';

/**
 * What a caller may ask for: a preset; a preset with numbers; `model`, the transform that the model's own files state;
 * or numbers alone, which replace those of the default.
 */
export type TransformChoice = TransformSpec | TransformName | 'model' | TransformNumbers;

/** Numbers of a model, which replace those of a preset. */
export interface TransformNumbers {
  /**
   * One number for each channel, in the order of the input's channels, or one for all, of pixels from 0 to 1. If any
   * number of `mean` or `std` is above 1, both are of pixels from 0 to 255.
   */
  mean?: number | readonly number[] | undefined;
  std?: number | readonly number[] | undefined;
  /** timm's `crop_pct`: the share of the resized image's side that the centre crop keeps, above 0 and up to 1. */
  cropPct?: number | undefined;
  interpolation?: Interpolation | undefined;
  /** The order of colours that the model reads. Default `rgb`; Caffe's and OpenCV's models read `bgr`. */
  channels?: 'rgb' | 'bgr' | undefined;
}

/** How a transform is asked for: a preset by name, with a model's own numbers where it has any. */
export interface TransformSpec extends TransformNumbers {
  /** `steps`: no preset, but the steps below. */
  name: TransformName | 'steps';
  /** For `steps` alone. */
  steps?: PixelStep[] | undefined;
  /** What a pixel from 0 to 255 is multiplied by; for `steps` alone. Default 1 / 255. */
  scale?: number | undefined;
}
