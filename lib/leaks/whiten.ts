import { count, NotShownError, type TaskOptions } from '../base/index.js';
import { accumulate, applyLinearMap, matrix, symmetricEigen, type Matrix } from '../fit/index.js';
import { toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import type { Examination, ExaminedRows } from './examine.js';
import { blocks } from './graphs.js';

/** The directions that outputs fill, and how clearly they end. Plain: serialises to JSON. */
export interface Spectrum {
  /** Variance along each principal direction, descending. */
  values: number[];
  /** Directions above the rounding noise; null where no gap shows them. */
  rank: number | null;
  /** Variance of the last direction kept over that of the first one left out; null without a rank. */
  gap: number | null;
  /** Why there is no rank, in a sentence; null where there is one. */
  reason: string | null;
  /** The same for a program. */
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

/** Columns that an eigen-decomposition is made of. Any so many outputs of a head of less width fill its space. */
const mostColumns = 2048;

/**
 * What a linear head made: the logits themselves; of probabilities the logarithms; of these and of log-probabilities each
 * row less its mean, since a softmax hides one number of each row. Float64.
 * @throws NotShownError (`hidden`) where a logarithm would not be finite, or where most outputs are hidden
 */
export function linearOutputs(outputs: RowSource, seen: Examination, columns = evenColumns(outputs.cols)): RowSource {
  if (seen.kind === 'truncated') {
    throw new NotShownError(
      `Expected all ${count(seen.classes)} outputs of each image, found the top ${seen.topk} alone: what is hidden cannot be made up. Ask for all of them.`,
      'hidden',
    );
  }
  if (seen.rowsWithZeros > 0) {
    throw new NotShownError(
      `Expected probabilities above 0, found ${seen.rowsWithZeros} of ${seen.rows} rows with a 0, whose logarithm is not finite; leave those rows out or get more decimals.`,
      'hidden',
    );
  }
  const { rows, cols } = outputs;
  const width = columns.length;
  return {
    rows,
    cols: width,
    dtype: 'float64',
    async read(start, end) {
      const data = await outputs.read(start, end);
      const out = new Float64Array((end - start) * width);
      for (let i = 0; i < end - start; i++) linearRow(data, i * cols, columns, seen.scale, out, i * width);
      return out;
    },
  };
}

function linearRow(
  data: Float32Array | Float64Array,
  from: number,
  columns: Int32Array,
  scale: Examination['scale'],
  out: Float64Array,
  to: number,
): void {
  let sum = 0;
  for (let j = 0; j < columns.length; j++) {
    const value = data[from + columns[j]];
    sum += out[to + j] = scale === 'probabilities' ? Math.log(value) : value;
  }
  if (scale === 'logits') return;
  const mean = sum / columns.length;
  for (let j = 0; j < columns.length; j++) out[to + j] -= mean;
}

const evenColumns = (cols: number): Int32Array =>
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
  const linear = linearOutputs(outputs, seen, columns);
  const width = columns.length;
  const nothing: RowSource = {
    rows: linear.rows,
    cols: 1,
    dtype: 'float64',
    read: async (a, b) => new Float64Array(b - a),
  };
  const statistics = await accumulate(linear, nothing, options);
  const { values, vectors } = symmetricEigen(statistics.gram, width);
  const variances = Array.from(values, (value) => Math.max(value, 0) / statistics.n);
  // A space of no outputs at all would be noise; one number of each row is gone where a softmax was.
  const most = seen.scale === 'logits' ? width : width - 1;
  return {
    ...findGap(variances, seen, most),
    values: variances,
    mean: statistics.meanX.slice(),
    vectors: matrix(width, width, vectors.data),
    columns,
  };
}

/** The widest step down in the spectrum that ends at the level of rounding. */
function findGap(values: readonly number[], seen: Examination, most: number): Omit<Spectrum, 'values'> {
  const rows = seen.rows - seen.duplicates;
  // Float64 sums of squares see nothing below this.
  const floor = values[0] * 1e-15;
  // Noise fills all directions alike: the largest of its eigenvalues is a few times its variance in small samples.
  const noise = Math.max(seen.noise * 4 * (1 + Math.sqrt(values.length / rows)) ** 2, floor * 10);
  let [rank, gap] = [0, 0];
  for (let i = 1; i < most; i++) {
    if (values[i] > noise) continue;
    const ratio = values[i - 1] / Math.max(values[i], floor);
    if (ratio > gap) [rank, gap] = [i, ratio];
    if (values[i] <= floor) break;
  }
  if (gap >= 10 && rank < rows - 1) return { rank, gap, reason: null, missing: null };
  if (rows - 1 <= most && rank >= rows - 1) {
    return {
      rank: null,
      gap: null,
      reason: `${count(rows)} distinct rows fill all the directions that they can; give more rows than the hidden layer is wide (twice the classes are plenty).`,
      missing: 'too-few-rows',
    };
  }
  const level =
    seen.kind === 'rounded' || seen.precision === 'float16'
      ? 'the noise of rounding covers the smallest directions, or '
      : 'noise covers the smallest directions, or ';
  return {
    rank: null,
    gap: null,
    reason: `The outputs fill all ${count(most)} directions that ${count(seen.classes)} classes leave, without a gap: ${level}the hidden layer is as wide as the outputs or wider, and outputs cannot show by how much.`,
    missing: 'no-gap',
  };
}

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
  const map: LinearMap = { weight: toNdArray(weight, [rank, width]), bias: toNdArray(bias, [rank]) };
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
