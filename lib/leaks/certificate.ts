import { dot, gatherRows, matrix, multiply, eigenInTurns, timesVector, type Matrix } from '../linalg/index.js';
import { abs, ceil, floor, max, min, sqrt, random } from '../base/index.js';
import { weightedGram } from './graphs.js';
import { linesAmong } from './lines.js';

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
/** Singular values below this of the largest are null: a true facet has 1e-2 and more, a sum of two 1e-5. */
const rankCut = 1e-2;
/** Rounds of fixing a candidate by the rows on it. */
const mostPasses = 5;
/** A row of more leverage fixes a direction of its own: without it the function would be open. */
const mostLeverage = 0.99;
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
 * @param options `lines`: false counts rows on one line as many. Default true
 */
export async function checkFacet(
  rows: Matrix,
  noise: Float64Array,
  candidate: Float64Array,
  { lines = true }: { lines?: boolean } = {},
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

  let x = valuesOf(rows, noise, candidate);
  for (let pass = 1; ; pass++) {
    if (x.zeros.length < zerosNeeded) return failed(x);
    const touched = distinctRows(rows, x.zeros);
    const zeros = touched.rows;
    if (zeros < zerosNeeded) return failed(x, { zeros });
    const { values, vectors } = await eigenInTurns((await weightedGram(touched, ones(zeros))).data, r + 1);
    const ratios = Array.from(values, (value) => sqrt(max(value, 0) / values[0]));
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
    const { negatives, a, steady } = refined;
    const above = distinctRows(rows, evenly(refined.above, mostAbove)).rows;
    // Many rows at another value, too: cut off at both ends a feature and its mirror image look alike, and where values
    // are few, rows lie together on functions that are no feature.
    const tied = refined.tied >= zerosNeeded;
    const sound =
      refined.zeros.length >= zerosNeeded && negatives === 0 && !tied && steady >= leastSteady && above >= aboveNeeded;
    const byChance = byChanceOf(refined.near, r);
    const weights = await weighed(touched, noise, values, vectors, {
      needed: sound && lines ? zerosNeeded : 0,
      byChance,
    });
    const { leverage, directions, fixedWithout } = weights;
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
export const zerosOf = (rows: Matrix, noise: Float64Array, a: Float64Array): number[] => valuesOf(rows, noise, a).zeros;

interface Values {
  /** Scaled so that x has standard deviation 1. */
  a: Float64Array;
  zeros: number[];
  above: number[];
  negatives: number;
  /** Zeros at half the tolerance over those at twice that. */
  steady: number;
  /** The most rows at one value above zero, to rounding. */
  tied: number;
  /** Rows above what counts as zero, up to eleven times that. */
  near: number;
}

/** What counts as zero of a function, in its own units. */
export function toleranceOf(rows: Matrix, noise: Float64Array, a: Float64Array): number {
  const x = timesVector(rows, a);
  const deviation = deviationOf(x);
  return deviation * zeroOf(noise, a, deviation);
}

function deviationOf(x: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (const value of x) sum += value;
  const mean = sum / x.length;
  for (const value of x) squares += (value - mean) ** 2;
  return sqrt(squares / x.length);
}

function valuesOf(rows: Matrix, noise: Float64Array, candidate: Float64Array): Values {
  const x = timesVector(rows, candidate);
  const deviation = deviationOf(x);
  const sign = x.reduce((sum, value) => sum + value, 0) < 0 ? -1 : 1;
  const zero = zeroOf(noise, candidate, deviation);
  const zeros: number[] = [];
  const above: number[] = [];
  const valuesAbove: number[] = [];
  let [negatives, half, double, near] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const value = (sign * x[i]) / deviation;
    const size = abs(value);
    if (size <= zero / 2) half++;
    if (size <= zero * 2) double++;
    if (size > zero && size <= zero * (1 + nearWidth)) near++;
    if (size <= zero) zeros.push(i);
    else if (value < 0) negatives++;
    else {
      above.push(i);
      valuesAbove.push(value);
    }
  }
  return {
    a: candidate.map((value) => (sign * value) / deviation),
    ...{ zeros, above, negatives, near },
    steady: double === 0 ? 0 : half / double,
    tied: mostTied(valuesAbove, zero),
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

/** The most of the values that lie within rounding of one another. */
function mostTied(values: readonly number[], zero: number): number {
  const sorted = Float64Array.from(values).sort();
  let most = 0;
  for (let i = 0, from = 0; i < sorted.length; i++) {
    while (sorted[i] - sorted[from] > zero) from++;
    most = max(most, i - from + 1);
  }
  return most;
}

/** Whitened rows nearer than this are near copies: images of their own are √(2r) apart. */
const nearCopy = 1e-3;

/**
 * Those rows, near copies left out: images that are all but equal touch a facet together and prove no more than one.
 * Sorted along a random direction, along which copies are near as well, so that few pairs need a look.
 */
export function distinctRows(rows: Matrix, which: readonly number[]): Matrix {
  const { cols } = rows;
  const numbers = random(1, cols);
  const direction = new Float64Array(cols).map(() => numbers.normal());
  const length = sqrt(dot(direction, direction));
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

function evenly(all: readonly number[], most: number): readonly number[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[floor((i * all.length) / most)]);
}

interface Weights {
  leverage: number;
  directions: number;
  fixedWithout: boolean;
}

/**
 * How many directions the rows on a facet are; the largest share that one of them, a row or all rows on a line, has in
 * fixing it: max of aᵢᵀ (AᵀA)⁺ aᵢ over rows, the null direction left out; and whether the rest fix it without those that
 * may be there by chance. Lines are looked for only where all else holds.
 */
async function weighed(
  touched: Matrix,
  noise: Float64Array,
  values: Float64Array,
  vectors: Matrix,
  { needed, byChance }: { needed: number; byChance: number },
): Promise<Weights> {
  const { own, scaled } = await leverages(touched, values, vectors);
  const leverage = own.reduce((most, value) => max(most, value), 0);
  const alone = Int32Array.from({ length: touched.rows }, (_, i) => i);
  const asRows = (): Weights => ({
    leverage,
    directions: touched.rows,
    fixedWithout: leverage <= mostLeverage && isFixedWithout(scaled, own, alone, byChance),
  });
  if (needed === 0 || leverage > mostLeverage) return asRows();
  const withOne = new Float64Array(touched.cols);
  withOne.set(noise);
  let seen: Weights = { leverage, directions: touched.rows, fixedWithout: false };
  // More rows are looked at where the first ones are too few for an answer.
  for (const most of [max(fewLines, 4 * touched.cols), manyLines]) {
    const found = linesAmong(touched, withOne, most);
    if (found.lines === found.rows.length) return asRows();
    const looked = gatherRows(touched, found.rows);
    const again = await eigenInTurns((await weightedGram(looked, ones(looked.rows))).data, looked.cols);
    // Rows that fix it but are so few that they were not met are those of chance.
    const isFixed = again.values[looked.cols - 2] >= rankCut ** 2 * again.values[0];
    const weighted = await leverages(looked, again.values, again.vectors);
    const ofLines = largestOfLines(weighted.scaled, found.line, found.lines);
    seen = {
      leverage: max(leverage, ofLines),
      directions: found.lines,
      fixedWithout: isFixed && isFixedWithout(weighted.scaled, weighted.own, found.line, byChance),
    };
    if (seen.leverage <= mostLeverage && seen.directions >= needed && seen.fixedWithout) break;
    // With so many on each line, a line that was not met would be a rare one.
    if (found.rows.length > 8 * found.lines) break;
  }
  return seen;
}

/**
 * Whether rows fix a function without `most` of them, those left out one after another that then do most for it, each
 * with all rows on its line. Leverages of the rows that are left follow from Sherman and Morrison's formula: with
 * K = (AᵀA − Σ aⱼaⱼᵀ)⁻¹ over those left out, hᵢ = aᵢᵀKaᵢ grows by (aᵢᵀKaⱼ)² / (1 − hⱼ) with each.
 * @param scaled (n, r) rows in coordinates in which AᵀA = I
 * @param own (n) their leverages
 * @param line (n) the number of each row's line
 */
function isFixedWithout(scaled: Matrix, own: Float64Array, line: Int32Array, most: number): boolean {
  const { rows, cols, data } = scaled;
  const h = Float64Array.from(own);
  const isOut = new Uint8Array(rows);
  const taken: { v: Float64Array; left: number }[] = [];
  const row = (i: number): Float64Array => data.subarray(i * cols, (i + 1) * cols);
  for (let k = 0; k < most; k++) {
    let largest = -1;
    for (let i = 0; i < rows; i++) if (!isOut[i] && (largest < 0 || h[i] > h[largest])) largest = i;
    if (largest < 0) return false;
    for (let j = 0; j < rows; j++) {
      if (line[j] !== line[largest]) continue;
      if (h[j] > mostLeverage) return false;
      isOut[j] = 1;
      const v = Float64Array.from(row(j));
      for (const { v: other, left } of taken) {
        const times = dot(other, row(j)) / left;
        for (let c = 0; c < cols; c++) v[c] += times * other[c];
      }
      const left = 1 - h[j];
      for (let i = 0; i < rows; i++) if (!isOut[i]) h[i] += dot(row(i), v) ** 2 / left;
      taken.push({ v, left });
    }
  }
  return true;
}

/** Rows on a facet among which lines are looked for at first, and where these are too few. */
const [fewLines, manyLines] = [200, 1200];

/**
 * Leverages of rows (n), and the rows in the coordinates (n, r) in which AᵀA = I: its r largest eigenvectors, scaled.
 */
async function leverages(
  touched: Matrix,
  values: Float64Array,
  vectors: Matrix,
  r = touched.cols - 1,
): Promise<{ own: Float64Array; scaled: Matrix }> {
  const p = touched.cols;
  const axes = matrix(r, p);
  for (let k = 0; k < r; k++) {
    const scale = 1 / sqrt(max(values[k], values[0] * 1e-15));
    for (let j = 0; j < p; j++) axes.data[k * p + j] = scale * vectors.data[k * p + j];
  }
  const scaled = await multiply(touched, axes, 'nt');
  const own = new Float64Array(touched.rows);
  for (let i = 0; i < touched.rows; i++) {
    for (let at = i * r; at < (i + 1) * r; at++) own[i] += scaled.data[at] * scaled.data[at];
  }
  return { own, scaled };
}

/**
 * Whether rows leave a space of `open` functions open and no single one of them is needed for there to be no more: a few
 * rows that are touched by chance would close a wider one.
 */
export async function leaveOpen(touched: Matrix, open: number): Promise<boolean> {
  const { values, vectors } = await eigenInTurns((await weightedGram(touched, ones(touched.rows))).data, touched.cols);
  const { own } = await leverages(touched, values, vectors, touched.cols - open);
  return own.every((leverage) => leverage <= mostLeverage);
}

/**
 * The largest leverage that the rows of one line have together: an eigenvalue of their part of AᵀA = I, by power
 * iteration.
 */
function largestOfLines({ cols, data }: Matrix, line: Int32Array, lines: number): number {
  const members = Array.from({ length: lines }, (): number[] => []);
  line.forEach((of, i) => members[of].push(i));
  let largest = 0;
  for (const rows of members) {
    if (rows.length < 3) continue;
    let x = data.slice(rows[0] * cols, (rows[0] + 1) * cols);
    let size = 0;
    for (let step = 0; step < 30; step++) {
      const length = sqrt(dot(x, x)) || 1;
      const next = new Float64Array(cols);
      for (const i of rows) {
        const row = data.subarray(i * cols, (i + 1) * cols);
        const along = dot(row, x) / length;
        for (let j = 0; j < cols; j++) next[j] += along * row[j];
      }
      size = sqrt(dot(next, next));
      x = next;
    }
    largest = max(largest, size);
  }
  return largest;
}

const ones = (n: number): Float64Array => new Float64Array(n).fill(1);
