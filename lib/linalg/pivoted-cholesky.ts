import { matrix, rowsOf, subtract, transpose, type Matrix } from './matrix.js';
import { multiply } from './multiply.js';

/** Pivots after which the rest is updated, in one product. */
const block = 64;

/** G ≈ Rᵀ R, and what is left of G. */
export interface PivotedFactor {
  /** R (r, p). */
  factor: Matrix;
  /** (r): the pivot's column for each row of R. These columns of R are upper triangular. */
  pivots: number[];
  /** G − RᵀR, positive semidefinite, zero in the rows and columns of the pivots. */
  rest: Matrix;
}

/**
 * Cholesky with complete pivoting (Higham, "Accuracy and Stability of Numerical Algorithms", 10.3), in blocks: the
 * pivot is always the largest diagonal entry of the rest, until none is above `floor`. Rows and columns are not moved.
 * @param g (p, p); not changed
 * @throws the signal's reason when it was aborted
 */
export async function pivotedCholesky(g: Matrix, floor: number, signal?: AbortSignal): Promise<PivotedFactor> {
  const p = g.rows;
  const factor = matrix(p, p);
  const rest = matrix(p, p, g.data.slice());
  const all: number[] = [];
  let r = 0;
  for (let done = false; !done && r < p;) {
    signal?.throwIfAborted();
    const from = r;
    const pivots: number[] = [];
    const diagonal = Float64Array.from({ length: p }, (_, i) => rest.data[i * p + i]);
    while (r < Math.min(from + block, p)) {
      const pivot = indexOfLargest(diagonal);
      if (!(diagonal[pivot] > floor)) {
        done = true;
        break;
      }
      const row = factor.data.subarray(r * p, (r + 1) * p);
      row.set(rest.data.subarray(pivot * p, (pivot + 1) * p));
      takeEarlier(factor, from, r, pivot);
      scaleRow(row, diagonal, 1 / Math.sqrt(diagonal[pivot]));
      diagonal[pivot] = -1;
      pivots.push(pivot);
      r++;
    }
    if (r > from) {
      const rows = rowsOf(factor, from, r);
      subtract(rest, await multiply(transpose(rows), rows));
      clear(rest, pivots);
      all.push(...pivots);
    }
  }
  return { factor: rowsOf(factor, 0, r), pivots: all, rest };
}

/**
 * Takes rows `from` to r − 1 of the factor off row r, each times its number in the pivot's column: four at a time, in their
 * order, so that row r is read and written a quarter as often.
 */
function takeEarlier({ cols: p, data }: Matrix, from: number, r: number, pivot: number): void {
  const to = r * p;
  let k = from;
  for (; k + 4 <= r; k += 4) {
    const [a, b, c, d] = [k * p, (k + 1) * p, (k + 2) * p, (k + 3) * p];
    const [fa, fb, fc, fd] = [data[a + pivot], data[b + pivot], data[c + pivot], data[d + pivot]];
    for (let j = 0; j < p; j++) {
      data[to + j] = data[to + j] - fa * data[a + j] - fb * data[b + j] - fc * data[c + j] - fd * data[d + j];
    }
  }
  for (; k < r; k++) {
    const [at, f] = [k * p, data[k * p + pivot]];
    for (let j = 0; j < p; j++) data[to + j] -= f * data[at + j];
  }
}

function indexOfLargest(values: Float64Array): number {
  let at = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[at]) at = i;
  return at;
}

/** Makes a row of the rest one of the factor, and takes its squares off the diagonal of the rest. */
function scaleRow(row: Float64Array, diagonal: Float64Array, scale: number): void {
  for (let j = 0; j < row.length; j++) {
    // Columns that were pivots, marked by −1 on the diagonal, are zero in the rest.
    if (diagonal[j] < 0) {
      row[j] = 0;
      continue;
    }
    const value = row[j] * scale;
    const left = diagonal[j] - value * value;
    row[j] = value;
    diagonal[j] = left < 0 ? 0 : left;
  }
}

/** Sets some rows and their columns to zero. */
function clear({ rows: p, data }: Matrix, places: readonly number[]): void {
  for (const i of places) data.fill(0, i * p, (i + 1) * p);
  for (let j = 0; j < p; j++) for (const i of places) data[j * p + i] = 0;
}
