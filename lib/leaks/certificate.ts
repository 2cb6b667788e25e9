import { abs, ceil, evenlyOf, max, min, sqrt } from '../base/index.js';
import { matrix, multiply, multiplyVector, type Matrix } from '../linalg/index.js';
import { fixedBy, mostLeverage, weighed } from './fixing.js';
import { distinctOf } from './near-copies.js';
import type { Times } from './side-by-side.js';

/**
 * What is proven of an affine function of the outputs: it is never below zero, and exactly zero on rows that fix it.
 * Plain: serialises to JSON.
 */
export interface FacetCertificate {
  kind: 'rectified';
  holds: boolean;
  /** Distinct rows on which it is zero to rounding: |x| <= 5e-6 of its standard deviation, or what storing can add to it. */
  zeros: number;
  /**
   * At least this many of them, where rows on one line (an image at many brightnesses, mixtures of two images) count
   * once.
   */
  directions?: number;
  /** How many are needed: 1.5 r. */
  zerosNeeded: number;
  /** Zeros at half the tolerance over zeros at twice that: 1 for exact zeros, a half where a minimum is flat. */
  steady?: number;
  /** Distinct rows above zero, counted up to a thousand. */
  above?: number;
  /** How many are needed: 21 + log2 r, so that chance would give all of them one sign once in a million searches. */
  aboveNeeded?: number;
  /** Rows below zero by more than the tolerance of `zeros`. */
  negatives: number;
  /**
   * Second smallest singular value of the rows at zero, (h, 1), over the largest; null where there were too few to
   * look.
   */
  rankRatio: number | null;
  /** The largest share that one of the rows at zero has in fixing the function; below 0.99 none is needed. */
  leverage: number | null;
  /** Rows that may be at zero by chance, judged by how many are a little above it. */
  byChance?: number;
  /**
   * Whether the rows at zero still fix the function without the `byChance` of them (whole lines) that do most for it.
   */
  fixedWithout?: boolean;
}

/** A facet, and what the rows on it say of it. */
export interface CheckedFacet {
  certificate: FacetCertificate;
  /** (r + 1), refined to the least singular vector of the rows on which it is zero, x scaled to standard deviation 1. */
  a: Float64Array;
  /** Where those rows leave more than one function open: an orthonormal basis (k, r + 1) of all of them. */
  open: Matrix | null;
}

/** Zero to float32's rounding, in standard deviations of the feature. */
const leastZero = 5e-6;
/**
 * A feature on which the outputs hardly depend is zero up to this many standard deviations of what storing them added
 * to it,
 */
const noiseSigmas = 5;
/** but up to this at most, in its own standard deviations: in outputs that are coarser than that nothing is zero. */
const mostZero = 1e-4;
/** Rounds of fixing a candidate by the rows on it. */
const mostPasses = 5;
/**
 * Zeros at half the tolerance over those at twice that. Where a minimum is flat (GELU, SiLU) the number of rows goes
 * with the root of the tolerance, which makes a half. Exact zeros are all within half of five standard deviations.
 */
const leastSteady = 0.9;
/** Rows above zero that are counted. */
const mostAbove = 1000;

/**
 * Rows above zero that a function needs. The rows where it is zero fix it, so that its sign on any other row cannot be
 * chosen: on m rows that have nothing in common a function that is no feature has one sign with a chance of 2^(1 − m).
 * Of r functions none passes by chance, but once in a million searches, where r 2^(1 − m) <= 1e-6. One outlier, or a
 * handful, fixes a function that is zero on all other rows, and is no feature.
 */
export const aboveNeededOf = (r: number): number => ceil(1 + Math.log2(r * 1e6));

/**
 * The test of a candidate. Any facet of a sampled cloud touches r rows; a feature's zeros are more, they fix it, no
 * single one of them nor those on one line are needed for that, nothing lies below, no other value is taken as often,
 * their number does not depend on the tolerance, and enough rows are above.
 * @param rows (n, r + 1)
 * @param noise (r) variance of what storing added to each column of the rows
 * @param options `lines`: false counts rows on one line as many (default true). `times`: how all rows are multiplied
 */
export async function checkFacet(
  rows: Matrix,
  noise: Float64Array,
  candidate: Float64Array,
  { lines = true, times = multiplyVector }: { lines?: boolean; times?: Times } = {},
): Promise<CheckedFacet> {
  const r = rows.cols - 1;
  const zerosNeeded = ceil(1.5 * r);
  const aboveNeeded = aboveNeededOf(r);
  const failed = (x: Values, more: Partial<FacetCertificate> = {}, open: Matrix | null = null): CheckedFacet => ({
    certificate: {
      kind: 'rectified',
      holds: false,
      zeros: x.zeros.length,
      zerosNeeded,
      negatives: x.negatives,
      rankRatio: null,
      leverage: null,
      ...more,
    },
    a: x.a,
    open,
  });

  let x = await valuesOf(rows, noise, candidate, times);
  for (let pass = 1; ; pass++) {
    if (x.zeros.length < zerosNeeded) return failed(x);
    const touched = distinctOf(rows, x.zeros);
    const zeros = touched.length;
    if (zeros < zerosNeeded) return failed(x, { zeros });
    const { rankRatio, open, least } = await fixedBy(rows, touched, candidate);
    if (open) return failed(x, { zeros, rankRatio }, open);
    // The rows on it fix it better than the search did, and a better fix may show more of them.
    const refined = await valuesOf(rows, noise, least, times);
    if (refined.zeros.length > x.zeros.length && pass < mostPasses) {
      x = refined;
      continue;
    }
    const { negatives, a, steady } = refined;
    const above = distinctOf(rows, evenlyOf(refined.above, mostAbove)).length;
    // Many rows at another value, too: cut off at both ends a feature and its mirror image look alike, and where values
    // are few, rows lie together on functions that are no feature.
    const sound =
      refined.zeros.length >= zerosNeeded &&
      negatives === 0 &&
      steady >= leastSteady &&
      above >= aboveNeeded &&
      mostTied(refined) < zerosNeeded;
    const byChance = byChanceOf(refined.near, r);
    const { leverage, directions, fixedWithout } = await weighed(rows, touched, noise, least, {
      needed: sound && lines ? zerosNeeded : 0,
      byChance,
    });
    const holds = sound && leverage <= mostLeverage && directions >= zerosNeeded && fixedWithout;
    return {
      certificate: {
        ...{ kind: 'rectified', holds, zeros, directions, zerosNeeded, steady, above, aboveNeeded },
        ...{ negatives, rankRatio, leverage, byChance, fixedWithout },
      },
      a,
      open: null,
    };
  }
}

/** Positions of the rows on which a function is zero to rounding. */
export const zerosOf = async (rows: Matrix, noise: Float64Array, a: Float64Array): Promise<number[]> =>
  (await valuesOf(rows, noise, a, multiplyVector)).zeros;

/** On how many rows each of these functions is zero to rounding. */
export async function zeroCounts(
  rows: Matrix,
  noise: Float64Array,
  functions: readonly Float64Array[],
): Promise<number[]> {
  const all = matrix(functions.length, rows.cols);
  for (const [k, a] of functions.entries()) all.data.set(a, k * rows.cols);
  const { data } = await multiply(all, rows, 'nt');
  return functions.map((a, k) => {
    const x = data.subarray(k * rows.rows, (k + 1) * rows.rows);
    const deviation = deviationOf(x);
    const zero = deviation * zeroOf(noise, a, deviation);
    return x.reduce((count, value) => count + (abs(value) <= zero ? 1 : 0), 0);
  });
}

interface Values {
  /** Scaled so that x has standard deviation 1. */
  a: Float64Array;
  /** The function of every row, in the same units. */
  x: Float64Array;
  /** What counts as zero of it. */
  zero: number;
  zeros: number[];
  above: Int32Array;
  negatives: number;
  /** Zeros at half the tolerance over those at twice that. */
  steady: number;
  /** Rows above what counts as zero, up to eleven times that. */
  near: number;
}

/** What counts as zero of a function, in its own units. */
export async function toleranceOf(rows: Matrix, noise: Float64Array, a: Float64Array): Promise<number> {
  const x = await multiplyVector(rows, a);
  const deviation = deviationOf(x);
  return deviation * zeroOf(noise, a, deviation);
}

function deviationOf(x: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < x.length; i++) sum += x[i];
  const mean = sum / x.length;
  for (let i = 0; i < x.length; i++) squares += (x[i] - mean) ** 2;
  return sqrt(squares / x.length);
}

async function valuesOf(rows: Matrix, noise: Float64Array, candidate: Float64Array, times: Times): Promise<Values> {
  const x = await times(rows, candidate);
  const deviation = deviationOf(x);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i];
  const sign = sum < 0 ? -1 : 1;
  const zero = zeroOf(noise, candidate, deviation);
  const zeros: number[] = [];
  const above = new Int32Array(x.length);
  let [positives, negatives, half, double, near] = [0, 0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const value = (sign * x[i]) / deviation;
    const size = abs(value);
    x[i] = value;
    if (size <= zero / 2) half++;
    if (size <= zero * 2) double++;
    if (size > zero && size <= zero * (1 + nearWidth)) near++;
    if (size <= zero) zeros.push(i);
    else if (value < 0) negatives++;
    else above[positives++] = i;
  }
  return {
    a: candidate.map((value) => (sign * value) / deviation),
    ...{ x, zero, zeros, negatives, near },
    above: above.subarray(0, positives),
    steady: double === 0 ? 0 : half / double,
  };
}

/** Width of the band of near rows right above zero, in units of what counts as zero. */
const nearWidth = 10;

/**
 * Rows that may count as zero though the function is not zero there: any that is not zero on open sets comes that near
 * on some. Where `near` rows lie in a band of ten times the width right above, k more lie within it with a chance that is
 * negative binomial (Poisson counts of one rate, nothing known of it before): C(near + k, k) 10^(near + 1) / 11^(near + 1 + k).
 * @returns the number that is exceeded once in a million searches for r functions
 */
export function byChanceOf(near: number, r: number): number {
  let term = (nearWidth / (nearWidth + 1)) ** (near + 1);
  let left = 1 - term;
  let k = 0;
  while (left > 1e-6 / r && k < near + 100) {
    k++;
    term *= (near + k) / k / (nearWidth + 1);
    left -= term;
  }
  return k;
}

/** What counts as zero of a function, in its standard deviations. */
function zeroOf(noise: Float64Array, a: Float64Array, deviation: number): number {
  const added = sqrt(noise.reduce((sum, variance, j) => sum + variance * a[j] * a[j], 0)) / deviation;
  return min(max(leastZero, noiseSigmas * added), mostZero);
}

/** The most rows at one value above zero, to rounding. */
function mostTied({ x, above, zero }: Values): number {
  const sorted = new Float64Array(above.length);
  for (let k = 0; k < above.length; k++) sorted[k] = x[above[k]];
  sorted.sort();
  let most = 0;
  for (let i = 0, from = 0; i < sorted.length; i++) {
    while (sorted[i] - sorted[from] > zero) from++;
    most = max(most, i - from + 1);
  }
  return most;
}
