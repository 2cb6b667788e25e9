import type { NdArray } from 'ndarray';
import type { RowPlace } from '../base/index.js';

/** A dense float tensor at the public border, row-major. */
export type FloatNdArray = NdArray<Float32Array> | NdArray<Float64Array>;

/**
 * Rows of a matrix that may lie in memory or on disk. Everything that walks over many rows takes one of these, so that
 * a store of any size is never read whole.
 */
export interface RowSource {
  /** Number of rows, n. */
  readonly rows: number;
  /** Width of a row. */
  readonly cols: number;
  /** What the rows were stored as: the rounding of that type decides at which eigenvalue statistics cut the rank. */
  readonly dtype: 'float16' | 'float32' | 'float64';
  /**
   * Rows `start` (included) to `end` (excluded), dense and row-major. The array may be a view of memory that the source
   * owns: read it, do not write to it.
   */
  read(start: number, end: number): Promise<Float32Array | Float64Array>;
  /** What a log says of its rows. Absent where nothing is known but the numbers. */
  readonly about?: RowsAbout;
}

/** What a log says of its rows beside their numbers. */
export interface RowsAbout {
  /** Present where the log has the best classes of each image alone. */
  cut?: CutRows;
  /** Where row i, counted from 0, stands in the log. */
  place?(row: number): RowPlace;
  /** The classes of row i that the log lists, in its order: the others are hidden, and no number is known of them. Absent where it has all. */
  listed?(row: number): Int32Array;
  /** Whether the order of `listed` is that of the model, the best class first, where numbers are tied too. */
  ranked?: boolean;
}

export interface CutRows {
  /** Most classes that it lists of an image. */
  shown: number;
  /** What its values are, where zeros for the other classes hide it: `unknown` where they may be percentages or logits. Null elsewhere. */
  unit: 'percentages' | 'unknown' | null;
}

/** y = weight x + bias. A model's head is one; so is a fit. */
export interface LinearMap {
  /** (out, in) */
  weight: FloatNdArray;
  /** (out) */
  bias: FloatNdArray;
}
