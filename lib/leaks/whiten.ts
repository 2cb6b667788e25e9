import { count, NotShownError, type TaskOptions } from '../base/index.js';
import { accumulate, applyLinearMap, type Statistics } from '../fit/index.js';
import { blocks, eigenInTurns, eigenvaluesInTurns, leadingEigen, matrix, type Matrix } from '../linalg/index.js';
import { toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import type { Examination, ExaminedRows } from './examine.js';
import { zerosCure, type NoWidth, type Stored, type Zeros } from '../words/index.js';
import { onlyColumns } from './kept-columns.js';

/** The directions that outputs fill, and how clearly they end. Plain: serialises to JSON. */
export interface Spectrum {
  /** Variance along each principal direction, descending. */
  values: number[];
  /** Directions above the rounding noise; null where no gap shows them. */
  rank: number | null;
  /** Variance of the last direction kept over that of the first one left out; null without a rank. */
  gap: number | null;
  /** Why there is no rank; null where there is one. */
  reason: NoWidth | null;
  /** The error code of that reason; null where there is a rank. */
  missing: 'too-few-rows' | 'no-gap' | null;
}

/** The affine space that outputs fill. */
export interface OutputSpace extends Spectrum {
  mean: Float64Array;
  /** (columns, columns): eigenvectors as rows, in the order of `values`. */
  vectors: Matrix;
  /** The columns that were used, evenly spread where there are too many. */
  columns: Int32Array;
}

/** Most columns that a space is found from. That many outputs of a narrower head fill its space, whichever they are. */
const mostColumns = 2048;

/**
 * What a linear head made: the logits themselves; of probabilities the logarithms; of these and of log-probabilities each
 * row less its mean, since a softmax hides one number of each row. Float64.
 * @throws NotShownError (`hidden`) where a logarithm would not be finite, or where most outputs are hidden
 */
export function linearOutputs(
  outputs: RowSource,
  seen: Examination,
  columns: Int32Array = evenColumns(outputs.cols),
): RowSource {
  if (seen.kind === 'truncated') {
    throw new NotShownError(
      `Expected all ${count(seen.classes)} outputs of each image, found the top ${seen.topk} alone: what is hidden cannot be made up. Ask for all of them.`,
      'hidden',
    );
  }
  if (seen.rowsWithZeros > 0) {
    throw new NotShownError(
      `Expected probabilities above 0, found ${seen.rowsWithZeros} of ${seen.rows} rows with a 0, whose logarithm is not finite: ${zerosCure(zerosSeen(seen))}.`,
      'hidden',
    );
  }
  const picked = onlyColumns(outputs, columns);
  const { rows, cols } = picked;
  return {
    ...{ rows, cols, dtype: 'float64' },
    async read(start, end) {
      const out = new Float64Array(await picked.read(start, end));
      for (let i = 0; i < end - start; i++) linearRow(out.subarray(i * cols, (i + 1) * cols), seen.scale);
      return out;
    },
  };
}

/** How many rows of outputs hold a zero, and how the outputs were stored, which may explain it. */
export const zerosSeen = (seen: Examination): Zeros => ({
  zeros: seen.rowsWithZeros,
  rows: seen.rows,
  rounded: seen.kind === 'rounded' && seen.scale === 'probabilities',
  ...storedAs(seen),
});

function linearRow(row: Float64Array, scale: Examination['scale']): void {
  if (scale === 'logits') return;
  let sum = 0;
  for (let j = 0; j < row.length; j++) {
    if (scale === 'probabilities') row[j] = Math.log(row[j]);
    sum += row[j];
  }
  const mean = sum / row.length;
  for (let j = 0; j < row.length; j++) row[j] -= mean;
}

/** The columns that a space is found from. */
export const evenColumns = (cols: number): Int32Array =>
  Int32Array.from({ length: Math.min(cols, mostColumns) }, (_, j) =>
    Math.floor((j * cols) / Math.min(cols, mostColumns)),
  );

/** The principal directions of linear outputs, and where they end. */
export async function outputSpace(
  outputs: RowSource,
  seen: Examination,
  options: TaskOptions = {},
): Promise<OutputSpace> {
  const columns = evenColumns(outputs.cols);
  const statistics = await statisticsOf(outputs, seen, columns, options);
  const { values, vectors } = await directionsOf(statistics, seen, options);
  return {
    ...spectrumOf(values, statistics, seen),
    mean: statistics.meanX.slice(),
    vectors: matrix(columns.length, columns.length, vectors.data),
    columns,
  };
}

/** Where the directions of linear outputs end, without the directions: a sixth of the work. */
export async function outputSpectrum(
  outputs: RowSource,
  seen: Examination,
  options: TaskOptions = {},
): Promise<Spectrum> {
  const statistics = await statisticsOf(outputs, seen, evenColumns(outputs.cols), options);
  return spectrumOf(await eigenvaluesInTurns(statistics.gram, statistics.p, options.signal), statistics, seen);
}

/** Statistics of linear outputs, of no targets. */
function statisticsOf(
  outputs: RowSource,
  seen: Examination,
  columns: Int32Array,
  options: TaskOptions,
): Promise<Statistics> {
  const linear = linearOutputs(outputs, seen, columns);
  const nothing: RowSource = {
    rows: linear.rows,
    cols: 1,
    dtype: 'float64',
    read: async (a, b) => new Float64Array(b - a),
  };
  return accumulate(linear, nothing, options);
}

/** @param values eigenvalues of the Gram, descending */
function spectrumOf(values: Float64Array, { n, p }: Statistics, seen: Examination): Spectrum {
  const variances = Array.from(values, (value) => Math.max(value, 0) / n);
  // A softmax hides one number of each row.
  const most = seen.scale === 'logits' ? p : p - 1;
  return { ...findGap(variances, seen, most), values: variances };
}

/** Ratio of neighbouring variances that is taken for the widest of a spectrum without a look at the rest. */
const clearStep = 100;
/** Most columns of which all directions are found. */
const mostDirections = 1024;

/**
 * Eigenvalues, descending, and eigenvectors of the outputs' Gram. Of very many columns, with a clear step down to the level
 * of rounding, those above it; the others are given the largest of their own values and no direction.
 */
async function directionsOf(
  { gram, p, n }: Statistics,
  seen: Examination,
  { signal, onProgress }: TaskOptions,
): Promise<{ values: Float64Array; vectors: Matrix }> {
  onProgress?.({ stage: 'directions of the outputs', done: 0, total: p, unit: 'directions' });
  if (p > mostDirections) {
    const level = (largest: number): number => n * noiseLevel(seen, p, largest / n);
    const leading = await leadingEigen(matrix(p, p, gram), level, signal);
    // A smaller step may have a wider one behind it.
    if (leading && leading.values[leading.values.length - 1] >= clearStep * leading.dropped) {
      const values = new Float64Array(p).fill(leading.dropped);
      values.set(leading.values);
      const vectors = matrix(p, p);
      vectors.data.set(leading.vectors.data);
      return { values, vectors };
    }
  }
  return eigenInTurns(gram, p, signal);
}

/**
 * The largest eigenvalue that noise can have: it fills all directions alike, but small samples spread its eigenvalues.
 */
const noiseLevel = (seen: Examination, directions: number, largest: number): number =>
  Math.max(seen.noise * 4 * (1 + Math.sqrt(directions / (seen.rows - seen.duplicates))) ** 2, largest * 1e-14);

/** Least share of its variance that rounding leaves in every direction of the columns. */
const leastNoise = 1e-3;

/** The widest step down in the spectrum that ends at the level of rounding. */
function findGap(values: readonly number[], seen: Examination, most: number): Omit<Spectrum, 'values'> {
  const rows = seen.rows - seen.duplicates;
  // Float64 sums of squares see nothing below this.
  const floor = values[0] * 1e-15;
  const noise = noiseLevel(seen, values.length, values[0]);
  const isRounded = seen.kind === 'rounded' || seen.precision === 'float16';
  let [rank, gap] = [0, 0];
  for (let i = 1; i < most; i++) {
    if (values[i] > noise) continue;
    // Where nothing is left of rounding either, columns are copies of others or never change: no layer ends there.
    if (isRounded && values[i] < leastNoise * seen.noise) break;
    const ratio = values[i - 1] / Math.max(values[i], floor);
    if (ratio > gap) [rank, gap] = [i, ratio];
    if (values[i] <= floor) break;
  }
  if (gap >= 10 && rank < rows - 1) return { rank, gap, reason: null, missing: null };
  if (rows - 1 <= most && rank >= rows - 1) {
    return {
      rank: null,
      gap: null,
      reason: { kind: 'few-rows', rows },
      missing: 'too-few-rows',
    };
  }
  return { rank: null, gap: null, reason: noGap(values, seen, most, noise), missing: 'no-gap' };
}

/** Why no gap shows: what is known of how the outputs were stored. */
function noGap(values: readonly number[], seen: Examination, most: number, noise: number): NoWidth {
  const coarse = seen.kind === 'rounded' || seen.precision === 'float16' || seen.storage !== undefined;
  const above = values.filter((value) => value > noise).length;
  return { kind: 'no-gap', above, most, classes: seen.classes, coarse, ...storedAs(seen) };
}

/** How values were stored. */
export const storedAs = ({ storage, decimals, precision, percent }: Examination): Stored => ({
  ...(storage ? { storage } : {}),
  ...{ decimals, precision },
  ...(percent ? { percent } : {}),
});

/** Outputs within the space that they fill, scaled to unit variance along every direction: features up to an unknown invertible affine map. */
export interface Whitened {
  /** (rows used, rank) */
  h: Matrix;
  /** (rank) variance of what storing the outputs added to each column of h. */
  noise: Float64Array;
  /** Linear outputs (all columns) → h. */
  map: LinearMap;
}

/**
 * Whitens distinct rows.
 * @param keep positions of the rows to use
 */
export async function whiten(
  outputs: RowSource,
  seen: ExaminedRows,
  space: OutputSpace,
  keep: Int32Array,
  options: TaskOptions = {},
): Promise<Whitened> {
  const rank = space.rank!;
  const map = whitening(space, rank);
  const rows = applyLinearMap(map, linearOutputs(outputs, seen, space.columns));
  const h = matrix(keep.length, rank);
  let next = 0;
  for (const [start, end] of blocks(outputs.rows, outputs.cols)) {
    options.signal?.throwIfAborted();
    if (next === keep.length) break;
    if (keep[next] >= end) continue;
    const block = await rows.read(start, end);
    for (; next < keep.length && keep[next] < end; next++) {
      const at = (keep[next] - start) * rank;
      h.data.set(block.subarray(at, at + rank), next * rank);
    }
    options.onProgress?.({ stage: 'whiten outputs', done: end, total: outputs.rows, unit: 'rows' });
  }
  return { h, noise: Float64Array.from({ length: rank }, (_, i) => seen.noise / space.values[i]), map };
}

/** Linear outputs → the first `rank` principal directions of their space, each of variance 1. */
export function whitening(space: OutputSpace, rank: number): LinearMap {
  const width = space.columns.length;
  const weight = new Float64Array(rank * width);
  const bias = new Float64Array(rank);
  for (let i = 0; i < rank; i++) {
    const scale = 1 / Math.sqrt(space.values[i]);
    for (let j = 0; j < width; j++) {
      const value = space.vectors.data[i * width + j] * scale;
      weight[i * width + j] = value;
      bias[i] -= value * space.mean[j];
    }
  }
  return { weight: toNdArray(weight, [rank, width]), bias: toNdArray(bias, [rank]) };
}
