import { dotAt, matrix, rowsOf, slice, subtract, transpose, type Matrix } from './matrix.js';
import { multiply } from './multiply.js';

/** Rows and columns of a diagonal block. */
const block = 128;

/** G = Uᵀ U with U upper triangular, and the inverses of U's diagonal blocks. */
export interface CholeskyFactor {
  upper: Matrix;
  inverses: Matrix[];
}

/**
 * Blocked, left-looking Cholesky of G (p, p): diagonal blocks in JavaScript, all else products on ONNX Runtime.
 * @returns null as soon as a pivot is at or below `floor`. Then the smallest eigenvalue is too, since no pivot is
 *   smaller than it.
 * @throws the signal's reason when it was aborted
 */
export async function cholesky(g: Matrix, floor = 0, signal?: AbortSignal): Promise<CholeskyFactor | null> {
  const p = g.rows;
  const upper = matrix(p, p);
  const inverses: Matrix[] = [];
  for (let a = 0; a < p; a += block) {
    signal?.throwIfAborted();
    const b = Math.min(a + block, p);
    const panel = slice(g, a, b, a, p);
    if (a > 0) subtract(panel, await multiply(transpose(slice(upper, 0, a, a, b)), slice(upper, 0, a, a, p)));
    const diagonal = slice(panel, 0, b - a, 0, b - a);
    if (!factorInPlace(diagonal, floor)) return null;
    const inverse = invertUpper(diagonal);
    inverses.push(inverse);
    put(upper, a, a, diagonal);
    if (b < p) put(upper, a, b, await multiply(transpose(inverse), slice(panel, 0, b - a, b - a, p - a)));
  }
  return { upper, inverses };
}

/** U⁻ᵀ c for every column of c (p, q): the first half of a solution. */
export async function forwardSolve({ upper, inverses }: CholeskyFactor, c: Matrix): Promise<Matrix> {
  const p = upper.rows;
  const x = matrix(p, c.cols, c.data.slice());
  for (const [k, inverse] of inverses.entries()) {
    const a = k * block;
    const rows = rowsOf(x, a, a + inverse.rows);
    if (a > 0) subtract(rows, await multiply(transpose(slice(upper, 0, a, a, a + inverse.rows)), rowsOf(x, 0, a)));
    rows.data.set((await multiply(transpose(inverse), rows)).data);
  }
  return x;
}

/** Solves G x = c for every column of c (p, q). */
export async function choleskySolve(factor: CholeskyFactor, c: Matrix): Promise<Matrix> {
  return backwardSolve(factor, await forwardSolve(factor, c));
}

/** An upper triangular matrix U (p, p) as the factor of Uᵀ U, to solve with. */
export function factorOf(upper: Matrix): CholeskyFactor {
  const p = upper.rows;
  const inverses: Matrix[] = [];
  for (let a = 0; a < p; a += block) {
    const b = Math.min(a + block, p);
    inverses.push(invertUpper(slice(upper, a, b, a, b)));
  }
  return { upper, inverses };
}

/** U⁻¹ x for every column of x (p, q), in place: the second half of a solution. */
export async function backwardSolve({ upper, inverses }: CholeskyFactor, x: Matrix): Promise<Matrix> {
  const p = upper.rows;
  for (let k = inverses.length - 1; k >= 0; k--) {
    const a = k * block;
    const b = Math.min(a + block, p);
    const rows = rowsOf(x, a, b);
    if (b < p) subtract(rows, await multiply(slice(upper, a, b, b, p), rowsOf(x, b, p)));
    rows.data.set((await multiply(inverses[k], rows)).data);
  }
  return x;
}

/** Solves G x = c for one vector (p), in JavaScript. */
export function choleskySolveVector({ upper: { rows: p, data: u } }: CholeskyFactor, c: Float64Array): Float64Array {
  const x = c.slice();
  for (let i = 0; i < p; i++) {
    const xi = (x[i] /= u[i * p + i]);
    for (let j = i + 1, at = i * p; j < p; j++) x[j] -= u[at + j] * xi;
  }
  for (let i = p - 1; i >= 0; i--) {
    x[i] = (x[i] - dotAt(u, i * p + i + 1, x, i + 1, p - i - 1)) / u[i * p + i];
  }
  return x;
}

/** Replaces a symmetric block by its upper factor, zeros below the diagonal. False at a pivot at or below `floor`. */
function factorInPlace({ rows: n, data: d }: Matrix, floor: number): boolean {
  for (let i = 0; i < n; i++) {
    const pivot = d[i * n + i];
    if (!(pivot > floor)) return false;
    const scale = 1 / Math.sqrt(pivot);
    for (let j = i; j < n; j++) d[i * n + j] *= scale;
    for (let k = i + 1; k < n; k++) {
      const f = d[i * n + k];
      for (let j = k; j < n; j++) d[k * n + j] -= f * d[i * n + j];
      d[k * n + i] = 0;
    }
  }
  return true;
}

/** The inverse of an upper triangular block. */
function invertUpper({ rows: n, data: u }: Matrix): Matrix {
  const out = matrix(n, n);
  const v = out.data;
  for (let i = n - 1; i >= 0; i--) {
    const diagonal = 1 / u[i * n + i];
    v[i * n + i] = diagonal;
    for (let k = i + 1; k < n; k++) {
      const f = u[i * n + k] * diagonal;
      for (let j = k; j < n; j++) v[i * n + j] -= f * v[k * n + j];
    }
  }
  return out;
}

/** Copies a matrix into a larger one, its first element to [row, col]. */
function put(into: Matrix, row: number, col: number, what: Matrix): void {
  for (let i = 0; i < what.rows; i++) {
    into.data.set(what.data.subarray(i * what.cols, (i + 1) * what.cols), (row + i) * into.cols + col);
  }
}
