import { uniform, UsageError, type TaskOptions } from '../base/index.js';
import {
  cholesky,
  choleskySolve,
  identity,
  matrix,
  multiply,
  symmetrise,
  transposedTimesVector,
  type Matrix,
} from '../linalg/index.js';

/** Splits of rows into folds, a few times over: by repeat, the fold of each row. */
export interface RepeatedFolds {
  folds: number;
  repeats: Int32Array[];
}

/**
 * Random splits of rows into folds of about the same size. Rows of one group fall into one fold: an image and a copy of it
 * on either side of a split would tell a fit what it is to predict.
 * @param groups of each row, whole numbers from 0
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

export interface RepeatedSplit {
  folds: number;
  repeats: number;
  seed: number;
}

/** By penalty, then by target, then by repeat: the squared error of each row, predicted by the rows of the other folds. */
export type KeptOutErrors = Float64Array[][][];

/** Penalties to try, as shares of the trace of the centred Gram: the first hardly shrinks a map, the last takes all but the mean. */
export const relativePenalties: readonly number[] = Array.from({ length: 9 }, (_, i) => Number(`1e${i - 7}`));

/**
 * Ridge regression with an intercept, of rows X (n, p) that may be far wider than they are many: the error on each row of the
 * fits that did not see its fold, for every penalty, target and repeat. No fit is repeated. With M the inverse of the bordered
 * matrix [XXᵀ + α, 1; 1ᵀ, 0] less its last row and column, a fit without fold F is off by (M_FF)⁻¹ (M Y)_F on it (the block
 * form of the formula for leaving one out; Wahba, Spline Models for Observational Data, 1990, section 4.2).
 * @param gram XXᵀ (n, n) of rows about any common point
 * @param targets (n, q) each
 */
export async function keptOutErrors(
  gram: Matrix,
  targets: readonly Matrix[],
  { repeats, folds }: RepeatedFolds,
  alphas: readonly number[],
  { signal }: TaskOptions = {},
): Promise<KeptOutErrors> {
  const n = gram.rows;
  const places = repeats.map((of) => Array.from({ length: folds }, (_, fold) => placesOf(of, fold)));
  const all: KeptOutErrors = [];
  for (const alpha of alphas) {
    signal?.throwIfAborted();
    const m = await bordered(gram, alpha);
    const errors = targets.map(() => repeats.map(() => new Float64Array(n)));
    if (m === null) {
      for (const target of errors) for (const repeat of target) repeat.fill(Infinity);
      all.push(errors);
      continue;
    }
    const products = await multiply(m, beside(targets), 'nn', signal);
    const widths = targets.map(({ cols }) => cols);
    for (const [r, ofRepeat] of places.entries()) {
      for (const rows of ofRepeat) {
        const factor = await cholesky(symmetrise(chosen(m, rows, rows)));
        const off = factor && (await choleskySolve(factor, chosen(products, rows)));
        for (const [i, row] of rows.entries()) {
          let at = i * products.cols;
          for (const [t, width] of widths.entries()) {
            let sum = 0;
            for (const end = at + width; at < end; at++) sum += off ? off.data[at] ** 2 : 0;
            errors[t][r][row] = off ? sum : Infinity;
          }
        }
      }
    }
    all.push(errors);
  }
  return all;
}

/** The upper left block of the inverse of [K + α, 1; 1ᵀ, 0]; null where rounding leaves K + α no inverse. */
async function bordered(gram: Matrix, alpha: number): Promise<Matrix | null> {
  const n = gram.rows;
  const shifted = matrix(n, n, gram.data.slice());
  for (let i = 0; i < n; i++) shifted.data[i * (n + 1)] += alpha;
  const factor = await cholesky(shifted);
  if (!factor) return null;
  const inverse = symmetrise(await choleskySolve(factor, identity(n)));
  const u = transposedTimesVector(inverse, new Float64Array(n).fill(1));
  const total = u.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) inverse.data[i * n + j] -= (u[i] * u[j]) / total;
  return inverse;
}

function placesOf(of: Int32Array, fold: number): number[] {
  const rows: number[] = [];
  for (const [row, mine] of of.entries()) if (mine === fold) rows.push(row);
  return rows;
}

/** Some rows of a matrix, and some of their columns. */
function chosen(m: Matrix, rows: readonly number[], columns?: readonly number[]): Matrix {
  const out = matrix(rows.length, columns?.length ?? m.cols);
  for (const [i, row] of rows.entries()) {
    if (columns) for (const [j, column] of columns.entries()) out.data[i * out.cols + j] = m.data[row * m.cols + column];
    else out.data.set(m.data.subarray(row * m.cols, (row + 1) * m.cols), i * out.cols);
  }
  return out;
}

/** Matrices of as many rows, side by side. */
function beside(parts: readonly Matrix[]): Matrix {
  if (parts.length === 1) return parts[0];
  const cols = parts.reduce((sum, part) => sum + part.cols, 0);
  const out = matrix(parts[0].rows, cols);
  let from = 0;
  for (const part of parts) {
    for (let i = 0; i < part.rows; i++) {
      out.data.set(part.data.subarray(i * part.cols, (i + 1) * part.cols), i * cols + from);
    }
    from += part.cols;
  }
  return out;
}
