import type { EncodedImage, RgbImage } from '../images/index.js';

/** A ready model input, without the batch dimension. */
export interface InputTensor {
  type: 'float32' | 'float64' | 'float16' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool';
  data: Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;
  dims: number[];
}

/** One example. Exactly one of `image`, `encoded` and `tensor` is there. */
export interface Sample {
  /** Stable and readable: `cifar100:train/00042`, or a path below the folder. */
  id: string;
  /** Class index, −1 where there is none. */
  label: number;
  image?: RgbImage;
  /** A file that is decoded later, off the main thread (`decodeImage`). */
  encoded?: EncodedImage;
  tensor?: InputTensor;
}

/** A data set: sized, digestible and streamed. */
export interface Dataset {
  /** As asked for, slice included: `cifar100:train[0:5000]`. */
  readonly spec: string;
  /** Examples in it (before bad images are skipped). */
  readonly size: number;
  readonly kind: 'images' | 'tensors';
  /** By label, where they are known. */
  readonly classNames?: readonly string[];
  /** SHA-256 over the content and labels of these examples in order, hex. Computed once. */
  digest(): Promise<string>;
  /** Streams examples from position `start` on; never more than a few batches are held in memory. */
  samples(options?: { start?: number; signal?: AbortSignal }): AsyncIterable<Sample>;
  /** Closes files. */
  close(): Promise<void>;
}
