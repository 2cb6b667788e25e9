import { dot, matrix, type Matrix } from '../linalg/index.js';
import { random } from '../base/index.js';
import { quadratics, quadraticsAdjoint, type TransposedRows } from './graphs.js';

/** q(h) = hᵀMh + 2vᵀh, M (r, r) symmetric and v (r). */
export interface Quadric {
  m: Matrix;
  v: Float64Array;
}

/** |h|² / r: on whitened rows 1 in the mean. */
export function isotropic(r: number): Quadric {
  const m = matrix(r, r);
  for (let i = 0; i < r; i++) m.data[i * (r + 1)] = 1 / r;
  return { m, v: new Float64Array(r) };
}

/** One with a part in every direction there is. */
export function randomQuadric(r: number): Quadric {
  const numbers = random(0, r);
  const m = matrix(r, r);
  for (let i = 0; i < r; i++) {
    for (let j = 0; j < i; j++) m.data[i * r + j] = m.data[j * r + i] = numbers.normal() * Math.SQRT1_2;
    m.data[i * (r + 1)] = numbers.normal();
  }
  return { m, v: new Float64Array(r).map(() => numbers.normal()) };
}

const inner = (a: Quadric, b: Quadric): number => dot(a.m.data, b.m.data) + dot(a.v, b.v);

/** √(|M|² + |v|²) */
export const quadricNorm = (a: Quadric): number => Math.sqrt(inner(a, a));

/** What a step of conjugate gradients has come to. */
export interface Step {
  x: Quadric;
  /** Root mean square of the weighted q(h) − level. */
  misfit: number;
}

/**
 * Conjugate gradients on the least-squares problem Σ w² (q(h) − level)² over the rows, the system never formed (CGLS:
 * Björck 1996, "Numerical Methods for Least Squares Problems", 7.4.1), for as long as steps are asked for or until the
 * gradient is gone. Rows are weighted by w = 1 / (1 + |h|² / r).
 */
export async function* conjugateGradients(h: TransposedRows, start: Quadric, level: number): AsyncGenerator<Step> {
  const weights = rowWeights(h);
  const weighted = (values: Float64Array): Float64Array => values.map((value, i) => value * weights[i]);
  const misfits = weighted((await quadratics(h, start.m, start.v)).map((value) => level - value));
  let x = start;
  let gradient: Quadric = await quadraticsAdjoint(h, weighted(misfits));
  let direction = gradient;
  let gamma = inner(gradient, gradient);
  const negligible = gamma * 1e-30;
  while (gamma > negligible) {
    const q = weighted(await quadratics(h, direction.m, direction.v));
    const alpha = gamma / dot(q, q);
    x = plus(x, alpha, direction);
    for (let i = 0; i < q.length; i++) misfits[i] -= alpha * q[i];
    yield { x, misfit: Math.sqrt(dot(misfits, misfits) / h.rows) };
    gradient = await quadraticsAdjoint(h, weighted(misfits));
    const next = inner(gradient, gradient);
    direction = plus(gradient, next / gamma, direction);
    gamma = next;
  }
}

const plus = (a: Quadric, scale: number, b: Quadric): Quadric => ({
  m: matrix(
    a.m.rows,
    a.m.cols,
    a.m.data.map((value, i) => value + scale * b.m.data[i]),
  ),
  v: a.v.map((value, i) => value + scale * b.v[i]),
});

function rowWeights({ rows, cols, blocks }: TransposedRows): Float64Array {
  const squares = new Float64Array(rows);
  let start = 0;
  for (const { cols: n, data } of blocks) {
    for (let at = 0; at < data.length; at++) squares[start + (at % n)] += data[at] * data[at];
    start += n;
  }
  return squares.map((value) => 1 / (1 + value / cols));
}
