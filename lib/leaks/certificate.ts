import { dot, gatherRows, matrix, multiply, eigenInTurns, timesVector, type Matrix } from '../fit/index.js';
import { weightedGram } from './graphs.js';
import { random } from './random.js';

/** What shows that an affine function of the outputs is one of the features. Plain: serialises to JSON. */
export interface FacetCertificate {
  kind: 'rectified';
  holds: boolean;
  /** Distinct rows on which it is zero to rounding: |x| <= 5e-6 of its standard deviation, or what storing can add to it. */
  zeros: number;
  /** How many are needed: 1.5 r. */
  zerosNeeded: number;
  /** Rows below that. */
  negatives: number;
  /** Second smallest singular value of those rows (h, 1) over the largest; null where there were too few to look. */
  rankRatio: number | null;
  /** The largest share that one of those rows alone has in fixing the function; below 0.99 none is needed. */
  leverage: number | null;
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
/** Standard deviations of what storing the outputs added to a feature that outputs hardly depend on: such a one is weaker than most, */
const noiseSigmas = 5;
/** and in outputs so coarse that this goes beyond so much, nothing is zero. */
const mostZero = 1e-4;
/** Singular values below this of the largest are null: a true facet has 1e-2 and more, a sum of two 1e-5. */
const rankCut = 1e-2;
/** Rounds of fixing a candidate by the rows on it. */
const mostPasses = 5;
/** A row of more leverage fixes a direction of its own: without it the function would be open. */
const mostLeverage = 0.99;

/**
 * The test of a candidate. Any facet of a sampled cloud touches r rows; a feature's zeros are more, they fix it, no
 * single one of them is needed for that, nothing lies below, and no other value is taken as often.
 * @param rows (n, r + 1)
 * @param noise (r) variance of what storing added to each column of the rows
 */
export async function checkFacet(rows: Matrix, noise: Float64Array, candidate: Float64Array): Promise<CheckedFacet> {
  const r = rows.cols - 1;
  const zerosNeeded = Math.ceil(1.5 * r);
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

  let x = valuesOf(rows, noise, candidate);
  for (let pass = 1; ; pass++) {
    if (x.zeros.length < zerosNeeded) return failed(x);
    const touched = distinctRows(rows, x.zeros);
    const zeros = touched.rows;
    if (zeros < zerosNeeded) return failed(x, { zeros });
    const { values, vectors } = await eigenInTurns((await weightedGram(touched, ones(zeros))).data, r + 1);
    const ratios = Array.from(values, (value) => Math.sqrt(Math.max(value, 0) / values[0]));
    const rankRatio = ratios[r - 1];
    if (rankRatio < rankCut) {
      const from = ratios.findIndex((ratio) => ratio < rankCut);
      const open = matrix(r + 1 - from, r + 1, vectors.data.slice(from * (r + 1)));
      return failed(x, { zeros, rankRatio }, open);
    }
    // The rows on it fix it better than the search did, and a better fix may show more of them.
    const least = vectors.data.slice(r * (r + 1));
    const refined = valuesOf(rows, noise, dot(least, candidate) < 0 ? least.map((value) => -value) : least);
    if (refined.zeros.length > x.zeros.length && pass < mostPasses) {
      x = refined;
      continue;
    }
    const leverage = await largestLeverage(touched, values, vectors);
    const { negatives, a } = refined;
    // Many rows at another value, too: cut off at both ends a feature and its mirror image look alike, and where values
    // are few, rows lie together on functions that are no feature.
    const tied = refined.tied >= zerosNeeded;
    const holds = refined.zeros.length >= zerosNeeded && negatives === 0 && leverage <= mostLeverage && !tied;
    return {
      certificate: { kind: 'rectified', holds, zeros, zerosNeeded, negatives, rankRatio, leverage },
      a,
      open: null,
    };
  }
}

interface Values {
  /** Scaled so that x has standard deviation 1. */
  a: Float64Array;
  zeros: number[];
  negatives: number;
  /** The most rows at one value above zero, to rounding. */
  tied: number;
}

function valuesOf(rows: Matrix, noise: Float64Array, candidate: Float64Array): Values {
  const x = timesVector(rows, candidate);
  let [sum, squares] = [0, 0];
  for (const value of x) sum += value;
  const mean = sum / x.length;
  for (const value of x) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / x.length);
  const sign = mean < 0 ? -1 : 1;
  const zero = zeroOf(noise, candidate, deviation);
  const zeros: number[] = [];
  const above: number[] = [];
  let negatives = 0;
  for (let i = 0; i < x.length; i++) {
    const value = (sign * x[i]) / deviation;
    if (Math.abs(value) <= zero) zeros.push(i);
    else if (value < 0) negatives++;
    else above.push(value);
  }
  return { a: candidate.map((value) => (sign * value) / deviation), zeros, negatives, tied: mostTied(above, zero) };
}

/** What counts as zero of a function, in its standard deviations. */
function zeroOf(noise: Float64Array, a: Float64Array, deviation: number): number {
  const added = Math.sqrt(noise.reduce((sum, variance, j) => sum + variance * a[j] * a[j], 0)) / deviation;
  return Math.min(Math.max(leastZero, noiseSigmas * added), mostZero);
}

/** The most of the values that lie within rounding of one another. */
function mostTied(values: readonly number[], zero: number): number {
  const sorted = Float64Array.from(values).sort();
  let most = 0;
  for (let i = 0, from = 0; i < sorted.length; i++) {
    while (sorted[i] - sorted[from] > zero) from++;
    most = Math.max(most, i - from + 1);
  }
  return most;
}

/** Whitened rows nearer than this are near copies: images of their own are √(2r) apart. */
const nearCopy = 1e-3;

/**
 * Those rows, near copies left out: images that are all but equal touch a facet together and prove no more than one.
 * Sorted along a random direction, along which copies are near as well, so that few pairs need a look.
 */
function distinctRows(rows: Matrix, which: readonly number[]): Matrix {
  const { cols } = rows;
  const numbers = random(1, cols);
  const direction = new Float64Array(cols).map(() => numbers.normal());
  const length = Math.sqrt(dot(direction, direction));
  const along = which
    .map((index) => ({ index, row: rows.data.subarray(index * cols, (index + 1) * cols) }))
    .map(({ index, row }) => ({ index, row, at: dot(direction, row) / length }))
    .sort((a, b) => a.at - b.at);
  const kept: typeof along = [];
  for (const next of along) {
    let i = kept.length - 1;
    while (i >= 0 && next.at - kept[i].at <= nearCopy && !isNear(kept[i].row, next.row)) i--;
    if (i < 0 || next.at - kept[i].at > nearCopy) kept.push(next);
  }
  return gatherRows(
    rows,
    kept.map(({ index }) => index),
  );
}

function isNear(a: Float64Array, b: Float64Array): boolean {
  let squares = 0;
  for (let j = 0; j < a.length && squares <= nearCopy ** 2; j++) squares += (a[j] - b[j]) ** 2;
  return squares <= nearCopy ** 2;
}

/** max of aᵢᵀ (AᵀA)⁺ aᵢ over rows, the null direction left out. */
async function largestLeverage(touched: Matrix, values: Float64Array, vectors: Matrix): Promise<number> {
  const r = touched.cols - 1;
  const scaled = matrix(r, r + 1);
  for (let k = 0; k < r; k++) {
    const scale = 1 / Math.sqrt(values[k]);
    for (let j = 0; j <= r; j++) scaled.data[k * (r + 1) + j] = scale * vectors.data[k * (r + 1) + j];
  }
  const { data } = await multiply(touched, scaled, 'nt');
  let largest = 0;
  for (let i = 0; i < touched.rows; i++) {
    let sum = 0;
    for (let at = i * r; at < (i + 1) * r; at++) sum += data[at] * data[at];
    largest = Math.max(largest, sum);
  }
  return largest;
}

const ones = (n: number): Float64Array => new Float64Array(n).fill(1);
