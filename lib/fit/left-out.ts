import type { RowSource } from '../tensor/index.js';
import { matrix, multiply, subtract, type Factorisation } from '../linalg/index.js';
import type { FitWarning } from '../words/index.js';
import type { FitInfo } from './types.js';
import type { Statistics } from './statistics.js';

/** Warnings of what the cut takes from X and its rounding does not explain. */

/** A column has lost more than rounding where the variance that was cut is above this times rcond, in its own squared size, … */
const aboveRounding = 100;

/** … and above this share of its variance. */
const leastShare = 1e-6;

const answers = new WeakMap<Factorisation, Promise<FitWarning | null>>();

/**
 * A warning where columns were cut only because of their unit; null where there are none. The cut is relative to the largest
 * direction of all, so that a column in a much smaller unit falls below it, however exact its numbers are. It counts where the
 * variance that it lost is far above the rounding of its own numbers. The first answer for a factorisation is kept.
 */
export function columnsLeftOut(
  statistics: Statistics,
  factorisation: Factorisation,
  rcond: number,
): Promise<FitWarning | null> {
  const known = answers.get(factorisation) ?? findColumns(statistics, factorisation, rcond);
  answers.set(factorisation, known);
  return known;
}

async function findColumns(
  { gram, meanX, n, p }: Statistics,
  { basis, rank }: Factorisation,
  rcond: number,
): Promise<FitWarning | null> {
  if (!basis || rank === 0) return null;
  let largest = 0;
  for (let j = 0; j < p; j++) largest = Math.max(largest, gram[j * (p + 1)]);
  // Columns of about the same size are not lost in this way: without small ones the products below are spared.
  const small = (j: number): boolean => gram[j * (p + 1)] <= 1e-4 * largest;
  if (!meanX.some((_, j) => small(j) && gram[j * (p + 1)] > 0)) return null;
  // The diagonal of (I − QᵀQ) G (I − QᵀQ): each column's variance in the directions that were cut.
  const left = matrix(p, p, gram.slice());
  subtract(left, await multiply(await multiply(left, basis, 'nt'), basis));
  const across = await multiply(basis, left);
  const lost: number[] = [];
  for (let j = 0; j < p; j++) {
    let inside = 0;
    for (let k = 0; k < rank; k++) inside += basis.data[k * p + j] * across.data[k * p + j];
    const [variance, outside] = [gram[j * (p + 1)], left.data[j * (p + 1)] - inside];
    const size = variance + n * meanX[j] ** 2;
    if (small(j) && outside > Math.max(leastShare * variance, aboveRounding * rcond * size)) lost.push(j);
  }
  if (lost.length === 0) return null;
  const ratio = Math.sqrt(gram[lost[0] * (p + 1)] / largest);
  return { kind: 'columns-left-out', columns: lost.length, first: lost[0], ratio };
}

/**
 * A warning where a direction was cut that is no rounding: the cut takes X for numbers of float32, but they are finer, and the
 * direction is above the rounding of float64. Null where there is none.
 */
export async function directionLeftOut(x: RowSource, { rank, condition, gap }: FitInfo): Promise<FitWarning | null> {
  if (x.dtype !== 'float64' || gap === null || rank === 0) return null;
  const dropped = 1 / (condition * gap);
  // The norm of a symmetric matrix of rounding errors is some 2 √p of them.
  if (dropped <= 4 * Math.sqrt(x.cols) * Number.EPSILON) return null;
  const sample = await x.read(0, Math.min(x.rows, 64));
  if (sample.every((value) => Math.fround(value) === value)) return null;
  return { kind: 'direction-left-out', ratio: Math.sqrt(dropped) };
}
