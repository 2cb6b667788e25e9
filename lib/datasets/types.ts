import type { FeatReconstructError, TaskOptions } from '../base/index.js';
import type { EncodedImage, RgbImage } from '../images/index.js';
import type { LeftOut } from '../words/index.js';

/** A ready model input, without the batch dimension. */
export interface InputTensor {
  type: 'float32' | 'float64' | 'float16' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool';
  data: Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;
  dims: number[];
}

/** One example, as one of `image`, `encoded`, `tensor`, `undecodable` or, with several inputs, `tensors`. */
export interface Sample {
  /** Stable and readable: `cifar100:train/00042`, or a path below the folder. */
  id: string;
  /** Class index, −1 where there is none. */
  label: number;
  image?: RgbImage;
  /** A file that is decoded later, off the main thread (`decodeImage`). */
  encoded?: EncodedImage;
  tensor?: InputTensor;
  /**
   * All tensors of a file with several, by name, for a model of several inputs; `tensor` is then the main one, if there
   * is one.
   */
  tensors?: Readonly<Record<string, InputTensor>>;
  /** What is wrong with an image that could not be read. */
  undecodable?: FeatReconstructError;
}

/** How some examples were chosen from a slice. */
export interface DatasetPart {
  /** How many there were to choose from. */
  readonly of: number;
  /** Of a sample. */
  readonly seed?: number;
  /** Which of `count` shards, from 1, and its first position among those to choose from. */
  readonly shard?: { readonly index: number; readonly count: number; readonly start: number };
}

/** A data set: sized, digestible and streamed. */
export interface Dataset {
  /** As asked for, slice included: `cifar100:train[0:5000]`. */
  readonly spec: string;
  /** Examples in it (before bad images are skipped). */
  readonly size: number;
  readonly kind: 'images' | 'tensors';
  /** Absent where all were asked for. */
  readonly part?: DatasetPart;
  /** Names by label; absent where they are not known. */
  readonly classNames?: readonly string[];
  /** `folders`: the names come from subfolders or a list, so they may differ from the names of a model's classes. */
  readonly classesAre?: 'folders';
  /**
   * How many files should be images but are not read, by ending or by what is wrong: `{ '.heic': 30, 'broken link': 1
   * }`. They are not examples, whatever the slice; `extractFeatures` stops because of them unless it skips bad images.
   * Absent where there are none.
   */
  readonly leftOut?: LeftOut;
  /** The names of the first few, for messages. */
  readonly leftOutNames?: readonly string[];
  /**
   * What to know of its files, in sentences: one is shorter than it was published. Absent where there is nothing to
   * say.
   */
  readonly notes?: readonly string[];
  /**
   * SHA-256 over content and labels of these examples in order, hex. Computed once.
   * @throws FeatReconstructError where one cannot be read
   */
  digest(options?: TaskOptions): Promise<string>;
  /**
   * Streams examples from position `start` on, a few batches in memory at a time.
   * @throws FeatReconstructError where files cannot be read
   */
  samples(options?: { start?: number; signal?: AbortSignal }): AsyncIterable<Sample>;
  /** Releases files and memory; `samples` and `digest` then fail. */
  close(): Promise<void>;
}
