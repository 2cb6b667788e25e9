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

/** What lies above the cut of a symmetric positive semidefinite matrix. */
export interface Kept {
  rank: number;
  /** Largest over smallest kept eigenvalue; 1 where nothing is kept. */
  condition: number;
  /** Smallest kept over largest dropped eigenvalue; null where nothing is dropped or nothing kept. */
  gap: number | null;
}

/** A symmetric positive semidefinite matrix, ready to be divided by, without what lies below the cut. */
export interface Factorisation extends Kept {
  solver: Solver;
  /** Orthonormal basis (rank, p), in rows, of what is kept; null at full rank, where it is everything. */
  basis: Matrix | null;
  /** The minimum-norm solution x (p, q) of G x = c. */
  solve(c: Matrix): Promise<Matrix>;
}

/**
 * Factorises G (p, p), cutting eigenvalues at and below `rcond` times the largest. Three ways, the quick ones first,
 * each checked against the eigenvalues next to the cut: plain Cholesky at full rank; below it the dominant subspace that
 * a pivoted Cholesky points at, where the eigenvalues show a gap; else all eigenvectors.
 */
export async function factorise(g: Matrix, rcond: number, signal?: AbortSignal): Promise<Factorisation> {
  return inOneOfThreeWays(g, rcond, eigenvectors, signal);
}

/** The same without what solves: where there is no gap eigenvalues are enough, a sixth of the work of their vectors. */
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
  if (largest <= 0) return nothing(p);
  const cut = rcond * largest;
  return (
    (await fullRank(g, largest, cut, signal)) ??
    (await dominantSubspace(g, largest, cut, signal)) ??
    (await byEigenvalues(g, largest, cut, signal))
  );
}

/** Eigenvalues that are only estimated are left to be computed when they are as near to the cut as this. */
const unsure = 0.05;

const nothing = (p: number): Factorisation => ({
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
    // Inverted diagonal blocks lose up to the root of the condition, which matters where it is large.
    solve: (c) => (condition < 1e4 ? choleskySolve(factor, c) : refined(g, factor, c)),
  };
}

/** A solution and one step of iterative refinement, which takes back what the inverted diagonal blocks lost. */
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
 * With the rows of Q (r, p) an orthonormal basis of the kept eigenvectors' span and T = QGQᵀ, the answer is Qᵀ T⁻¹ Q c.
 * The rows of a pivoted Cholesky factor span that space up to about 1/gap; each step of orthogonal iteration divides
 * what is off by the gap.
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
    // Rounding of G, divided by T, is what is left in the end; a slow decline means that there is no gap.
    if (size > previous / 8 || size <= settled(q, largest / leastPivot(factor))) {
      return inSubspace(g, q, factor, size, { largest, cut, signal });
    }
    previous = size;
    for (let i = 0; i < q.data.length; i++) correction.data[i] += q.data[i];
    q = await orthonormaliseRows(correction, 1);
  }
}

/**
 * The eigenvalues of G (p, p) above a cut, descending, with their eigenvectors (r, p) and the largest of the others: r³
 * operations in JavaScript in place of p³, where the eigenvalues show a gap at the cut; null where not.
 * @param cutAt the cut, given the largest eigenvalue
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

/** What rounding leaves of the correction of Q (r, p) where the kept eigenvalues have this condition. */
const settled = (q: Matrix, condition: number): number => Math.sqrt(q.data.length) * Number.EPSILON * condition;

/** At least the smallest eigenvalue. */
function leastPivot({ upper: { rows: n, data } }: CholeskyFactor): number {
  let least = Infinity;
  for (let i = 0; i < n; i++) least = Math.min(least, data[i * (n + 1)] ** 2);
  return least;
}

/** Checks that Q has settled and that the cut lies between what it keeps and what it drops. */
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

/** @param values descending, the first of them above the cut */
function keptOf(values: Float64Array, largest: number, cut: number): Kept {
  const rank = values.filter((value) => value > cut).length;
  return {
    rank,
    condition: values[0] / values[rank - 1],
    gap: rank < values.length ? values[rank - 1] / Math.max(values[rank], Number.EPSILON * largest) : null,
  };
}

/**
 * An orthonormal basis of the span of a matrix's independent rows, by Cholesky QR: twice (Yamamoto, Nakatsukasa, Yanagisawa
 * and Fukaya 2015) holds while the condition is below about 1e8, once for rows that are nearly orthonormal.
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
