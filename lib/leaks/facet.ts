import { abs, floor, max, min, sqrt } from '../base/index.js';
import { dot, dotAt, gatherRows, kthSmallest, matrix, multiplyVector, rowsOf, type Matrix } from '../linalg/index.js';
import type { Ending } from './ending.js';
import { reweighted } from './graphs.js';
import type { Times } from './side-by-side.js';

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

/** The rows, and those of them that are in sight. */
class Cloud {
  #sight = new Int32Array(0);
  /** The rows in sight themselves, from the first look at them alone. */
  #seen: Matrix | undefined;
  #top = new Float64Array(0);
  readonly #low: Matrix;

  constructor(
    readonly rows: Matrix,
    readonly lowest: number,
    readonly times: Times,
  ) {
    this.#low = matrix(lowest, rows.cols);
  }

  /** A look at every row. With `shift`, a is moved first so that its smallest value is 0. */
  async all(a: Float64Array, shift: boolean): Promise<NearRows> {
    const { rows, cols, data } = this.rows;
    const x = await this.times(this.rows, a);
    if (shift) {
      let least = Infinity;
      for (let i = 0; i < rows; i++) least = min(least, x[i]);
      a[cols - 1] -= least;
    }
    const every = rows < 8 * this.lowest ? 1 : sampleEvery;
    const sample = new Float64Array(Math.ceil(rows / every));
    for (let i = 0; i < sample.length; i++) sample[i] = x[i * every];
    const place = (row: number): number => min(sample.length - 1, floor(row / every));
    const [low, high] = [place(inSight * this.lowest - 1), place(rows - max(1, floor(rows / 100)))];
    const first = kthSmallest(sample, min(low, high));
    const second = kthSmallest(sample, max(low, high), min(low, high));
    const [within, above] = low <= high ? [first, second] : [second, first];
    const sight = new Int32Array(rows);
    this.#top = new Float64Array(cols);
    let [tops, seen] = [0, 0];
    for (let i = 0; i < rows; i++) {
      if (x[i] <= within) sight[seen++] = i;
      if (x[i] < above) continue;
      for (let j = 0; j < cols; j++) this.#top[j] += data[i * cols + j];
      tops++;
    }
    this.#top = this.#top.map((value) => value / tops);
    this.#sight = sight.slice(0, seen);
    this.#seen = undefined;
    const values = new Float64Array(seen);
    for (let k = 0; k < seen; k++) values[k] = x[this.#sight[k]];
    return this.#look(values);
  }

  /** A look at the rows in sight: those that were low at the last look at all rows. */
  async near(a: Float64Array): Promise<NearRows> {
    const { rows, cols, data } = this.rows;
    const sight = this.#sight;
    if (sight.length > quicker * rows) {
      const all = await this.times(this.rows, a);
      return this.#look(sight.length === rows ? all : Float64Array.from(sight, (row) => all[row]));
    }
    if (sight.length * cols <= mostCopied) {
      this.#seen ??= gatherRows(this.rows, sight);
      return this.#look(await multiplyVector(this.#seen, a));
    }
    const values = new Float64Array(sight.length);
    for (let k = 0; k < values.length; k++) values[k] = dotAt(data, sight[k] * cols, a, 0, cols);
    return this.#look(values);
  }

  /** @param x by row in sight */
  #look(x: Float64Array): NearRows {
    const { cols, data } = this.rows;
    const below = kthSmallest(x.slice(), min(this.lowest, x.length) - 1);
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

/**
 * Solves G a = b for a positive semidefinite G, scaled to a unit diagonal with 1e-13 added to it: near a facet G is all
 * but singular, and the solution is the direction that it leaves open, as in inverse iteration.
 */
export function solvePositive(g: Matrix, b: Float64Array): Float64Array {
  const p = g.rows;
  const l = g.data.slice();
  const scales = new Float64Array(p);
  for (let i = 0; i < p; i++) scales[i] = 1 / sqrt(max(l[i * (p + 1)], Number.MIN_VALUE));
  for (let i = 0; i < p; i++) for (let j = 0; j <= i; j++) l[i * p + j] *= scales[i] * scales[j];
  const inverse = new Float64Array(p);
  for (let i = 0; i < p; i += 2) {
    // Two rows at a time against two above them: four sums of four numbers read.
    const [one, other] = [i * p, min(i + 1, p - 1) * p];
    for (let j = 0; j < i; j += 2) eliminate(l, [one, other], j, p, inverse);
    finish(l, one, i, inverse);
    if (other === one) break;
    l[other + i] = (l[other + i] - dotAt(l, other, l, one, i)) * inverse[i];
    finish(l, other, i + 1, inverse);
  }
  const x = b.map((value, i) => value * scales[i]);
  for (let i = 0; i < p; i++) x[i] = (x[i] - dotAt(l, i * p, x, 0, i)) * inverse[i];
  for (let i = p - 1; i >= 0; i--) {
    const xi = (x[i] *= inverse[i]);
    for (let k = 0, at = i * p; k < i; k++, at++) x[k] -= l[at] * xi;
  }
  return x.map((value, i) => value * scales[i]);
}

/** The numbers of two rows of a Cholesky factor in columns j and j + 1. */
function eliminate(
  l: Float64Array,
  rows: readonly [number, number],
  j: number,
  p: number,
  inverse: Float64Array,
): void {
  const [one, other] = rows;
  const [up, next] = [j * p, (j + 1) * p];
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  for (let k = 0; k < j; k++) {
    const x = l[one + k];
    const y = l[other + k];
    const u = l[up + k];
    const v = l[next + k];
    s00 += x * u;
    s01 += x * v;
    s10 += y * u;
    s11 += y * v;
  }
  const x = (l[one + j] - s00) * inverse[j];
  l[one + j] = x;
  l[one + j + 1] = (l[one + j + 1] - s01 - x * l[next + j]) * inverse[j + 1];
  if (other === one) return;
  const y = (l[other + j] - s10) * inverse[j];
  l[other + j] = y;
  l[other + j + 1] = (l[other + j + 1] - s11 - y * l[next + j]) * inverse[j + 1];
}

/** The pivot of row i, which begins at `row`. */
function finish(l: Float64Array, row: number, i: number, inverse: Float64Array): void {
  const pivot = sqrt(max(l[row + i] + 1e-13 - dotAt(l, row, l, row, i), 1e-14));
  l[row + i] = pivot;
  inverse[i] = 1 / pivot;
}
