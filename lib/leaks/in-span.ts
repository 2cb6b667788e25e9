import type { TaskOptions } from '../base/index.js';
import { blocks, matrix, multiply, type Matrix } from '../linalg/index.js';
import type { RowSource } from '../tensor/index.js';
import type { OutputSpace } from './whiten.js';

/** Rows of linear outputs, and the affine space that they fill. */
export interface SpannedRows {
  /** (n, columns of the space) linear outputs, distinct. */
  rows: RowSource;
  space: OutputSpace;
  /** Directions that there are: the columns, less one where a softmax hid one. */
  most: number;
  /** Variance of one value by how it is stored: used where the rows are too few to show their own. */
  stored: number;
}

/** A space with the noise of its rows, as what lies beside it shows it. */
export interface NoisySpace extends SpannedRows {
  /** Variance of noise in each direction beside the space. */
  noise: number;
  /** (n) the same of each row. */
  rowNoise: Float64Array;
  /** (columns) variance of noise in each column; null where the rows show none. */
  columnNoise: Float64Array | null;
}

/** Which rows of one set lie in the span of another, and how near those are to it. */
export interface InSpan {
  rows: number;
  /** Rows of the first set beside the other's span by more than noise explains. */
  outside: number[];
  /** Share of the squares of all rows, from the other's mean, that is beside its span. */
  beside: number;
  /** Mean square of what the others have beside it over what noise explains: 1 for one head; null where no row is inside. */
  excess: number | null;
  /** Columns in which the rows inside have more beside it than noise explains. */
  columns: number[];
  /** Whether their mean lies beside it by more than noise explains: over many rows a change of the bias shows there first. */
  shifted: boolean;
  /** A change of the head by this share of its weights makes as much of a difference as noise does; null where no row is inside. */
  resolution: number | null;
}

/** Noise is not white: over all columns together its variance is known up to this factor. */
const noiseFactor = 2;
/** In a single column rounding is less even between two sets: a factor of four of its size. */
const columnFactor = 16;
/** Chance that any row (or column) of noise alone is called outside. */
const chance = 0.01;

/**
 * What the mean square of `numbers` normal numbers stays below in all of `tries` tries, but for `chance` (Laurent and
 * Massart 2000).
 */
function mostOfNoise(numbers: number, tries: number, factor: number): number {
  const x = Math.log(tries / chance);
  return factor * (1 + 2 * Math.sqrt(x / numbers) + (2 * x) / numbers);
}

interface Part {
  start: number;
  end: number;
  /** Coordinates in the space. */
  within: Matrix;
  /** What is left beside it. */
  beside: Matrix;
}

/** Rows, block by block, in the coordinates of a space and beside it. */
async function* parted(
  rows: RowSource,
  space: OutputSpace,
  { signal, onProgress }: TaskOptions,
  stage: string,
): AsyncGenerator<Part> {
  const rank = space.rank!;
  const basis = matrix(rank, space.vectors.cols, space.vectors.data.subarray(0, rank * space.vectors.cols));
  for (const [start, end] of blocks(rows.rows, rows.cols)) {
    signal?.throwIfAborted();
    const data = Float64Array.from(await rows.read(start, end));
    for (let at = 0; at < data.length; at++) data[at] -= space.mean[at % rows.cols];
    const beside = matrix(end - start, rows.cols, data);
    const within = await multiply(beside, basis, 'nt');
    const seen = await multiply(within, basis);
    for (let at = 0; at < data.length; at++) data[at] -= seen.data[at];
    yield { start, end, within, beside };
    onProgress?.({ stage, done: end, total: rows.rows, unit: 'rows' });
  }
}

/** Variance that n rows leave open of the position of a space's point: its own row's, and that of its directions. */
function leverage({ space, rows }: SpannedRows, within: Matrix, i: number): number {
  let sum = 1;
  for (let k = 0, at = i * within.cols; k < within.cols; k++, at++) sum += within.data[at] ** 2 / space.values[k];
  return sum / rows.rows;
}

/** Noise as the rows show it beside their own space: a network rounds on its way, and more than the storage type does. */
export async function withNoise(side: SpannedRows, options: TaskOptions = {}): Promise<NoisySpace> {
  const { space, rows, most, stored } = side;
  const n = rows.rows;
  if (space.rank === null) {
    return { ...side, noise: stored, rowNoise: new Float64Array(n).fill(stored), columnNoise: null };
  }
  const directions = most - space.rank;
  const freed = Math.max(1, n - 1 - space.rank);
  // Sums of squares in float64 see nothing below this.
  const floor = space.values[0] * 1e-16;
  const rowNoise = new Float64Array(n);
  const columnNoise = new Float64Array(rows.cols);
  let total = 0;
  for await (const { start, end, within, beside } of parted(rows, space, options, 'noise of the outputs')) {
    for (let i = start, at = 0; i < end; i++) {
      let sum = 0;
      for (let j = 0; j < rows.cols; j++, at++) {
        const square = beside.data[at] ** 2;
        columnNoise[j] += square / freed;
        sum += square;
      }
      total += sum;
      rowNoise[i] = sum / directions / Math.max(1 - leverage(side, within, i - start), 1 / n);
    }
  }
  const noise = Math.max(total / freed / directions, floor);
  // A row that happens to be near to the space has as much noise as the others.
  return { ...side, noise, rowNoise: rowNoise.map((own) => Math.max(own, noise)), columnNoise };
}

/**
 * Which rows of one set lie in the span of another. A row of the same head does, unless a feature is on in it that no row
 * of the other set shows; a row of any other head lies beside it, by the difference of the heads times its features. What
 * noise explains is the variance of a prediction: the row's own noise, and that of the span's position there, which is the
 * other set's noise times the row's leverage.
 */
export async function rowsInSpan(one: NoisySpace, other: NoisySpace, options: TaskOptions = {}): Promise<InSpan> {
  const { rows } = one;
  const [n, cols] = [rows.rows, rows.cols];
  const directions = other.most - other.space.rank!;
  const most = mostOfNoise(directions, n, noiseFactor);
  const outside: number[] = [];
  const columnSquares = new Float64Array(cols);
  const meanBeside = new Float64Array(cols);
  const meanWithin = matrix(1, other.space.rank!);
  let [found, expected, levers, all, allBeside] = [0, 0, 0, 0, 0];
  for await (const { start, end, within, beside } of parted(rows, other.space, options, 'rows in the other span')) {
    for (let i = start; i < end; i++) {
      const row = beside.data.subarray((i - start) * cols, (i - start + 1) * cols);
      let square = 0;
      for (let j = 0; j < cols; j++) square += row[j] * row[j];
      allBeside += square;
      all += square;
      for (let k = 0, at = (i - start) * within.cols; k < within.cols; k++) all += within.data[at + k] ** 2;
      const lever = leverage(other, within, i - start);
      const explained = directions * (one.rowNoise[i] + lever * other.noise);
      if (square > most * explained) {
        outside.push(i);
        continue;
      }
      found += square;
      expected += explained;
      levers += lever;
      for (let j = 0; j < cols; j++) {
        columnSquares[j] += row[j] * row[j];
        meanBeside[j] += row[j];
      }
      for (let k = 0, at = (i - start) * within.cols; k < within.cols; k++) meanWithin.data[k] += within.data[at + k];
    }
  }
  const inside = n - outside.length;
  meanWithin.data.forEach((sum, k) => (meanWithin.data[k] = sum / inside));
  const shift = meanBeside.reduce((sum, value) => sum + (value / inside) ** 2, 0);
  const explainedShift = directions * (one.noise / inside + leverage(other, meanWithin, 0) * other.noise);
  const size = one.space.values.reduce((sum, value) => sum + value, 0) / cols;
  const columns: number[] = [];
  if (one.columnNoise && other.columnNoise && inside > 0) {
    const mostOfColumn = mostOfNoise(inside, cols, columnFactor);
    const least = (one.noise * inside + other.noise * levers) * 1e-3;
    columnSquares.forEach((square, j) => {
      const explained = one.columnNoise![j] * inside + other.columnNoise![j] * levers;
      if (square > mostOfColumn * Math.max(explained, least)) columns.push(j);
    });
  }
  return {
    rows: n,
    outside,
    beside: all > 0 ? allBeside / all : 0,
    excess: inside > 0 ? found / expected : null,
    columns,
    shifted: inside > 0 && shift > mostOfNoise(directions, 1, noiseFactor) * explainedShift,
    resolution: inside > 0 ? Math.sqrt(expected / inside / directions / size) : null,
  };
}

/** Whether what rows inside have beside the span is no more than noise explains: in all columns, in each, and in the mean. */
export const agrees = ({ excess, columns, shifted }: InSpan): boolean =>
  excess !== null && excess <= noiseFactor && columns.length === 0 && !shifted;
