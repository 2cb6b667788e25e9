import type { NdArray } from 'ndarray';
import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { toNdArray, toRowSource, type LinearMap, type RowSource, type RowsLike } from '../tensor/index.js';
import {
  factorise,
  orthonormaliseRows,
  denseBias,
  denseWeight,
  dot,
  matrix,
  rowsOf,
  subtract,
  timesVector,
  transpose,
  type Matrix,
  multiply,
} from '../linalg/index.js';
import { composeLinearMaps } from './apply.js';
import { defaultRcond } from './solve.js';

/** Options of {@link reduceRows}. */
interface ReduceOptions extends TaskOptions {
  /** Rows of the sample that dimensions are first looked for in; there must be fewer dimensions than this. Default 2048. */
  limit?: number;
  /** As in `solve`. Default: `defaultRcond` of X's type. */
  rcond?: number;
  /** Default true: dimensions of X about its mean. False: about 0, for a fit without an intercept. */
  intercept?: boolean;
}

type Lifted = LinearMap & { weight: NdArray<Float64Array>; bias: NdArray<Float64Array> };

/** Rows in the few dimensions that they fill. */
interface ReducedRows {
  /** (n, r): (x − origin) · basis for every row x, in float64. */
  rows: RowSource;
  /** (p) */
  origin: Float64Array;
  /** (r, p): orthonormal rows. */
  basis: Matrix;
  /** Smallest kept over largest dropped eigenvalue in the sample; null where nothing was dropped. */
  gap: number | null;
  /** A map of X, such as a prior, as one of the reduced rows. */
  lower(map: LinearMap): Promise<LinearMap>;
  /**
   * A map of the reduced rows as one of X. Outside the dimensions it is what `prior` is, else 0: the fit nearest to the prior,
   * or that of least norm.
   */
  lift(map: LinearMap, prior?: LinearMap): Promise<Lifted>;
}

/** Numbers of X that are held at a time. */
const blockValues = 2 ** 23;
/** Most rows that are read at once for the sample, those in between included. */
const readTogether = 128;
/** Most reduced numbers that are kept; more of them are computed again for each pass. */
const keptValues = 2 ** 26;

/**
 * X (n, p) in the r dimensions that its rows fill, without a p x p matrix: the dominant eigenvectors of the dual Gram ZZᵀ
 * of a sample of rows give an orthonormal basis, with the relative cut of `solve`; then every row is checked, and those
 * that are outside it (relative residual above 10 √rcond, 1e-5 for float32) add dimensions of their own. Least
 * squares and ridge do not change under the rotation.
 * @returns null where the rows fill `limit` dimensions or more
 * @throws FeatReconstructError when X holds a NaN or an infinity
 */
export async function reduceRows(X: RowsLike, options: ReduceOptions = {}): Promise<ReducedRows | null> {
  const x = toRowSource(X, 'X');
  const { limit = 2048, rcond = defaultRcond(x.dtype), intercept = true, signal, onProgress } = options;
  const sample = await sampleOf(x, Math.min(limit, x.rows), options);
  const origin = intercept ? meanOf(sample) : new Float64Array(x.cols);
  shift(sample, origin);
  const found = await dimensionsOf(sample, rcond, signal);
  if (found.basis.rows >= limit) return null;
  let { basis } = found;

  const step = Math.max(1, Math.floor(blockValues / x.cols));
  // Squared; float64's own rounding of the two norms is 1e-14.
  const tolerance = Math.max(100 * rcond, 1e-12);
  let kept: Matrix[] | null = [];
  for (let start = 0; start < x.rows; start += step) {
    signal?.throwIfAborted();
    const block = await readRows(x, start, Math.min(x.rows, start + step));
    shift(block, origin);
    for (;;) {
      const inside = await multiply(block, basis, 'nt', signal);
      const outside = rowsOutside(block, inside, tolerance);
      if (!outside) {
        kept?.push(inside);
        break;
      }
      basis = await extended(basis, outside);
      if (basis.rows >= limit) return null;
    }
    if (x.rows * basis.rows > keptValues) kept = null;
    onProgress?.({ stage: 'dimensions of X', done: start + block.rows, total: x.rows, unit: 'rows' });
  }
  const rows = kept ? keptRows(kept, x.rows, basis.rows, step) : computedRows(x, origin, basis, step);
  return { rows, origin, basis, gap: found.gap, ...mapsBetween(origin, basis) };
}

/**
 * Rows evenly over all of X, those near one another read together: logits that are computed when they are read cost a pass
 * over the head's weights for each reading.
 */
async function sampleOf(x: RowSource, count: number, { signal, onProgress }: TaskOptions): Promise<Matrix> {
  const sample = matrix(count, x.cols);
  const place = (i: number): number => Math.floor((i * x.rows) / count);
  const together = Math.max(1, Math.floor(readTogether / Math.ceil(x.rows / count)));
  for (let i = 0; i < count; i += together) {
    signal?.throwIfAborted();
    const end = Math.min(count, i + together);
    const block = await readRows(x, place(i), place(end - 1) + 1);
    for (let k = i; k < end; k++) {
      const from = (place(k) - place(i)) * x.cols;
      sample.data.set(block.data.subarray(from, from + x.cols), k * x.cols);
    }
    onProgress?.({ stage: 'a sample of X', done: end, total: count, unit: 'rows' });
  }
  return sample;
}

/** Rows of X as a float64 matrix of their own. */
async function readRows(x: RowSource, start: number, end: number): Promise<Matrix> {
  const data = new Float64Array(await x.read(start, end));
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new FeatReconstructError(
      `Expected finite numbers, found ${data[at]} in X, row ${start + Math.floor(at / x.cols)} (counted from 0), column ${at % x.cols}; leave that example out or look at what made it.`,
      { code: 'not-finite' },
    );
  }
  return matrix(end - start, x.cols, data);
}

function meanOf({ rows, cols, data }: Matrix): Float64Array {
  const mean = new Float64Array(cols);
  for (let i = 0; i < data.length; i++) mean[i % cols] += data[i] / rows;
  return mean;
}

function shift({ cols, data }: Matrix, origin: Float64Array): void {
  for (let i = 0; i < data.length; i++) data[i] -= origin[i % cols];
}

/** An orthonormal basis (r, p), in rows, of what the rows of z fill: from the eigenvectors of zzᵀ above the cut. */
async function dimensionsOf(
  z: Matrix,
  rcond: number,
  signal?: AbortSignal,
): Promise<{ basis: Matrix; gap: number | null }> {
  const { basis, rank, gap } = await factorise(await multiply(z, z, 'nt', signal), rcond, signal);
  if (rank === 0) return { basis: firstAxis(z.cols), gap };
  return { basis: await orthonormaliseRows(basis ? await multiply(basis, z, 'nn', signal) : z, 2, signal), gap };
}

/** A basis for rows that are all the same: one dimension, in which they are 0. */
const firstAxis = (p: number): Matrix =>
  matrix(
    1,
    p,
    Float64Array.from({ length: p }, (_, j) => (j === 0 ? 1 : 0)),
  );

/** Rows with more than `tolerance` of their squared length outside the basis; null where there are none. */
function rowsOutside(block: Matrix, inside: Matrix, tolerance: number): Matrix | null {
  const found: number[] = [];
  for (let i = 0; i < block.rows; i++) {
    const [whole, part] = [block, inside].map((m) => dot(rowsOf(m, i, i + 1).data, rowsOf(m, i, i + 1).data));
    if (whole - part > tolerance * whole) found.push(i);
  }
  if (found.length === 0) return null;
  const out = matrix(found.length, block.cols);
  found.forEach((i, to) => out.data.set(rowsOf(block, i, i + 1).data, to * block.cols));
  return out;
}

/** The basis with the strongest directions of `rows` outside it added; weaker ones are added in the next round. */
async function extended(basis: Matrix, rows: Matrix): Promise<Matrix> {
  await takeOut(rows, basis);
  const { basis: found } = await dimensionsOf(rows, 1e-6);
  // Once more: dividing by the length of a small rest has enlarged what rounding left in the old directions.
  await takeOut(found, basis);
  const added = await orthonormaliseRows(found);
  const out = matrix(basis.rows + added.rows, basis.cols);
  out.data.set(basis.data);
  out.data.set(added.data, basis.data.length);
  return out;
}

/** Subtracts from the rows their part in the basis. */
async function takeOut(rows: Matrix, basis: Matrix): Promise<void> {
  subtract(rows, await multiply(await multiply(rows, basis, 'nt'), basis));
}

/** Blocks of `step` rows as they were computed; in earlier ones, dimensions that were added later are 0. */
function keptRows(blocks: readonly Matrix[], n: number, r: number, step: number): RowSource {
  return {
    rows: n,
    cols: r,
    dtype: 'float64',
    read(start, end) {
      const out = new Float64Array((end - start) * r);
      for (let i = start; i < end; i++) {
        const block = blocks[Math.floor(i / step)];
        out.set(rowsOf(block, i % step, (i % step) + 1).data, (i - start) * r);
      }
      return Promise.resolve(out);
    },
  };
}

/** Rows that are not kept: computed whenever they are read. */
export function computedRows(x: RowSource, origin: Float64Array, basis: Matrix, step: number): RowSource {
  return {
    rows: x.rows,
    cols: basis.rows,
    dtype: 'float64',
    async read(start, end) {
      const out = new Float64Array((end - start) * basis.rows);
      for (let from = start; from < end; from += step) {
        const block = await readRows(x, from, Math.min(end, from + step));
        shift(block, origin);
        out.set((await multiply(block, basis, 'nt')).data, (from - start) * basis.rows);
      }
      return out;
    },
  };
}

/** Maps between X and its dimensions, u = Q(x − origin). */
function mapsBetween(origin: Float64Array, basis: Matrix): Pick<ReducedRows, 'lower' | 'lift'> {
  const [r, p] = [basis.rows, basis.cols];
  const down: LinearMap = {
    weight: toNdArray(basis.data, [r, p]),
    bias: toNdArray(
      timesVector(basis, origin).map((value) => -value),
      [r],
    ),
  };
  const lower = (map: LinearMap): Promise<LinearMap> =>
    composeLinearMaps(map, { weight: toNdArray(transpose(basis).data, [p, r]), bias: toNdArray(origin, [p]) });
  const lift = async (map: LinearMap, prior?: LinearMap): Promise<Lifted> => {
    const lifted = await composeLinearMaps(map, down);
    const [weight, bias] = [denseWeight(lifted), denseBias(lifted)];
    if (prior) {
      // Outside the dimensions of X: P − PQᵀQ, which is 0 at every x − origin.
      const rest = matrix(weight.rows, p, denseWeight(prior).data.slice());
      await takeOut(rest, basis);
      for (let i = 0; i < rest.data.length; i++) weight.data[i] += rest.data[i];
      timesVector(rest, origin).forEach((value, i) => (bias[i] -= value));
    }
    return { weight: toNdArray(weight.data, [weight.rows, p]), bias: toNdArray(bias, [weight.rows]) };
  };
  return { lower, lift };
}
