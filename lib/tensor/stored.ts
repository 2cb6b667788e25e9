import type { NdArray } from 'ndarray';
import { tooLarge } from '../bytes/index.js';
import type { OpenBytes } from '../bytes/index.js';
import { toNdArray } from './dense.js';
import { decodeElements, elementCount, elementSize, floatType, swapBytes, toFloats } from './elements.js';
import type { ElementType, TypedArray } from './elements.js';
import { checkRange } from './rows.js';
import type { RowSource } from './types.js';

/** Where one tensor is in a file, and how it is written. */
export interface TensorPlace {
  type: ElementType;
  shape: readonly number[];
  /** In bytes from the start of the file. */
  offset: number;
  bigEndian?: boolean;
  /** First axis fastest (Fortran's order) instead of last. */
  columnMajor?: boolean;
}

/**
 * One tensor on disk, of any rank. As a RowSource its rows are the items along the first axis, each flattened
 * (a vector's rows are one wide), as floats.
 */
export interface StoredTensor extends RowSource {
  /** As stored; 16-bit floats are read as float32. */
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Items `start` to `end` along the first axis in their own number type, dense and row-major. */
  readItems(start: number, end: number): Promise<TypedArray>;
}

/**
 * The tensor at a place of an open file. Nothing is read before it is asked for.
 * @throws FeatReconstructError where its shape is none
 */
export function storedTensor(file: OpenBytes, place: TensorPlace): StoredTensor {
  const { type, shape } = place;
  const rows = shape[0] ?? 1;
  const cols = elementCount(shape.slice(1), file.name);
  const size = elementSize(type);
  const load = async (first: number, count: number): Promise<TypedArray> => {
    const bytes = await file.read(place.offset + first * size, count * size);
    if (place.bigEndian) swapBytes(bytes, type);
    try {
      return decodeElements(bytes, type);
    } catch (error) {
      // 16-bit floats take twice their size in memory.
      throw tooLarge(file.name, 2 * bytes.length, error);
    }
  };
  const readItems = async (start: number, end: number): Promise<TypedArray> => {
    checkRange(start, end, rows);
    // Where nothing is read there are no columns to put together, however many the shape claims.
    if (!place.columnMajor || cols <= 1 || start === end) return load(start * cols, (end - start) * cols);
    const columns: TypedArray[] = [];
    for (let column = 0; column < cols; column++) columns.push(await load(start + column * rows, end - start));
    return interleave(columns, end - start, rowMajorOrder(shape.slice(1)));
  };
  return {
    rows,
    cols,
    type,
    shape,
    dtype: floatType(type),
    readItems,
    read: async (start, end) => toFloats(await readItems(start, end)),
  };
}

/** A stored tensor whole. Column-major files become strided views: nothing is copied. */
export async function readStored(file: OpenBytes, place: TensorPlace): Promise<NdArray> {
  if (!place.columnMajor) {
    return toNdArray(
      await storedTensor(file, place).readItems(0, place.shape[0] ?? 1),
      place.shape,
    ) as unknown as NdArray;
  }
  const reversed = [...place.shape].reverse();
  const stored = await readStored(file, { ...place, shape: reversed, columnMajor: false });
  return stored.transpose(...reversed.map((_, axis) => reversed.length - 1 - axis));
}

/** For each row-major position in an array of this shape, the position in column-major order. */
function rowMajorOrder(shape: readonly number[]): number[] {
  let order = [0];
  let stride = 1;
  for (const dim of shape) {
    const step = stride;
    order = order.flatMap((at) => Array.from({ length: dim }, (_, i) => at + i * step));
    stride *= dim;
  }
  return order;
}

/** Columns to rows. @param order which column each position of a row comes from */
function interleave(columns: TypedArray[], rows: number, order: number[]): TypedArray {
  const Type = columns[0].constructor as Float32ArrayConstructor;
  const out = new Type(rows * order.length);
  order.forEach((from, column) => {
    const values = columns[from] as Float32Array;
    for (let row = 0; row < rows; row++) out[row * order.length + column] = values[row];
  });
  return out;
}
