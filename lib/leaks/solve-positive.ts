import { max, min, sqrt } from '../base/index.js';
import { dotAt, type Matrix } from '../linalg/index.js';

/** `positiveSolver` for one right-hand side. */
export const solvePositive = (g: Matrix, b: Float64Array): Float64Array => positiveSolver(g)(b);

/**
 * Solves G a = b for a positive semidefinite G, scaled to a unit diagonal with 1e-13 added to it: near a facet G is all
 * but singular, and the solution is the direction that it leaves open, as in inverse iteration.
 * @returns the solution for a b
 */
export function positiveSolver(g: Matrix): (b: Float64Array) => Float64Array {
  const p = g.rows;
  const l = g.data.slice();
  const scales = new Float64Array(p);
  for (let i = 0; i < p; i++) scales[i] = 1 / sqrt(max(l[i * (p + 1)], Number.MIN_VALUE));
  for (let i = 0; i < p; i++) for (let j = 0; j <= i; j++) l[i * p + j] *= scales[i] * scales[j];
  const inverse = new Float64Array(p);
  for (let i = 0; i < p; i += 2) {
    // Two rows at a time against two above them: four sums of four numbers read.
    const [one, other] = [i * p, min(i + 1, p - 1) * p];
    for (let j = 0; j < i; j += 2) eliminate(l, [one, other], j, p, inverse);
    finish(l, one, i, inverse);
    if (other === one) break;
    l[other + i] = (l[other + i] - dotAt(l, other, l, one, i)) * inverse[i];
    finish(l, other, i + 1, inverse);
  }
  return (b) => {
    const x = b.map((value, i) => value * scales[i]);
    for (let i = 0; i < p; i++) x[i] = (x[i] - dotAt(l, i * p, x, 0, i)) * inverse[i];
    for (let i = p - 1; i >= 0; i--) {
      const xi = (x[i] *= inverse[i]);
      for (let k = 0, at = i * p; k < i; k++, at++) x[k] -= l[at] * xi;
    }
    return x.map((value, i) => value * scales[i]);
  };
}

/** The numbers of two rows of a Cholesky factor in columns j and j + 1. */
function eliminate(
  l: Float64Array,
  rows: readonly [number, number],
  j: number,
  p: number,
  inverse: Float64Array,
): void {
  const [one, other] = rows;
  const [up, next] = [j * p, (j + 1) * p];
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  for (let k = 0; k < j; k++) {
    const x = l[one + k];
    const y = l[other + k];
    const u = l[up + k];
    const v = l[next + k];
    s00 += x * u;
    s01 += x * v;
    s10 += y * u;
    s11 += y * v;
  }
  const x = (l[one + j] - s00) * inverse[j];
  l[one + j] = x;
  l[one + j + 1] = (l[one + j + 1] - s01 - x * l[next + j]) * inverse[j + 1];
  if (other === one) return;
  const y = (l[other + j] - s10) * inverse[j];
  l[other + j] = y;
  l[other + j + 1] = (l[other + j + 1] - s11 - y * l[next + j]) * inverse[j + 1];
}

/** The pivot of row i, which begins at `row`. */
function finish(l: Float64Array, row: number, i: number, inverse: Float64Array): void {
  const pivot = sqrt(max(l[row + i] + 1e-13 - dotAt(l, row, l, row, i), 1e-14));
  l[row + i] = pivot;
  inverse[i] = 1 / pivot;
}
