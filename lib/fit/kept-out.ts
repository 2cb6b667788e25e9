import { uniform, UsageError, type TaskOptions } from '../base/index.js';
import {
  beside,
  cholesky,
  choleskySolve,
  forwardSolve,
  identity,
  matrix,
  multiply,
  symmetrise,
  transpose,
  transposedTimesVector,
  type Matrix,
} from '../linalg/index.js';

/** Splits of rows into folds, a few times over. */
export interface RepeatedFolds {
  /** How many folds each split has. */
  folds: number;
  /** By split the fold of each row (n), from 0. */
  repeats: Int32Array[];
}

/** How rows are to be split. */
interface RepeatedSplit {
  folds: number;
  /** How many splits. */
  repeats: number;
  seed: number;
}

/**
 * Random splits of rows into folds of about the same size. Rows of one group are in one fold: with an image on one side of a
 * split and a copy of it on the other, a fit would know what it has to predict.
 * @param groups the group of each row (n), whole numbers from 0
 * @throws UsageError for fewer than 2 groups
 */
export function repeatedFolds(groups: Int32Array, { folds, repeats, seed }: RepeatedSplit): RepeatedFolds {
  const members = new Map<number, number[]>();
  for (const [row, group] of groups.entries()) members.set(group, [...(members.get(group) ?? []), row]);
  if (members.size < 2) throw new UsageError(`Expected rows of at least 2 groups, found ${members.size}.`);
  const most = Math.min(folds, members.size);
  return {
    folds: most,
    repeats: Array.from({ length: repeats }, (_, repeat) => {
      const random = uniform(seed + repeat);
      const order = [...members.values()].map((rows) => ({ rows, at: random() })).sort((a, b) => a.at - b.at);
      // The largest groups first, so that no fold ends up with two of them; each into the emptiest fold.
      order.sort((a, b) => b.rows.length - a.rows.length);
      const sizes = new Float64Array(most);
      const of = new Int32Array(groups.length);
      for (const { rows } of order) {
        const fold = sizes.indexOf(Math.min(...sizes));
        sizes[fold] += rows.length;
        for (const row of rows) of[row] = fold;
      }
      return of;
    }),
  };
}

/** The errors of the fits with one penalty. */
interface KeptOutErrors {
  alpha: number;
  /** By target, then by split: the squared error of each row (n) where the rows of the other folds predict it. */
  errors: Float64Array[][];
}

/** Penalties to try, as shares of the trace of the centred Gram: the first hardly shrinks a map, the last leaves little but the mean. */
const shares: readonly number[] = Array.from({ length: 9 }, (_, i) => Number(`1e${i - 7}`));
/** The place of the first one to try. */
const middle = 4;

/**
 * Ridge regression with an intercept, from rows X (n, p): the error on each row of the fits that did not see its fold, for every
 * target and split. Penalties are tried from a middle one on, in both directions as long as one of the targets gains. All folds
 * share one factorisation for each penalty. With M the inverse of the bordered matrix [XXᵀ + α, 1; 1ᵀ, 0] less its last row and
 * column, a fit without fold F is off by (M_FF)⁻¹ (M Y)_F on it (the block form of the formula for leaving one out; Wahba, Spline
 * Models for Observational Data, 1990, section 4.2).
 * @param x (n, p), about the mean of the rows
 * @param targets (n, q) each
 * @returns one entry for each penalty that was tried, ascending
 */
export async function keptOutErrors(
  x: Matrix,
  targets: readonly Matrix[],
  split: RepeatedFolds,
  { signal }: TaskOptions = {},
): Promise<KeptOutErrors[]> {
  const tall = x.cols < x.rows;
  const gram = await multiply(x, x, tall ? 'tn' : 'nt', signal);
  let trace = 0;
  for (let i = 0; i < gram.rows; i++) trace += gram.data[i * (gram.rows + 1)];
  const y = beside(targets);
  const tried = new Map<number, KeptOutErrors>();
  const attempt = async (at: number): Promise<void> => {
    if (at < 0 || at >= shares.length || tried.has(at)) return;
    signal?.throwIfAborted();
    const alpha = shares[at] * (trace || 1);
    const left = tall ? await byColumns(x, gram, y, alpha) : await byRows(gram, y, alpha);
    tried.set(at, { alpha, errors: await errorsOf(left, targets, split) });
  };
  const best = (target: number): number => {
    const losses = [...tried].map(([at, { errors }]) => ({ at, loss: lossOf(errors[target]) }));
    return losses.reduce((a, b) => (b.loss < a.loss ? b : a)).at;
  };
  await attempt(middle);
  // As a function of the penalty an error has one minimum: where neither neighbour is better, no other penalty is.
  for (let before = -1; before < tried.size;) {
    before = tried.size;
    for (const target of targets.keys()) {
      const at = best(target);
      await attempt(at - 1);
      await attempt(at + 1);
    }
  }
  return [...tried].sort(([a], [b]) => a - b).map(([, found]) => found);
}

const lossOf = (repeats: readonly Float64Array[]): number =>
  repeats.reduce((sum, errors) => sum + errors.reduce((a, b) => a + b, 0), 0);

/** The parts of the errors' formula: a block of M for each fold, and M Y. */
interface Left {
  /** M_FF of the rows F. */
  block(rows: readonly number[]): Promise<Matrix>;
  /** M Y (n, all targets' columns). */
  products: Matrix;
}

/** M itself; null where rounding leaves XXᵀ + α without an inverse. */
async function byRows(gram: Matrix, y: Matrix, alpha: number): Promise<Left | null> {
  const n = gram.rows;
  const shifted = matrix(n, n, gram.data.slice());
  for (let i = 0; i < n; i++) shifted.data[i * (n + 1)] += alpha;
  const factor = await cholesky(shifted);
  if (!factor) return null;
  const m = symmetrise(await choleskySolve(factor, identity(n)));
  const u = transposedTimesVector(m, new Float64Array(n).fill(1));
  const total = u.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) m.data[i * n + j] -= (u[i] * u[j]) / total;
  return { block: (rows) => Promise.resolve(submatrix(m, rows, rows)), products: await multiply(m, y) };
}

/**
 * The same with fewer columns than rows (Woodbury): (XXᵀ + α)⁻¹ = (1 − X C Xᵀ) / α with C = (XᵀX + α)⁻¹. Xᵀ1 = 0 for centred
 * rows, so that the border subtracts just 1 1ᵀ / (n α).
 */
async function byColumns(x: Matrix, gram: Matrix, y: Matrix, alpha: number): Promise<Left | null> {
  const [n, p] = [x.rows, x.cols];
  const shifted = matrix(p, p, gram.data.slice());
  for (let i = 0; i < p; i++) shifted.data[i * (p + 1)] += alpha;
  const factor = await cholesky(shifted);
  if (!factor) return null;
  const half = transpose(await forwardSolve(factor, transpose(x)));
  const products = await multiply(half, await multiply(half, y, 'tn'));
  const mean = new Float64Array(y.cols);
  for (let at = 0; at < y.data.length; at++) mean[at % y.cols] += y.data[at] / n;
  for (let at = 0; at < products.data.length; at++) {
    products.data[at] = y.data[at] - products.data[at] - mean[at % y.cols];
  }
  // Blocks and products are both α times too large, which cancels in (M_FF)⁻¹ (M Y)_F.
  return {
    products,
    async block(rows) {
      const some = submatrix(half, rows);
      const m = await multiply(some, some, 'nt');
      for (let at = 0; at < m.data.length; at++) m.data[at] = -m.data[at] - 1 / n;
      for (let i = 0; i < m.rows; i++) m.data[i * (m.rows + 1)] += 1;
      return m;
    },
  };
}

/** Squared errors by target and split; Infinity where a factorisation failed. */
async function errorsOf(
  left: Left | null,
  targets: readonly Matrix[],
  { repeats, folds }: RepeatedFolds,
): Promise<Float64Array[][]> {
  const errors = targets.map(({ rows }) => repeats.map(() => new Float64Array(rows).fill(Infinity)));
  if (!left) return errors;
  for (const [r, of] of repeats.entries()) {
    for (let fold = 0; fold < folds; fold++) {
      const rows = rowsOfFold(of, fold);
      const factor = await cholesky(symmetrise(await left.block(rows)));
      if (!factor) continue;
      const off = await choleskySolve(factor, submatrix(left.products, rows));
      for (const [i, row] of rows.entries()) {
        let at = i * off.cols;
        for (const [t, { cols }] of targets.entries()) {
          let sum = 0;
          for (const end = at + cols; at < end; at++) sum += off.data[at] ** 2;
          errors[t][r][row] = sum;
        }
      }
    }
  }
  return errors;
}

function rowsOfFold(of: Int32Array, fold: number): number[] {
  const rows: number[] = [];
  for (const [row, mine] of of.entries()) if (mine === fold) rows.push(row);
  return rows;
}

/** Some rows of a matrix, with all of their columns or some. */
function submatrix(m: Matrix, rows: readonly number[], columns?: readonly number[]): Matrix {
  const out = matrix(rows.length, columns?.length ?? m.cols);
  for (const [i, row] of rows.entries()) {
    if (columns)
      for (const [j, column] of columns.entries()) out.data[i * out.cols + j] = m.data[row * m.cols + column];
    else out.data.set(m.data.subarray(row * m.cols, (row + 1) * m.cols), i * out.cols);
  }
  return out;
}
