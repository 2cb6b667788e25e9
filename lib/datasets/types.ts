import type { FeatReconstructError, TaskOptions } from '../base/index.js';
import type { EncodedImage, RgbImage } from '../images/index.js';
import type { LeftOut } from '../words/index.js';

/** A ready model input, without the batch dimension. */
export interface InputTensor {
  type: 'float32' | 'float64' | 'float16' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool';
  data: Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;
  dims: number[];
}

/** One example. One of `image`, `encoded`, `tensor` and `undecodable` is there, or `tensors`. */
export interface Sample {
  /** Stable and readable: `cifar100:train/00042`, or a path below the folder. */
  id: string;
  /** Class index, −1 where there is none. */
  label: number;
  image?: RgbImage;
  /** A file that is decoded later, off the main thread (`decodeImage`). */
  encoded?: EncodedImage;
  tensor?: InputTensor;
  /** All of a file that has several, by name, for a model of several inputs; `tensor` is there too where one is called so. */
  tensors?: Readonly<Record<string, InputTensor>>;
  /** What is wrong with an image that somebody has tried to decode on the way here. */
  undecodable?: FeatReconstructError;
}

/** Some of a data set. */
export interface DatasetPart {
  readonly of: number;
  readonly seed?: number;
  readonly shard?: { readonly index: number; readonly count: number; readonly start: number };
}

/** A data set: sized, digestible and streamed. */
export interface Dataset {
  /** As asked for, slice included: `cifar100:train[0:5000]`. */
  readonly spec: string;
  /** Examples in it (before bad images are skipped). */
  readonly size: number;
  readonly kind: 'images' | 'tensors';
  /**
   * Where only some were asked for: how many there were to choose from, and the seed of a sample, or which shard, and its
   * first position. Absent where all are there.
   */
  readonly part?: DatasetPart;
  /** By label, where they are known. */
  readonly classNames?: readonly string[];
  /** `folders`: the names are those of subfolders or of a list, which are anyone's and need not be those of a model's classes. */
  readonly classesAre?: 'folders';
  /**
   * Files that should be images and cannot be read as any, by ending or by what is wrong: `{ '.heic': 30, 'broken link': 1 }`. They are no examples, whatever
   * the slice; `extractFeatures` stops at them unless it is told to skip bad images. Absent where there are none.
   */
  readonly leftOut?: LeftOut;
  /** The first few of those, for messages. */
  readonly leftOutNames?: readonly string[];
  /** What to know of its files, in sentences: one that is shorter than it was published. Absent where there is nothing. */
  readonly notes?: readonly string[];
  /** SHA-256 over the content and labels of these examples in order, hex. Computed once, with progress where it takes long. */
  digest(options?: TaskOptions): Promise<string>;
  /** Streams examples from position `start` on; never more than a few batches are held in memory. */
  samples(options?: { start?: number; signal?: AbortSignal }): AsyncIterable<Sample>;
  /** Closes files. */
  close(): Promise<void>;
}
