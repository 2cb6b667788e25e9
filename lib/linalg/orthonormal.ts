import { abs, max, sqrt } from '../base/index.js';
import { eigenInTurns } from './eigen.js';
import { matrix, type Matrix } from './matrix.js';
import { multiply } from './multiply.js';

/**
 * The orthonormal rows (k, m) nearest to those of W (k, m), k <= m: (W Wᵀ)^-½ W, by eigenvectors.
 * @returns these rows, and the singular values of W, descending
 */
export async function nearestOrthonormal(w: Matrix): Promise<{ rows: Matrix; singular: Float64Array }> {
  const k = w.rows;
  const { values, vectors } = await eigenInTurns((await multiply(w, w, 'nt')).data, k);
  const scaled = matrix(k, k);
  for (let i = 0; i < k; i++) {
    const scale = 1 / sqrt(max(values[i], values[0] * 1e-15));
    for (let j = 0; j < k; j++) scaled.data[i * k + j] = scale * vectors.data[i * k + j];
  }
  const root = await multiply(matrix(k, k, vectors.data), scaled, 'tn');
  return { rows: await multiply(root, w), singular: values.map((value) => sqrt(max(value, 0))) };
}

/**
 * Steps of Newton and Schulz at most. Each multiplies a small singular value by 1.5, so that it gets from 1e-7 to 1.
 */
const mostSteps = 40;

/**
 * The rows of `nearestOrthonormal`, by products alone (Newton and Schulz: Higham 2008, "Functions of Matrices", 8.3): X
 * ← (3 X − X Xᵀ X) / 2, starting from W scaled to singular values of at most 1. Twice as quick as eigenvectors at k =
 * 512; where W is nearly singular and the steps do not converge, it falls back to eigenvectors.
 */
export async function orthonormalised(w: Matrix): Promise<Matrix> {
  const k = w.rows;
  const gram = await multiply(w, w, 'nt');
  const scale = 1 / sqrt(largestRowSum(gram));
  let x = matrix(
    k,
    w.cols,
    w.data.map((value) => value * scale),
  );
  for (let step = 0; step < mostSteps; step++) {
    const next = await multiply(x, x, 'nt');
    let off = 0;
    for (let i = 0; i < k; i++) {
      for (let at = i * k; at < (i + 1) * k; at++) {
        const identity = at === i * (k + 1) ? 1 : 0;
        off = max(off, abs(next.data[at] - identity));
        next.data[at] = 1.5 * identity - 0.5 * next.data[at];
      }
    }
    if (off < 1e-12) return x;
    x = await multiply(next, x);
  }
  return (await nearestOrthonormal(w)).rows;
}

/** The largest sum of absolute values in a row, which bounds the eigenvalues. */
function largestRowSum({ rows, cols, data }: Matrix): number {
  let largest = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let at = i * cols; at < (i + 1) * cols; at++) sum += abs(data[at]);
    largest = max(largest, sum);
  }
  return largest;
}
