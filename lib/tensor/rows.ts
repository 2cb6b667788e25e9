import { FeatReconstructError, found, isPromise } from '../base/index.js';
import { aboutAll, aboutSome } from './about.js';
import type { AnyNdArray } from './dense.js';
import { denseData, isNdArray } from './dense.js';
import { isMathjsMatrix, mathjsNumbers } from './mathjs.js';
import type { MathjsMatrix } from './mathjs.js';
import type { RowSource } from './types.js';
import { describe } from './vectors.js';

/** What may be given where rows are asked for: an array of any number type, strided or not, or rows on disk. */
export type RowsLike =
  RowSource | AnyNdArray | MathjsMatrix | readonly (readonly number[] | Float32Array | Float64Array)[];

/** Whether x already is a `RowSource`: rows on disk or a view of them. */
export function isRowSource(x: unknown): x is RowSource {
  const source = x as RowSource | null;
  return (
    typeof source === 'object' &&
    source !== null &&
    typeof source.rows === 'number' &&
    typeof source.cols === 'number' &&
    typeof source.read === 'function'
  );
}

/**
 * Rows (n, p) of anything that has them. Dense arrays of float32 or float64 are not copied; others (strided, reversed,
 * of another type) are made dense once, here at the border.
 * @param name what errors call the argument
 * @throws FeatReconstructError when x is not two-dimensional or not made of numbers
 */
export function toRowSource(x: RowsLike, name = 'the matrix'): RowSource {
  if (isRowSource(x)) return x;
  if (isNdArray(x)) {
    const [rows, cols] = twoDimensions(x.shape, x, name);
    return memoryRows(denseData(x), rows, cols);
  }
  if (isMathjsMatrix(x)) {
    const [rows, cols] = twoDimensions(x.size(), x, name);
    return memoryRows(mathjsNumbers(x, name).data, rows, cols);
  }
  if (Array.isArray(x)) return nestedRows(x, name);
  throw notRows(x, name);
}

function twoDimensions(shape: number[], x: unknown, name: string): number[] {
  if (shape.length !== 2) throw notRows(x, name);
  return shape;
}

function notRows(x: unknown, name: string): FeatReconstructError {
  const isFlat = ArrayBuffer.isView(x) && !(x instanceof DataView);
  const cure = isFlat ? ': give its shape, as toNdArray(data, [n, p]).' : isPromise(x) ? ': await it first.' : '.';
  return new FeatReconstructError(
    `Expected ${name} to be two-dimensional, one row an image (an ndarray, a mathjs matrix, number[][], Float32Array[] or stored rows), found ${describe(x)}${cure}`,
  );
}

const isFloats = (row: unknown): row is Float32Array | Float64Array =>
  row instanceof Float32Array || row instanceof Float64Array;

function nestedRows(x: readonly (readonly number[] | Float32Array | Float64Array)[], name: string): RowSource {
  if (!x.every((row) => Array.isArray(row) || isFloats(row))) throw notRows(x, name);
  const cols = x[0]?.length ?? 0;
  // As an ndarray of the same numbers would be.
  const isFloat32 = x.length > 0 && x.every((row) => row instanceof Float32Array);
  const data = new (isFloat32 ? Float32Array : Float64Array)(x.length * cols);
  x.forEach((row, i) => {
    if (row.length !== cols) {
      throw new FeatReconstructError(
        `Expected every row of ${name} to hold ${cols} numbers like the first, found row ${i} with ${row.length}.`,
        { code: 'mismatch' },
      );
    }
    const other = isFloats(row) ? -1 : row.findIndex((value) => typeof value !== 'number');
    if (other >= 0) {
      throw new FeatReconstructError(
        `Expected numbers in ${name}, found ${found(row[other])} in row ${i}, column ${other}: rows of texts are no rows of numbers.`,
      );
    }
    data.set(row, i * cols);
  });
  return memoryRows(data, x.length, cols);
}

/** Rows that are dense in memory, without a copy. */
export function memoryRows(data: Float32Array | Float64Array, rows: number, cols: number): RowSource {
  return {
    rows,
    cols,
    dtype: data instanceof Float32Array ? 'float32' : 'float64',
    async read(start, end) {
      checkRange(start, end, rows);
      return data.subarray(start * cols, end * cols);
    },
  };
}

/**
 * Rows `start` (included) to `end` (excluded) of a source, as a source of their own.
 * @throws FeatReconstructError where they are out of range
 */
export function sliceRows(source: RowSource, start: number, end: number): RowSource {
  checkRange(start, end, source.rows);
  return {
    rows: end - start,
    cols: source.cols,
    dtype: source.dtype,
    ...aboutSome(source, (row) => start + row),
    async read(from, to) {
      checkRange(from, to, end - start);
      return source.read(start + from, start + to);
    },
  };
}

/** If no more values than this lie between two chosen rows, they are read too: that is quicker than another read. */
const mostBetween = 2 ** 14;

/**
 * Rows of a source at positions in any order, as a source of their own. Rows that follow near each other are read in one
 * piece.
 */
export function chooseRows(source: RowSource, positions: Int32Array): RowSource {
  const { cols, dtype } = source;
  const reach = 1 + Math.floor(mostBetween / Math.max(1, cols));
  return {
    rows: positions.length,
    cols,
    dtype,
    ...aboutSome(source, (row) => positions[row]),
    async read(start, end) {
      checkRange(start, end, positions.length);
      let out: Float32Array | Float64Array | undefined;
      for (let i = start, next = i; i < end;) {
        const first = positions[i];
        do next++;
        while (next < end && positions[next] > positions[next - 1] && positions[next] - positions[next - 1] <= reach);
        const block = await source.read(first, positions[next - 1] + 1);
        // The block is exactly what was asked for: no copy is needed.
        if (i === start && next === end && block.length === (end - start) * cols) return block;
        out ??=
          block instanceof Float64Array
            ? new Float64Array((end - start) * cols)
            : new Float32Array((end - start) * cols);
        for (; i < next; i++) {
          const at = (positions[i] - first) * cols;
          out.set(block.subarray(at, at + cols), (i - start) * cols);
        }
      }
      return out ?? source.read(0, 0);
    },
  };
}

/**
 * Sources one after the other, as one (at least one source). Reads give float64 where any of them is float64, else
 * float32.
 * @throws FeatReconstructError when they differ in width
 */
export function joinRows(sources: readonly RowSource[]): RowSource {
  const [{ cols, dtype }] = sources;
  if (sources.length === 1) return sources[0];
  const other = sources.findIndex((source) => source.cols !== cols);
  if (other >= 0) {
    throw new FeatReconstructError(
      `Expected rows of one width to be put together, found ${cols} columns in the first and ${sources[other].cols} in part ${other + 1}; give parts of the same kind.`,
      { code: 'mismatch' },
    );
  }
  const wide = sources.some((source) => source.dtype === 'float64');
  const rows = sources.reduce((sum, source) => sum + source.rows, 0);
  return {
    rows,
    cols,
    dtype: wide ? 'float64' : sources.every((source) => source.dtype === dtype) ? dtype : 'float32',
    ...aboutAll(sources),
    async read(start, end) {
      checkRange(start, end, rows);
      const out = new (wide ? Float64Array : Float32Array)((end - start) * cols);
      let before = 0;
      for (const source of sources) {
        const from = Math.max(start - before, 0);
        const to = Math.min(end - before, source.rows);
        if (from < to) out.set(await source.read(from, to), (before + from - start) * cols);
        before += source.rows;
      }
      return out;
    },
  };
}

/** @throws FeatReconstructError where [start, end) is not within [0, rows) */
export function checkRange(start: number, end: number, rows: number): void {
  if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= rows)) {
    throw new FeatReconstructError(`Expected rows within 0 to ${rows}, found ${start} to ${end}.`);
  }
}
