import { isCoded, type RowPlace, type TaskOptions } from '../base/index.js';
import { applyLinearMap } from '../fit/index.js';
import { blocks, matrix, multiply, symmetricEigen, type Matrix } from '../linalg/index.js';
import { chooseRows, placesOf, sliceRows, type RowSource } from '../tensor/index.js';
import type { OutputsNote } from '../words/index.js';
import { examineOutputs, type ExaminedRows } from './examine.js';
import { linearOutputs, outputSpace, outputSpectrum, whitening, type OutputSpace } from './whiten.js';

/** Rows that alone carry directions of the outputs' space. Plain: serialises to JSON. */
export interface CarriedRows {
  /** Positions, counted from 0. */
  rows: number[];
  /** How many directions they carry: no other row has a part in these. */
  directions: number;
  /** How many directions all rows fill; null where they fill every one. */
  with: number | null;
  /** How many directions the other rows fill. */
  without: number;
  /** Where the rows stand in a log. Absent where that is not known. */
  places?: RowPlace[];
}

/** A space of outputs without some of their rows, which are no longer among the distinct ones. */
export interface PartSpace {
  space: OutputSpace;
  seen: ExaminedRows;
  /** Positions of the rows left out. */
  left: number[];
}

/** The space that outputs fill without the rows that alone carry a direction. */
export interface SupportedSpace extends PartSpace {
  /** The rows left out: each opens a direction of its own, or they fill all the room that there is. */
  carried: CarriedRows | null;
  /** The first few rows found that carry directions together and agree on them: these are not left out. */
  shared: CarriedRows | null;
  /** The space of all rows. */
  whole: OutputSpace;
}

/**
 * Most rows that are looked at together, and so the most that carry a direction. So few may as well be of another model
 * or no outputs at all; more of them that agree on a direction have one cause in common, as images do on which a rare
 * feature is not zero.
 */
const mostCarriers = 20;
/**
 * With this many rows for each direction, or more, they agree. Noise fills a direction with each row, and another head of
 * d features fills d + 1 with as many rows or more: with 20 rows and 7 features these are 2.5 rows for each. Where no room
 * is left, nothing is agreed on.
 */
const agreeing = 3;
/** Rounds of leaving rows out, each of which may find more of them. */
const mostRounds = 10;
/** Rows beyond those that a space needs: with fewer every row carries some of it. */
const spareRows = 8;
/** What other rows may have in a carried direction, in variances of storing: as much as the rank's own cut. */
const noiseFactor = 16;
/** What float64 leaves of a share after whitening. */
const roundingShare = 1e-8;

/**
 * The space of outputs, and the rows that alone open a direction of it: a header read as data, noise, a few rows of
 * another model. Such a row has a function of the outputs to itself that is zero on all others, so that its leverage is
 * 1; of several rows the hat matrix has an eigenvalue 1. Outputs alone cannot tell them from images that alone switch a
 * feature on: they are left out and named, and nothing is claimed of their directions. Where a few rows are many
 * times the directions that they carry they agree on these, as rows of noise or of another head do not; those are named
 * alone.
 */
export async function supportedSpace(
  outputs: RowSource,
  seen: ExaminedRows,
  options: TaskOptions = {},
): Promise<SupportedSpace> {
  const space = await outputSpace(outputs, seen, options);
  const whole: PartSpace = { space, seen, left: [] };
  if ((await carriers(outputs, whole, options)).rows.length === 0) {
    return { space, seen, left: [], carried: null, shared: null, whole: space };
  }
  // A few more columns than directions fill the same space, and an eigen-decomposition takes time with their cube.
  const cols = space.rank === null ? outputs.cols : Math.min(outputs.cols, space.rank + spareColumns);
  const source = cols === outputs.cols ? outputs : someColumns(outputs, cols);
  const all: PartSpace = source === outputs ? whole : { ...whole, space: await outputSpace(source, seen, options) };
  const most = seen.scale === 'logits' ? all.space.columns.length : all.space.columns.length - 1;
  const rankOf = (part: PartSpace): number => part.space.rank ?? most;
  let current = all;
  let shared: CarriedRows | null = null;
  for (let round = 0; round < mostRounds; round++) {
    const found = await carriers(source, current, options);
    const left = [...current.left, ...found.rows].sort((a, b) => a - b);
    if (found.rows.length === 0 || left.length > Math.max(mostCarriers, seen.distinct.length / 10)) break;
    const next = await without(source, seen, left, options);
    const directions = rankOf(current) - rankOf(next);
    if (!found.alone && found.rows.length >= agreeing * directions && rankOf(current) < most) {
      // If the outputs fill as many directions without them, there is nothing to say.
      if (directions > 0)
        shared = {
          ...{ rows: found.rows, directions, with: rankOf(current), without: rankOf(next) },
          ...placesOf(outputs, found.rows),
        };
      break;
    }
    current = next;
  }
  if (current.left.length === 0 || current.space.rank === null) {
    return { space, seen, left: [], carried: null, shared, whole: space };
  }
  const carried: CarriedRows = {
    rows: current.left,
    directions: Math.max(1, rankOf(all) - rankOf(current)),
    with: space.rank,
    without: current.space.rank,
    ...placesOf(outputs, current.left),
  };
  const supported = source === outputs ? current : await without(outputs, seen, current.left, options);
  return { ...supported, carried, shared, whole: space };
}

async function without(
  outputs: RowSource,
  seen: ExaminedRows,
  left: number[],
  options: TaskOptions,
): Promise<PartSpace> {
  const out = new Set(left);
  const distinct = seen.distinct.filter((row) => !out.has(row));
  const part: ExaminedRows = { ...seen, rows: distinct.length, duplicates: 0 };
  const space = await outputSpace(chooseRows(outputs, distinct), part, options);
  return { space, seen: { ...seen, distinct }, left };
}

interface Carriers {
  /** Positions. */
  rows: number[];
  /** Whether each of them carries a direction by itself. */
  alone: boolean;
}

/** Positions of rows that alone carry a direction. */
async function carriers(outputs: RowSource, part: PartSpace, options: TaskOptions): Promise<Carriers> {
  const { distinct } = part.seen;
  const nothing: Carriers = { rows: [], alone: false };
  let { space } = part;
  const whole = distinct.length === outputs.rows;
  const source = whole ? outputs : chooseRows(outputs, distinct);
  const seen: ExaminedRows = { ...part.seen, rows: distinct.length, duplicates: 0 };
  // Copies of a row would share its leverage.
  if (!whole && part.left.length === 0) space = await outputSpace(source, seen, options);
  const floor = space.values[0] * 1e-13;
  const rank = space.rank ?? space.values.filter((value) => value > Math.max(floor, seen.noise)).length;
  const n = source.rows;
  const most = Math.min(mostCarriers, n - rank - 1 - spareRows);
  if (rank === 0 || most < 1) return nothing;
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
    const rowsAt = (found: readonly number[]): number[] => found.map((k) => distinct[top[k]]).sort((a, b) => a - b);
    const alone: number[] = [];
    for (let k = 0; k < most; k++) {
      const row = matrix(1, rank, h.data.subarray(k * rank, (k + 1) * rank));
      if ((await carriedAmong(row, noise, n)).found.length > 0) alone.push(k);
    }
    if (alone.length > 0) return { rows: rowsAt(alone), alone: true };
    const { found, nearest } = await carriedAmong(h, noise, n);
    if (found.length > 0) return { rows: rowsAt(found), alone: false };
    if (!nearest) return nothing;
    // A direction that these rows carry for the most part: the rows that it is largest on may carry all of it.
    weights = await sizesOf(nearest, whitened);
  }
  return nothing;
}

/**
 * The first pass is over the rows of the largest leverage, the next over those on which the nearest function is
 * largest.
 */
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

/** Columns beyond the rank that are enough to find such rows: that many of any outputs fill the same space. */
const spareColumns = 64;
/** Most outputs of which even a full rank is looked at. */
const widestFull = 256;

/**
 * Rows of x (n, p) that alone carry directions, for a fit that found this rank; null where there are none, or where x is
 * no set of outputs at all.
 */
export async function carriedRows(x: RowSource, rank: number, options: TaskOptions = {}): Promise<CarriedRows | null> {
  if (rank + 1 + spareRows >= x.rows) return null;
  // Many outputs that fill every direction come from a layer as wide as they are: a look would take longer than the
  // fit.
  if (rank >= x.cols && x.cols > widestFull) return null;
  try {
    const cols = Math.min(x.cols, rank + spareColumns);
    const source = cols === x.cols ? x : someColumns(x, cols);
    // What is fitted is the values as they stand, whatever they are.
    const seen = await examineOutputs(source, options);
    const asLogits: ExaminedRows = { ...seen, kind: 'logits', scale: 'logits', rowsWithZeros: 0 };
    const { carried } = await supportedSpace(source, asLogits, options);
    return carried;
  } catch (error) {
    if (isCoded(error, 'not-outputs', 'not-finite', 'too-few-rows', 'no-gap', 'hidden')) return null;
    throw error;
  }
}

/** As many columns, evenly spread. */
export function someColumns(x: RowSource, cols: number): RowSource {
  const columns = Int32Array.from({ length: cols }, (_, j) => Math.floor((j * x.cols) / cols));
  return {
    ...x,
    cols,
    async read(start, end) {
      const data = await x.read(start, end);
      const out = data.slice(0, (end - start) * cols);
      for (let i = 0, to = 0; i < end - start; i++) for (const j of columns) out[to++] = data[i * x.cols + j];
      return out;
    },
  };
}

/** Parts of a file that are looked at alone, and columns of each: heads that fill all of these show nothing. */
const parts = 4;
const partColumns = 256;
/** Rows of a part for each of its directions: with fewer, they may be all that so few rows can fill. */
const leastRowsEach = 1.25;
/** Rows of a part, at most, where its columns do not take more. */
const mostOfPart = 20_000;

/**
 * The note on a file whose parts fill fewer directions each than all of it does: two models' outputs one after the
 * other fill as many as both heads together. Null where nothing of the kind shows.
 */
export async function stackedNote(
  outputs: RowSource,
  seen: ExaminedRows,
  rank: number | null,
  options: TaskOptions = {},
): Promise<OutputsNote | null> {
  const size = Math.floor(outputs.rows / parts);
  // More columns than all directions, or two wide heads fill them.
  const cols = Math.min(outputs.cols, Math.max(partColumns, (rank ?? 0) + spareColumns));
  const source = cols === outputs.cols ? outputs : someColumns(outputs, cols);
  const most = seen.scale === 'logits' ? cols : cols - 1;
  const all = Math.min(rank ?? most, most);
  if (size < 2) return null;
  const taken = Math.min(size, Math.max(mostOfPart, 4 * cols));
  const ranks: number[] = [];
  for (let part = 0; part < parts; part++) {
    const rows = sliceRows(source, part * size, part * size + taken);
    const { rank: filled } = await outputSpectrum(rows, { ...seen, rows: taken, duplicates: 0 }, options);
    // A part without a gap, or with few rows for its directions, tells nothing.
    if (filled === null || filled * leastRowsEach > taken) continue;
    ranks.push(filled);
  }
  const small = ranks.filter((found) => found < all - 1);
  if (small.length < 2) return null;
  const [first, last] = [small[0], small[small.length - 1]];
  // Images sorted by class fill less in each part as well, but hardly ever so much less.
  if (all < Math.min(most, first + last) - 1) return null;
  return { kind: 'stacked', first, last, all };
}
