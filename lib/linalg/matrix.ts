import { checkMap, denseData, type LinearMap } from '../tensor/index.js';

/** A dense float64 matrix, row-major. */
export interface Matrix {
  rows: number;
  cols: number;
  data: Float64Array;
}

/** A matrix of given numbers, not copied, or of zeros. */
export const matrix = (rows: number, cols: number, data: Float64Array = new Float64Array(rows * cols)): Matrix => ({
  rows,
  cols,
  data,
});

/** Rows `start` (included) to `end` (excluded), as a view. */
export const rowsOf = (m: Matrix, start: number, end: number): Matrix => ({
  rows: end - start,
  cols: m.cols,
  data: m.data.subarray(start * m.cols, end * m.cols),
});

/** Rows `start` to `end`, as a view of each. */
export const vectorsOf = ({ cols, data }: Matrix, start: number, end: number): Float64Array[] =>
  Array.from({ length: end - start }, (_, i) => data.subarray((start + i) * cols, (start + i + 1) * cols));

/** Some rows, copied. */
export function gatherRows({ cols, data }: Matrix, which: ArrayLike<number>): Matrix {
  const out = matrix(which.length, cols);
  for (let i = 0; i < which.length; i++) {
    out.data.set(data.subarray(which[i] * cols, (which[i] + 1) * cols), i * cols);
  }
  return out;
}

/** A copy of the rectangle [row0, row1) x [col0, col1). */
export function slice(m: Matrix, row0: number, row1: number, col0: number, col1: number): Matrix {
  const out = matrix(row1 - row0, col1 - col0);
  for (let i = row0; i < row1; i++) {
    out.data.set(m.data.subarray(i * m.cols + col0, i * m.cols + col1), (i - row0) * out.cols);
  }
  return out;
}

/** The transpose, in tiles that stay in the cache. */
export function transpose(m: Matrix): Matrix {
  const { rows, cols, data } = m;
  const out = matrix(cols, rows);
  const tile = 32;
  for (let i0 = 0; i0 < rows; i0 += tile) {
    const i1 = Math.min(i0 + tile, rows);
    for (let j0 = 0; j0 < cols; j0 += tile) {
      const j1 = Math.min(j0 + tile, cols);
      for (let i = i0; i < i1; i++) for (let j = j0; j < j1; j++) out.data[j * rows + i] = data[i * cols + j];
    }
  }
  return out;
}

/** Dot product of two vectors. */
export const dot = (a: Float64Array, b: Float64Array): number => dotAt(a, 0, b, 0, a.length);

/**
 * Dot product of n numbers, of a from `i` on and of b from `j` on; in four sums, so that additions need not wait for
 * each other.
 */
export function dotAt(a: Float64Array, i: number, b: Float64Array, j: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < n; k += 4) {
    s0 += a[i + k] * b[j + k];
    s1 += a[i + k + 1] * b[j + k + 1];
    s2 += a[i + k + 2] * b[j + k + 2];
    s3 += a[i + k + 3] * b[j + k + 3];
  }
  for (; k < n; k++) s0 += a[i + k] * b[j + k];
  return s0 + s1 + (s2 + s3);
}

/** Euclidean norm. */
export const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

/** Matrix (n, p) times vector (p). */
export function timesVector({ rows, cols, data }: Matrix, x: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) out[i] = dotAt(data, i * cols, x, 0, cols);
  return out;
}

/** Transpose of a matrix (n, p) times vector (n). */
export function transposedTimesVector(m: Matrix, x: Float64Array): Float64Array {
  const out = new Float64Array(m.cols);
  for (let i = 0; i < m.rows; i++) {
    const xi = x[i];
    for (let j = 0, at = i * m.cols; j < m.cols; j++) out[j] += m.data[at + j] * xi;
  }
  return out;
}

/** a ← a + b, of numbers. */
export function add(a: Float64Array, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] += b[i];
}

/** a ← a − b, of matrices of one shape. */
export function subtract(a: Matrix, b: Matrix): void {
  for (let i = 0; i < a.data.length; i++) a.data[i] -= b.data[i];
}

/** Adds factor · a bᵀ to a matrix (n, p). */
export function addOuter(into: Matrix, factor: number, a: Float64Array, b: Float64Array): void {
  for (let i = 0, at = 0; i < a.length; i++) {
    const scaled = factor * a[i];
    for (let j = 0; j < b.length; j++, at++) into.data[at] += scaled * b[j];
  }
}

/**
 * Copies the upper triangle of a square matrix to the lower one, in place: what was symmetric up to rounding is so
 * exactly.
 */
export function symmetrise(m: Matrix): Matrix {
  const { rows: n, data } = m;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) data[i * n + j] = data[j * n + i];
  return m;
}

export function identity(n: number): Matrix {
  const out = matrix(n, n);
  for (let i = 0; i < n; i++) out.data[i * (n + 1)] = 1;
  return out;
}

/** A map's weight (out, in) in float64, dense; not a copy if it is that already. */
export function denseWeight(map: LinearMap): Matrix {
  checkMap(map);
  const { weight } = map;
  return matrix(weight.shape[0], weight.shape[1], toFloat64(denseData(weight)));
}

/** A map's bias (out) in float64; not a copy if it is that already. */
export function denseBias(map: LinearMap): Float64Array {
  checkMap(map);
  return toFloat64(denseData(map.bias));
}

const toFloat64 = (data: Float32Array | Float64Array): Float64Array =>
  data instanceof Float64Array ? data : Float64Array.from(data);

/**
 * Ranges [start, end) of rows to work on together: blocks of `cols` columns that fit into the second-level cache, where
 * ONNX Runtime's Gemm is two to four times quicker than from memory.
 */
export function* blocks(rows: number, cols: number): Generator<[number, number]> {
  const step = Math.max(128, Math.min(4096, Math.floor(200_000 / cols)));
  for (let start = 0; start < rows; start += step) yield [start, Math.min(start + step, rows)];
}

/** Matrices with the same number of rows, side by side; one alone is not copied. */
export function beside(parts: readonly Matrix[]): Matrix {
  if (parts.length === 1) return parts[0];
  const cols = parts.reduce((sum, part) => sum + part.cols, 0);
  const out = matrix(parts[0].rows, cols);
  let from = 0;
  for (const part of parts) {
    for (let i = 0; i < part.rows; i++) {
      out.data.set(part.data.subarray(i * part.cols, (i + 1) * part.cols), i * cols + from);
    }
    from += part.cols;
  }
  return out;
}
