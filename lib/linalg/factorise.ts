import { FeatReconstructError } from '../base/index.js';
import { cholesky, choleskySolve, choleskySolveVector, forwardSolve, type CholeskyFactor } from './cholesky.js';
import { eigenInTurns, eigenvaluesInTurns } from './eigen.js';
import { largestEigenvalue } from './lanczos.js';
import {
  matrix,
  norm,
  rowsOf,
  subtract,
  symmetrise,
  timesVector,
  transposedTimesVector,
  type Matrix,
} from './matrix.js';
import { multiply } from './multiply.js';
import { pivotedCholesky } from './pivoted-cholesky.js';

export type Solver = 'cholesky' | 'pivoted-cholesky' | 'eigen';

/** The eigenvalues above the cut of a symmetric positive semidefinite matrix. */
export interface Kept {
  rank: number;
  /** Largest over smallest kept eigenvalue; 1 where nothing is kept. */
  condition: number;
  /** Smallest kept over largest dropped eigenvalue; null where nothing is dropped or nothing kept. */
  gap: number | null;
}

/** A factorised symmetric positive semidefinite matrix G (p, p), restricted to the eigenvectors above the cut. */
export interface Factorisation extends Kept {
  solver: Solver;
  /**
   * Orthonormal basis (rank, p) of the kept eigenvectors' span, in rows; null at full rank, where that is everything.
   */
  basis: Matrix | null;
  /** The minimum-norm solution x (p, q) of G x = c. */
  solve(c: Matrix): Promise<Matrix>;
}

/**
 * Factorises G (p, p) without the eigenvalues at and below `rcond` times the largest. Tries three ways, the quick ones
 * first, and checks each against the eigenvalues next to the cut: plain Cholesky at full rank; the dominant subspace,
 * found by a pivoted Cholesky, where the eigenvalues have a gap at the cut; else all eigenvectors.
 * @throws FeatReconstructError (`not-finite`) where G has overflowed; the signal's reason when it was aborted
 */
export async function factorise(g: Matrix, rcond: number, signal?: AbortSignal): Promise<Factorisation> {
  return inOneOfThreeWays(g, rcond, eigenvectors, signal);
}

/**
 * The rank, condition and gap that `factorise` gives. Where there is no gap it needs eigenvalues only, a sixth of the
 * work of eigenvectors.
 */
export async function keptDirections(g: Matrix, rcond: number, signal?: AbortSignal): Promise<Kept> {
  return inOneOfThreeWays<Kept>(
    g,
    rcond,
    async (_, largest, cut) => keptOf(await eigenvaluesInTurns(g.data, g.rows, signal), largest, cut),
    signal,
  );
}

async function inOneOfThreeWays<Found extends Kept>(
  g: Matrix,
  rcond: number,
  byEigenvalues: (g: Matrix, largest: number, cut: number, signal?: AbortSignal) => Promise<Found>,
  signal?: AbortSignal,
): Promise<Found | Factorisation> {
  const p = g.rows;
  const largest = await largestEigenvalue((v) => timesVector(g, v), p, { relative: 1e-4, signal });
  if (!Number.isFinite(largest)) {
    throw new FeatReconstructError(
      'Expected sums of squares that float64 can hold, found an overflow; scale X and Y down.',
      { code: 'not-finite' },
    );
  }
  if (largest <= 0) return emptyFactorisation(p);
  const cut = rcond * largest;
  return (
    (await fullRank(g, largest, cut, signal)) ??
    (await dominantSubspace(g, largest, cut, signal)) ??
    (await byEigenvalues(g, largest, cut, signal))
  );
}

/** An estimated eigenvalue that is nearer to the cut than this share of it does not decide: the next way is tried. */
const unsure = 0.05;

const emptyFactorisation = (p: number): Factorisation => ({
  solver: 'cholesky',
  rank: 0,
  condition: 1,
  gap: null,
  basis: matrix(0, p),
  solve: (c) => Promise.resolve(matrix(p, c.cols)),
});

async function fullRank(g: Matrix, largest: number, cut: number, signal?: AbortSignal): Promise<Factorisation | null> {
  const factor = await cholesky(g, cut, signal);
  if (!factor) return null;
  const smallest = await smallestEigenvalue(factor, signal);
  if (smallest <= cut * (1 + unsure)) return null;
  const condition = largest / smallest;
  return {
    solver: 'cholesky',
    rank: g.rows,
    condition,
    gap: null,
    basis: null,
    // Inverted diagonal blocks lose digits, up to a factor of the root of the condition.
    solve: (c) => (condition < 1e4 ? choleskySolve(factor, c) : refined(g, factor, c)),
  };
}

/**
 * A solution with one step of iterative refinement, which restores the digits that the inverted diagonal blocks lost.
 */
async function refined(g: Matrix, factor: CholeskyFactor, c: Matrix): Promise<Matrix> {
  const x = await choleskySolve(factor, c);
  const residual = await multiply(g, x);
  for (let i = 0; i < residual.data.length; i++) residual.data[i] = c.data[i] - residual.data[i];
  const correction = await choleskySolve(factor, residual);
  for (let i = 0; i < x.data.length; i++) x.data[i] += correction.data[i];
  return x;
}

const smallestEigenvalue = async (factor: CholeskyFactor, signal?: AbortSignal): Promise<number> =>
  1 / (await largestEigenvalue((v) => choleskySolveVector(factor, v), factor.upper.rows, { relative: 1e-4, signal }));

/**
 * Factorises G in the span of the kept eigenvectors: with an orthonormal basis Q (r, p) of it and T = QGQᵀ, the
 * solution is Qᵀ T⁻¹ Q c. The rows of a pivoted Cholesky factor span that space up to an error of about 1/gap; each
 * step of orthogonal iteration divides the error by the gap. Null where there is no gap, or the rank is full.
 */
async function dominantSubspace(
  g: Matrix,
  largest: number,
  cut: number,
  signal?: AbortSignal,
): Promise<Factorisation | null> {
  const { factor: pivoted } = await pivotedCholesky(g, cut, signal);
  if (pivoted.rows === g.rows) return null;
  let q = await orthonormaliseRows(pivoted);
  for (let previous = 1; ;) {
    signal?.throwIfAborted();
    const off = await multiply(q, g);
    const t = symmetrise(await multiply(off, q, 'nt'));
    const factor = await cholesky(t);
    if (!factor) return null;
    // T⁻¹ Q G (I − QᵀQ) is what the next step of the iteration adds to Q.
    subtract(off, await multiply(t, q));
    const correction = await choleskySolve(factor, off);
    const size = norm(correction.data);
    // In the end the rounding of G, divided by T, remains; an error that declines slowly means that there is no gap.
    if (size > previous / 8 || size <= settled(q, largest / leastPivot(factor))) {
      return inSubspace(g, q, factor, size, { largest, cut, signal });
    }
    previous = size;
    for (let i = 0; i < q.data.length; i++) correction.data[i] += q.data[i];
    q = await orthonormaliseRows(correction, 1);
  }
}

/**
 * The eigenvalues of G (p, p) above a cut, descending, with their eigenvectors (r, p), if the eigenvalues have a gap at
 * the cut; else null. It takes r³ operations in JavaScript instead of p³.
 * @param cutAt the cut, given the largest eigenvalue
 * @returns `dropped` is the largest eigenvalue below the cut
 */
export async function leadingEigen(
  g: Matrix,
  cutAt: (largest: number) => number,
  signal?: AbortSignal,
): Promise<{ values: Float64Array; vectors: Matrix; dropped: number } | null> {
  const largest = await largestEigenvalue((v) => timesVector(g, v), g.rows, { relative: 1e-4, signal });
  const found = largest > 0 ? await dominantSubspace(g, largest, cutAt(largest), signal) : null;
  if (!found?.basis || found.rank === 0) return null;
  const { basis, gap } = found;
  const inside = symmetrise(await multiply(await multiply(basis, g), basis, 'nt'));
  const { values, vectors } = await eigenInTurns(inside.data, inside.rows, signal);
  return { values, vectors: await multiply(vectors, basis), dropped: values[values.length - 1] / gap! };
}

/** The size of the correction of Q (r, p) that is rounding alone, where the kept eigenvalues have this condition. */
const settled = (q: Matrix, condition: number): number => Math.sqrt(q.data.length) * Number.EPSILON * condition;

/** The smallest pivot, which is no smaller than the smallest eigenvalue. */
function leastPivot({ upper: { rows: n, data } }: CholeskyFactor): number {
  let least = Infinity;
  for (let i = 0; i < n; i++) least = Math.min(least, data[i * (n + 1)] ** 2);
  return least;
}

/**
 * The factorisation in the span of Q, if Q has settled and the cut is between the eigenvalues in it and outside it;
 * else null.
 */
async function inSubspace(
  g: Matrix,
  q: Matrix,
  factor: CholeskyFactor,
  off: number,
  { largest, cut, signal }: { largest: number; cut: number; signal?: AbortSignal },
): Promise<Factorisation | null> {
  const smallest = await smallestEigenvalue(factor, signal);
  if (off > settled(q, largest / smallest)) return null;
  const outside = (v: Float64Array): Float64Array => {
    const inside = transposedTimesVector(q, timesVector(q, v));
    return v.map((value, i) => value - inside[i]);
  };
  const dropped = await largestEigenvalue((v) => outside(timesVector(g, outside(v))), g.rows, {
    relative: 0.01,
    steps: 30,
    signal,
  });
  if (smallest <= cut * (1 + unsure) || dropped > cut * (1 - unsure)) return null;
  return {
    solver: 'pivoted-cholesky',
    rank: q.rows,
    condition: largest / smallest,
    gap: smallest / Math.max(dropped, Number.EPSILON * largest),
    basis: q,
    solve: async (c) => multiply(q, await choleskySolve(factor, await multiply(q, c)), 'tn'),
  };
}

async function eigenvectors(g: Matrix, largest: number, cut: number, signal?: AbortSignal): Promise<Factorisation> {
  const p = g.rows;
  const { values, vectors } = await eigenInTurns(g.data, p, signal);
  const kept = keptOf(values, largest, cut);
  const { rank } = kept;
  const basis = rowsOf(vectors, 0, rank);
  return {
    solver: 'eigen',
    ...kept,
    basis: rank < p ? basis : null,
    async solve(c) {
      const inside = await multiply(basis, c);
      for (let i = 0; i < rank; i++) {
        for (let j = i * c.cols; j < (i + 1) * c.cols; j++) inside.data[j] /= values[i];
      }
      return multiply(basis, inside, 'tn');
    },
  };
}

/** @param values all eigenvalues, descending, the first of them above the cut */
function keptOf(values: Float64Array, largest: number, cut: number): Kept {
  const rank = values.filter((value) => value > cut).length;
  return {
    rank,
    condition: values[0] / values[rank - 1],
    gap: rank < values.length ? values[rank - 1] / Math.max(values[rank], Number.EPSILON * largest) : null,
  };
}

/**
 * An orthonormal basis of the span of independent rows (r, p), by Cholesky QR. Two rounds (Yamamoto, Nakatsukasa,
 * Yanagisawa and Fukaya 2015) are enough while the condition is below about 1e8; one round is, for rows that are nearly
 * orthonormal.
 * @throws FeatReconstructError where the rows are dependent; the signal's reason when it was aborted
 */
export async function orthonormaliseRows(a: Matrix, rounds = 2, signal?: AbortSignal): Promise<Matrix> {
  let q = a;
  for (let round = 0; round < rounds; round++) {
    const factor = await cholesky(symmetrise(await multiply(q, q, 'nt', signal)), 0, signal);
    if (!factor) {
      throw new FeatReconstructError('Expected independent rows to make a basis of, found dependent ones.');
    }
    q = await forwardSolve(factor, q);
  }
  return q;
}
