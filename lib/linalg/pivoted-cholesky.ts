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
      for (let k = from; k < r; k++) {
        const earlier = factor.data.subarray(k * p, (k + 1) * p);
        const f = earlier[pivot];
        for (let j = 0; j < p; j++) row[j] -= f * earlier[j];
      }
      const scale = 1 / Math.sqrt(diagonal[pivot]);
      for (let j = 0; j < p; j++) {
        // Columns that were pivots, marked by −1 on the diagonal, are zero in the rest.
        row[j] = diagonal[j] < 0 ? 0 : row[j] * scale;
        if (diagonal[j] >= 0) diagonal[j] = Math.max(0, diagonal[j] - row[j] * row[j]);
      }
      diagonal[pivot] = -1;
      pivots.push(pivot);
      r++;
    }
    if (r > from) {
      const rows = rowsOf(factor, from, r);
      subtract(rest, await multiply(transpose(rows), rows));
      for (const pivot of pivots) clear(rest, pivot);
      all.push(...pivots);
    }
  }
  return { factor: rowsOf(factor, 0, r), pivots: all, rest };
}

function indexOfLargest(values: Float64Array): number {
  let at = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[at]) at = i;
  return at;
}

/** Sets a row and its column to zero. */
function clear({ rows: p, data }: Matrix, i: number): void {
  data.fill(0, i * p, (i + 1) * p);
  for (let j = 0; j < p; j++) data[j * p + i] = 0;
}
