import { type TaskOptions } from '../base/index.js';
import { toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import {
  backwardSolve,
  factorOf,
  denseBias,
  denseWeight,
  matrix,
  symmetrise,
  timesVector,
  transpose,
  type Matrix,
  multiply,
  pivotedCholesky,
  type PivotedFactor,
} from '../linalg/index.js';
import { defaultRcond } from './solve.js';

/** Rows in coordinates of the space that they span, which are fewer than the rows. */
export interface OwnSpan {
  /** (n, r), r < n: the rows about their mean, rotated. */
  rows: RowSource;
  /** A map of these as one of X (n, p): the one of least norm, which is 0 on what is orthogonal to all centred rows. */
  lift(map: LinearMap): Promise<LinearMap>;
}

/** Rows that are worked on together. */
const step = 512;

/**
 * X (n, p) with fewer rows than columns in r < n coordinates, without a matrix of p x p or of r x p. With Z the rows less their
 * mean and K = ZZᵀ = RᵀR by a pivoted Cholesky factor, Q = U⁻ᵀZₚ has orthonormal rows and Z = RᵀQ, where U are R's columns at
 * the pivots, upper triangular, and Zₚ is Z's rows there: the rows of Rᵀ are those of Z in the basis Q. Least squares and ridge do
 * not change under the rotation, and a map B of Rᵀ is the map BQ = (U⁻¹Bᵀ)ᵀZₚ of Z.
 *
 * Holds X as it was read, a few matrices of n x n and one of q x p in float64.
 * @param options `rcond`: as the fit will have it; directions well below it are left out here
 */
export async function ownSpan(
  x: RowSource,
  { rcond = defaultRcond(x.dtype), signal, onProgress }: TaskOptions & { rcond?: number } = {},
): Promise<OwnSpan> {
  const { rows: n, cols: p } = x;
  const data = x.dtype === 'float64' ? new Float64Array(n * p) : new Float32Array(n * p);
  const mean = new Float64Array(p);
  for (let start = 0; start < n; start += step) {
    signal?.throwIfAborted();
    const block = await x.read(start, Math.min(n, start + step));
    data.set(block, start * p);
    for (let at = 0; at < block.length; at += p) for (let j = 0; j < p; j++) mean[j] += block[at + j] / n;
  }
  const centred = (rows: readonly number[]): Matrix => {
    const out = matrix(rows.length, p);
    for (const [i, row] of rows.entries()) {
      for (let j = 0; j < p; j++) out.data[i * p + j] = data[row * p + j] - mean[j];
    }
    return out;
  };
  const products = await productsOf(n, centred, { signal, onProgress });
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, products.data[i * (n + 1)]);
  const pivoted = await pivotedCholesky(products, 0.01 * rcond * largest, signal);
  const { factor, pivots } = pivoted;
  // Rows that are all the same have one coordinate, in which they are 0.
  const coordinates = factor.rows > 0 ? transpose(factor) : matrix(n, 1);
  const r = coordinates.cols;
  return {
    rows: {
      ...{ rows: n, cols: r, dtype: 'float64' },
      read: (start, end) => Promise.resolve(coordinates.data.slice(start * r, end * r)),
    },
    async lift(map) {
      const [weight, bias] = [denseWeight(map), denseBias(map)];
      const lifted = matrix(weight.rows, p);
      if (pivots.length > 0) {
        const ofRows = await backwardSolve(factorOf(triangle(pivoted)), transpose(weight));
        for (let start = 0; start < r; start += step) {
          signal?.throwIfAborted();
          const end = Math.min(r, start + step);
          const some = matrix(end - start, weight.rows, ofRows.data.subarray(start * weight.rows, end * weight.rows));
          const part = await multiply(some, centred(pivots.slice(start, end)), 'tn', signal);
          for (let i = 0; i < part.data.length; i++) lifted.data[i] += part.data[i];
        }
      }
      const at = timesVector(lifted, mean);
      const shifted = bias.map((value, i) => value - at[i]);
      return { weight: toNdArray(lifted.data, [weight.rows, p]), bias: toNdArray(shifted, [weight.rows]) };
    },
  };
}

/** ZZᵀ, block by block of rows. */
async function productsOf(
  n: number,
  centred: (rows: readonly number[]) => Matrix,
  { signal, onProgress }: TaskOptions,
): Promise<Matrix> {
  const blockOf = (start: number): Matrix =>
    centred(Array.from({ length: Math.min(step, n - start) }, (_, i) => start + i));
  const products = matrix(n, n);
  for (let i = 0; i < n; i += step) {
    const left = blockOf(i);
    for (let j = i; j < n; j += step) {
      const part = await multiply(left, j === i ? left : blockOf(j), 'nt', signal);
      for (let row = 0; row < part.rows; row++) {
        products.data.set(part.data.subarray(row * part.cols, (row + 1) * part.cols), (i + row) * n + j);
      }
    }
    onProgress?.({ stage: 'products of rows', done: Math.min(n, i + step), total: n, unit: 'rows' });
  }
  return symmetrise(products);
}

/** R's columns at its pivots, in their order. */
function triangle({ factor, pivots }: PivotedFactor): Matrix {
  const r = pivots.length;
  const out = matrix(r, r);
  for (let i = 0; i < r; i++)
    for (let j = i; j < r; j++) out.data[i * r + j] = factor.data[i * factor.cols + pivots[j]];
  return out;
}
