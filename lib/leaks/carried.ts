import type { TaskOptions } from '../base/index.js';
import { applyLinearMap, matrix, multiply, symmetricEigen, type Matrix } from '../fit/index.js';
import { chooseRows, type RowSource } from '../tensor/index.js';
import { some, type ExaminedRows } from './examine.js';
import { blocks } from './graphs.js';
import { linearOutputs, outputSpace, whitening, type OutputSpace } from './whiten.js';

/** Rows that alone carry directions of the outputs' space. Plain: serialises to JSON. */
export interface CarriedRows {
  /** Positions, counted from 0. */
  rows: number[];
  /** Directions that no other row has a part in. */
  directions: number;
  /** Directions of all rows; null where they fill all that there are. */
  with: number | null;
  /** Directions of the others. */
  without: number;
}

/** The space that outputs fill without the rows that alone carry a direction. */
export interface SupportedSpace {
  space: OutputSpace;
  /** What was seen, those rows no longer among the distinct ones. */
  seen: ExaminedRows;
  carried: CarriedRows | null;
}

/**
 * Most rows that are looked at together, and so the most that carry a direction. So few may as well be of another model
 * or no outputs at all; more of them that agree on a direction have one cause in common, as images do on which a rare
 * feature is not zero.
 */
export const mostCarriers = 20;
/** Directions are dealt out until none is carried, or so often. */
const mostRounds = 10;
/** Rows beyond those that a space needs: with fewer every row carries some of it. */
const spareRows = 8;
/** Times the variance of storing that others may have in a carried direction: as much as the rank's own cut. */
const noiseFactor = 16;
/** What float64 leaves of a share after whitening. */
const roundingShare = 1e-8;

/**
 * The space of outputs, and the rows that alone open a direction of it: a header read as data, noise, a few rows of
 * another model. Such a row has a function of the outputs to itself that is zero on all others, so that its leverage is
 * 1; of several rows the hat matrix has an eigenvalue 1. Outputs alone cannot tell them from images that alone switch a
 * feature on: they are left out and named, and nothing is claimed of their directions.
 */
export async function supportedSpace(
  outputs: RowSource,
  seen: ExaminedRows,
  options: TaskOptions = {},
): Promise<SupportedSpace> {
  const all = await outputSpace(outputs, seen, options);
  let distinct = seen.distinct;
  let current = all;
  const left = new Set<number>();
  for (let round = 0; round <= mostRounds; round++) {
    const whole = distinct.length === seen.rows;
    const source = whole ? outputs : chooseRows(outputs, distinct);
    const part: ExaminedRows = { ...seen, rows: distinct.length, duplicates: 0 };
    // Copies of a row would share its leverage.
    if (!whole) current = await outputSpace(source, part, options);
    if (round === mostRounds) break;
    const found = await carriers(source, part, current, options);
    if (found.length === 0 || left.size + found.length > Math.max(mostCarriers, seen.distinct.length / 10)) break;
    for (const i of found) left.add(distinct[i]);
    distinct = seen.distinct.filter((row) => !left.has(row));
  }
  if (left.size === 0 || current.rank === null) return { space: all, seen, carried: null };
  const top = all.rank ?? current.values.filter((value) => value > 0).length;
  const carried: CarriedRows = {
    rows: [...left].sort((a, b) => a - b),
    directions: Math.max(1, top - current.rank),
    with: all.rank,
    without: current.rank,
  };
  return { space: current, seen: { ...seen, distinct }, carried };
}

/** Positions of rows that alone carry a direction. */
async function carriers(
  source: RowSource,
  seen: ExaminedRows,
  space: OutputSpace,
  options: TaskOptions,
): Promise<number[]> {
  const floor = space.values[0] * 1e-13;
  const rank = space.rank ?? space.values.filter((value) => value > Math.max(floor, seen.noise)).length;
  const n = source.rows;
  const most = Math.min(mostCarriers, n - rank - 1 - spareRows);
  if (rank === 0 || most < 1) return [];
  const whitened = applyLinearMap(whitening(space, rank), linearOutputs(source, seen, space.columns));
  const leverage = new Float64Array(n);
  for (const [start, end] of blocks(n, source.cols)) {
    options.signal?.throwIfAborted();
    const block = await whitened.read(start, end);
    for (let i = start, at = 0; i < end; i++) {
      for (let k = 0; k < rank; k++, at++) leverage[i] += block[at] * block[at];
    }
    options.onProgress?.({ stage: 'rows that stand alone', done: end, total: n, unit: 'rows' });
  }
  const noise = Float64Array.from({ length: rank }, (_, k) => seen.noise / space.values[k]);
  let weights: Float64Array = leverage;
  for (let pass = 0; pass < mostPasses; pass++) {
    const top = Array.from(weights.keys())
      .sort((a, b) => weights[b] - weights[a] || a - b)
      .slice(0, most);
    const h = matrix(most, rank);
    for (const [k, i] of top.entries()) h.data.set(await whitened.read(i, i + 1), k * rank);
    const { found, nearest } = await carriedAmong(h, noise, n);
    if (found.length > 0) return found.map((k) => top[k]).sort((a, b) => a - b);
    if (!nearest) return [];
    // A direction that these rows carry for the most part: the rows that it is largest on may carry all of it.
    weights = await sizesOf(nearest, whitened);
  }
  return [];
}

/** Looks at the rows of the largest leverage, then of the largest values of what those carry for the most part. */
const mostPasses = 3;

/** |f| of a function over (h, 1) on every row. */
async function sizesOf(f: Float64Array, whitened: RowSource): Promise<Float64Array> {
  const { rows, cols } = whitened;
  const sizes = new Float64Array(rows);
  for (const [start, end] of blocks(rows, cols)) {
    const block = await whitened.read(start, end);
    for (let i = start, at = 0; i < end; i++) {
      let value = f[cols];
      for (let k = 0; k < cols; k++, at++) value += f[k] * block[at];
      sizes[i] = Math.abs(value);
    }
  }
  return sizes;
}

interface CarriedAmong {
  /** Which rows carry directions that the others have no part in. */
  found: number[];
  /** (rank + 1) the function over (h, 1) that these rows carry most of, where that is half of it; else null. */
  nearest: Float64Array | null;
}

/**
 * Which of these rows carry directions: those with a part in a function that is zero on all others.
 * @param h (k, rank) whitened rows, all n of which have mean 0 and variance 1
 * @param noise (rank) variance of what storing added to each column
 */
async function carriedAmong(h: Matrix, noise: Float64Array, n: number): Promise<CarriedAmong> {
  const hat = await multiply(h, h, 'nt');
  const k = h.rows;
  for (let i = 0; i < k * k; i++) hat.data[i] = (hat.data[i] + 1) / n;
  const { values, vectors } = symmetricEigen(hat.data, k);
  const found = new Set<number>();
  let nearest: Float64Array | null = null;
  for (let e = 0; e < k && values[e] > 0.5; e++) {
    const share = Math.min(1, values[e]);
    const v = vectors.data.subarray(e * k, (e + 1) * k);
    // The function of the outputs that is v on these rows and least on the others: its coefficients are hᵀv / n.
    const f = new Float64Array(h.cols + 1);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < h.cols; j++) f[j] += (v[i] * h.data[i * h.cols + j]) / n;
      f[h.cols] += v[i] / n;
    }
    nearest ??= f;
    const noiseHere = noise.reduce((sum, variance, j) => sum + variance * f[j] * f[j], 0);
    if (share * (1 - share) > noiseFactor * n * noiseHere + roundingShare) continue;
    for (let i = 0; i < k; i++) if (v[i] ** 2 > Math.max(1e-6, 4 * noiseFactor * noiseHere)) found.add(i);
  }
  return { found: [...found], nearest };
}

/** What is said of such rows. */
export function describeCarried(
  { rows, directions, without }: CarriedRows,
  classes: number,
  total: number | null,
): string {
  const one = rows.length === 1;
  const who = one ? `Row ${rows[0]} (counted from 0)` : `${rows.length} rows (${some(rows)}, counted from 0)`;
  const all = total === null ? `all ${classes} outputs` : `${total} directions`;
  return `${who} alone ${one ? 'carries' : 'carry'} ${directions} of the directions: with ${one ? 'it' : 'them'} the outputs fill ${all}, without ${one ? 'it' : 'them'} ${without}. ${one ? 'It is' : 'They are'} left out: a header or noise, rows of another model, or images that alone switch a feature on; outputs cannot tell which.`;
}
