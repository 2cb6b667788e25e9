import {
  addOuter,
  denseBias,
  denseWeight,
  dot,
  matrix,
  subtract,
  timesVector,
  type Matrix,
  multiply,
} from '../linalg/index.js';
import type { LinearMap } from '../tensor/index.js';
import type { Statistics } from './statistics.js';

/** Sums over n rows of products of x − x₀ and y − y₀: about the rows' own means or about any other point. */
export interface Centred {
  n: number;
  /** (p, p) */
  gram: Matrix;
  /** (p, q) */
  cross: Matrix;
  /** Sum of the squares of all targets. */
  squares: number;
}

/** A point in X (p) and Y (q). */
export interface Centre {
  x: Float64Array;
  y: Float64Array;
}

/**
 * The sums of `statistics` about the point `centre` in place of their own means. With a prior, those of Y − prior(X) in place of
 * Y, and the point is one of X and Y − prior(X).
 */
export async function centredOn(statistics: Statistics, centre: Centre, prior?: LinearMap): Promise<Centred> {
  const { n, p, q, meanX, ssY } = statistics;
  const gram = matrix(p, p, statistics.gram.slice());
  const cross = matrix(p, q, statistics.cross.slice());
  let squares = ssY.reduce((sum, value) => sum + value, 0);
  if (prior) {
    // Σ‖y − A₀x‖² = Σ‖y‖² − ⟨A₀ᵀ, C⟩ − ⟨A₀ᵀ, C − G A₀ᵀ⟩, and C − G A₀ᵀ is the new C.
    const weight = denseWeight(prior);
    const before = innerTransposed(weight, cross);
    subtract(cross, await multiply(gram, weight, 'nt'));
    squares = Math.max(0, squares - before - innerTransposed(weight, cross));
  }
  const x = meanX.map((value, j) => value - centre.x[j]);
  const y = meanLeft(statistics, prior).map((value, j) => value - centre.y[j]);
  addOuter(gram, n, x, x);
  addOuter(cross, n, x, y);
  return { n, gram, cross, squares: squares + n * dot(y, y) };
}

/** The same sums in coordinates Q x. @param basis Q (r, p), orthonormal rows */
export async function inBasis({ n, gram, cross, squares }: Centred, basis: Matrix): Promise<Centred> {
  return {
    n,
    gram: await multiply(await multiply(basis, gram), basis, 'nt'),
    cross: await multiply(basis, cross),
    squares,
  };
}

/** Σ over the n rows of ‖y − Aᵀx‖² for A (p, q). */
export async function squaresLeft({ gram, cross, squares }: Centred, a: Matrix): Promise<number> {
  return squares - 2 * dot(a.data, cross.data) + dot(a.data, (await multiply(gram, a)).data);
}

/** The point that a fit is about: the means, or the origin without an intercept. */
export function centreOf(statistics: Statistics, intercept: boolean, prior?: LinearMap): Centre {
  const { p, q, meanX } = statistics;
  if (!intercept) return { x: new Float64Array(p), y: new Float64Array(q) };
  return { x: meanX, y: meanLeft(statistics, prior) };
}

/** (q): the mean of Y or, with a prior, of Y − prior(X). */
const meanLeft = ({ meanX, meanY }: Statistics, prior?: LinearMap): Float64Array =>
  prior ? residualMean(meanX, meanY, prior) : meanY;

/** ⟨Aᵀ, B⟩ */
function innerTransposed(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.cols; j++) sum += a.data[i * a.cols + j] * b.data[j * b.cols + i];
  }
  return sum;
}

/** (q): the mean of Y − prior(X). */
export function residualMean(meanX: Float64Array, meanY: Float64Array, prior: LinearMap): Float64Array {
  const bias = denseBias(prior);
  return timesVector(denseWeight(prior), meanX).map((value, i) => meanY[i] - value - bias[i]);
}
