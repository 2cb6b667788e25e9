import { abs, floor, max, min, sqrt } from '../base/index.js';
import { dot, dotAt, gatherRows, kthSmallest, matrix, multiplyVector, rowsOf, type Matrix } from '../linalg/index.js';
import type { Ending } from './ending.js';
import { reweighted } from './graphs.js';
import type { Times } from './side-by-side.js';
import { solvePositive } from './solve-positive.js';

/** How a facet is searched for. */
export interface DescentOptions {
  /** Lowest rows that take part in a step, for each unknown (1,000 in all at least). */
  lowest: number;
  /**
   * Largest share of all rows that take part (10 for each unknown at least): rows far from zero only blur what is near.
   */
  share: number;
  /** Weight of what is below zero, beside 1 / ε². */
  penalty: number;
  /** What ε is multiplied by after a step. */
  shrink: number;
  steps: number;
  /** Directions (unit, of the rows without the 1) that were found already: a descent into one of them is given up. */
  found?: readonly Float64Array[];
  /** The cosine with one of `found` above which a descent is on its way into it. Default 0.9995. */
  sameFacet?: number;
  /** Whether the rows have no 1 at their end, so that the function goes through the origin. Default false. */
  throughOrigin?: boolean;
  /** Zeros among the lowest rows at which a descent has arrived. Default 1.5 r. */
  enough?: number;
  /** Gives the descent up between two steps, and all of the work with it. */
  signal?: AbortSignal;
  /** Ends the descent between two steps: it has not arrived. */
  over?: Ending;
  /** How all rows are multiplied, where descents go on side by side. */
  times?: Times;
}

/** Steps at the start that look at all rows each, and steps between looks at the near ones later on. */
const [denseLooks, lookEvery] = [8, 4];

/**
 * Rows within 2ε of zero, for each unknown, below which a descent ends: it is on its way to the r rows that any facet
 * touches. Of 239 descents that arrived (resnet20_cifar100, mobilenet_v1_025) none ever had fewer than 1.45.
 */
const fewestNear = 1.25;

/** What counts as zero beside the mean of the top 1 %: float32's rounding. */
const zero = 1e-6;

/**
 * Goes from a start to a facet of the cloud of rows: an affine function x = aᵀ(h, 1) that is never negative and zero on
 * as many rows as can be. Iteratively reweighted least squares for Σ log(x² + ε²) over the lowest rows, ε shrinking,
 * with the mean over the top 1 % held at 1; below zero the weight is penalty / ε², a wall that grows as ε shrinks (a
 * weight that falls with x² there, too, ends in functions that are zero on just r rows and negative on others).
 * @param rows (n, r + 1): whitened rows, a 1 at the end of each
 * @param start direction (r + 1); its last number is set here
 * @returns a, wherever the descent ended; null when it ran into a facet found before, or was ended from outside
 */
export async function descend(
  rows: Matrix,
  start: Float64Array,
  options: DescentOptions,
): Promise<Float64Array | null> {
  const { penalty, shrink, steps, found = [], sameFacet = 0.9995 } = options;
  const most = max(options.share * rows.rows, 10 * rows.cols);
  const lowest = min(max(options.lowest * rows.cols, 1000), floor(most), rows.rows);
  const enough = options.enough ?? 1.5 * (rows.cols - 1);
  let a: Float64Array = start.slice();
  const cloud = new Cloud(rows, lowest, options.times ?? multiplyVector);
  let look = await cloud.all(a, !options.throughOrigin);
  let epsilon = 0;
  for (let step = 0; step < steps; step++) {
    options.signal?.throwIfAborted();
    // A step of many rows takes a second: whoever set a time limit does not wait for all of them.
    if (options.over?.aborted) return null;
    if (step > 0 && step < denseLooks) look = await cloud.all(a, false);
    else if (step > 0 && step % lookEvery === 0) look = await cloud.near(a);
    const { low, top } = look;
    const scale = dot(a, top);
    if (!(scale > 0)) return a;
    a = a.map((value) => value / scale);
    epsilon = step === 0 ? medianOf(await multiplyVector(low, a)) : epsilon * shrink;
    const { x, gram } = await reweighted(low, a, { epsilon, wall: penalty / epsilon ** 2 });
    if (arrived(x, enough)) return a;
    if (step >= denseLooks && nearOf(x, epsilon) < fewestNear * (rows.cols - 1)) return a;
    a = solvePositive(gram, top);
    if (runsInto(a, found, sameFacet)) return null;
  }
  return a;
}

/** Rows that matter for the next steps: the lowest ones, and the mean of the top 1 %. */
interface NearRows {
  low: Matrix;
  top: Float64Array;
}

/** One row in so many is sampled to find where the lowest and the top ones begin. */
const sampleEvery = 8;

/** Numbers of the rows in sight that are copied, so that they lie together (16 MB): of more a copy takes what it saves. */
const mostCopied = 2 ** 21;

/** Share of the rows in sight above which one product with all of them is quicker than one by one. */
const quicker = 1 / 4;

/** Rows that stay in sight between looks at all rows, in multiples of the lowest ones. */
const inSight = 4;

/** The rows, and those of them that are in sight. Its memory is used again by each look. */
class Cloud {
  readonly #places: Int32Array;
  #sight: Int32Array = new Int32Array(0);
  /** The rows in sight themselves, from the first look at them alone. */
  #seen: Matrix | undefined;
  #top = new Float64Array(0);
  readonly #low: Matrix;
  readonly #every: number;
  readonly #x: Float64Array;
  readonly #values: Float64Array;
  readonly #scratch: Float64Array;

  constructor(
    readonly rows: Matrix,
    readonly lowest: number,
    readonly times: Times,
  ) {
    this.#low = matrix(lowest, rows.cols);
    this.#every = rows.rows < 8 * lowest ? 1 : sampleEvery;
    this.#places = new Int32Array(rows.rows);
    this.#x = new Float64Array(rows.rows);
    this.#values = new Float64Array(rows.rows);
    this.#scratch = new Float64Array(rows.rows);
  }

  /** A look at every row. With `shift`, a is moved first so that its smallest value is 0. */
  async all(a: Float64Array, shift: boolean): Promise<NearRows> {
    const { rows, cols, data } = this.rows;
    const x = await this.times(this.rows, a, this.#x);
    if (shift) {
      let least = Infinity;
      for (let i = 0; i < rows; i++) least = min(least, x[i]);
      a[cols - 1] -= least;
    }
    const every = this.#every;
    const sample = this.#scratch.subarray(0, Math.ceil(rows / every));
    for (let i = 0; i < sample.length; i++) sample[i] = x[i * every];
    const place = (row: number): number => min(sample.length - 1, floor(row / every));
    const [low, high] = [place(inSight * this.lowest - 1), place(rows - max(1, floor(rows / 100)))];
    const first = kthSmallest(sample, min(low, high));
    const second = kthSmallest(sample, max(low, high), min(low, high));
    const [within, above] = low <= high ? [first, second] : [second, first];
    const top = new Float64Array(cols);
    let [tops, seen] = [0, 0];
    for (let i = 0; i < rows; i++) {
      if (x[i] <= within) {
        this.#values[seen] = x[i];
        this.#places[seen++] = i;
      }
      if (x[i] < above) continue;
      for (let j = 0; j < cols; j++) top[j] += data[i * cols + j];
      tops++;
    }
    this.#top = top.map((value) => value / tops);
    this.#sight = this.#places.subarray(0, seen);
    this.#seen = undefined;
    return this.#look(this.#values.subarray(0, seen));
  }

  /** A look at the rows in sight: those that were low at the last look at all rows. */
  async near(a: Float64Array): Promise<NearRows> {
    const { rows, cols, data } = this.rows;
    const sight = this.#sight;
    const values = this.#values.subarray(0, sight.length);
    if (sight.length > quicker * rows) {
      const all = await this.times(this.rows, a, this.#x);
      for (let k = 0; k < values.length; k++) values[k] = all[sight[k]];
      return this.#look(values);
    }
    if (sight.length * cols <= mostCopied) {
      this.#seen ??= gatherRows(this.rows, sight);
      return this.#look(await multiplyVector(this.#seen, a));
    }
    for (let k = 0; k < values.length; k++) values[k] = dotAt(data, sight[k] * cols, a, 0, cols);
    return this.#look(values);
  }

  /** @param x by row in sight */
  #look(x: Float64Array): NearRows {
    const { cols, data } = this.rows;
    const sorted = this.#scratch.subarray(0, x.length);
    sorted.set(x);
    const below = kthSmallest(sorted, min(this.lowest, x.length) - 1);
    // One look's rows at a time: the memory of the last one is used again.
    const low = rowsOf(this.#low, 0, min(this.lowest, x.length));
    for (let k = 0, count = 0; k < x.length && count < low.rows; k++) {
      if (x[k] > below) continue;
      const from = this.#sight[k] * cols;
      low.data.set(data.subarray(from, from + cols), count++ * cols);
    }
    return { low, top: this.#top };
  }
}

function medianOf(x: Float64Array): number {
  return max(kthSmallest(x.map(abs), floor(x.length / 2)), 1e-6);
}

function arrived(x: Float64Array, enough: number): boolean {
  let zeros = 0;
  for (let i = 0; i < x.length; i++) {
    if (x[i] < -zero) return false;
    if (x[i] <= zero) zeros++;
  }
  return zeros >= enough;
}

/** Rows within 2ε of zero. */
function nearOf(x: Float64Array, epsilon: number): number {
  let near = 0;
  for (let i = 0; i < x.length; i++) if (abs(x[i]) <= 2 * epsilon) near++;
  return near;
}

function runsInto(a: Float64Array, found: readonly Float64Array[], sameFacet: number): boolean {
  if (found.length === 0) return false;
  const direction = unitDirection(a);
  return found.some((known) => dot(known, direction) > sameFacet);
}

/** The part of a facet that acts on h, at length 1. */
export function unitDirection(a: Float64Array): Float64Array {
  const direction = a.slice(0, -1);
  const length = sqrt(dot(direction, direction));
  return direction.map((value) => value / length);
}
