import { eigenInTurns, dot, multiply } from '../linalg/index.js';
import type { Centred } from './centred.js';
import { inverses } from './ridge-path.js';

/**
 * Generalised cross-validation (Golub, Heath and Wahba 1979) for each alpha: the mean squared error of the fit, divided
 * by (1 − df/n)², with df = Σ λ/(λ + α), and one more for the intercept. One eigen-decomposition serves all alphas and
 * targets.
 */
export async function generalisedErrors(
  { n, gram, cross, squares }: Centred,
  alphas: readonly number[],
  rcond: number,
  intercept: boolean,
  signal?: AbortSignal,
): Promise<number[]> {
  const { values, vectors } = await eigenInTurns(gram.data, gram.rows, signal);
  const [c, q] = [await multiply(vectors, cross), cross.cols];
  const explained = values.map((_, i) => {
    const row = c.data.subarray(i * q, (i + 1) * q);
    return dot(row, row);
  });
  return alphas.map((alpha) => {
    const d = inverses(values, alpha, rcond);
    const freedom = n - dot(values, d) - (intercept ? 1 : 0);
    const shares = d.map((value, i) => (2 - values[i] * value) * value);
    const left = Math.max(0, squares - dot(shares, explained));
    return freedom > 0 ? (left * n) / q / freedom ** 2 : Infinity;
  });
}
