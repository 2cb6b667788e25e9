import { abs, hypot, max, sqrt, FeatReconstructError, atOnce, paced } from '../base/index.js';
import { matrix, type Matrix } from './matrix.js';

/**
 * All eigenvalues of a symmetric matrix (n, n; row-major, both triangles filled), descending: Householder
 * tridiagonalisation and implicit QL (Golub and Van Loan, "Matrix Computations", 8.3), 4/3 n³ operations.
 * @throws FeatReconstructError (`not-finite`) where the eigenvalues do not converge, as do the functions below
 */
export const symmetricEigenvalues = (a: Float64Array, n: number): Float64Array => atOnce(eigenvalueSteps(a, n));

/** Eigenvalues, descending, and orthonormal eigenvectors as the rows of `vectors` (n, n) in the same order. */
export const symmetricEigen = (a: Float64Array, n: number): Eigen => atOnce(eigenSteps(a, n));

/**
 * `symmetricEigenvalues` for matrices that take seconds: the event loop gets turns, and `signal` is checked in them.
 */
export const eigenvaluesInTurns = (a: Float64Array, n: number, signal?: AbortSignal): Promise<Float64Array> =>
  paced(eigenvalueSteps(a, n), signal);

/** `symmetricEigen` for matrices that take seconds: the event loop gets turns, and `signal` is checked in them. */
export const eigenInTurns = (a: Float64Array, n: number, signal?: AbortSignal): Promise<Eigen> =>
  paced(eigenSteps(a, n), signal);

interface Eigen {
  values: Float64Array;
  vectors: Matrix;
}

function* eigenvalueSteps(a: Float64Array, n: number): Generator<void, Float64Array> {
  const { diagonal, offDiagonal } = yield* tridiagonalise(matrix(n, n, a.slice()));
  yield* qlSteps(diagonal, offDiagonal);
  return diagonal.sort().reverse();
}

function* eigenSteps(a: Float64Array, n: number): Generator<void, Eigen> {
  const work = matrix(n, n, a.slice());
  const { diagonal, offDiagonal, scales } = yield* tridiagonalise(work);
  // Rows of `rotated` are eigenvectors of the tridiagonal matrix: a rotation touches two contiguous rows.
  const rotated = matrix(n, n);
  for (let i = 0; i < n; i++) rotated.data[i * n + i] = 1;
  yield* qlSteps(diagonal, offDiagonal, rotated);
  yield* applyReflectors(rotated, work, scales);
  const order = Array.from(diagonal.keys()).sort((i, j) => diagonal[j] - diagonal[i]);
  const sorted = matrix(n, n);
  order.forEach((from, to) => sorted.data.set(rotated.data.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (i) => diagonal[i]), vectors: sorted };
}

interface Tridiagonal {
  diagonal: Float64Array;
  /** offDiagonal[i] couples i and i + 1; the last one is 0. */
  offDiagonal: Float64Array;
  /** 2 / vᵀv of the reflector of step k, whose v is in row k of the work matrix, from column k + 1 on; 0 for none. */
  scales: Float64Array;
}

/** Householder's reduction. Overwrites `work`: row k keeps the k-th reflector. */
function* tridiagonalise({ rows: n, data: a }: Matrix): Generator<void, Tridiagonal> {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const scales = new Float64Array(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    yield;
    diagonal[k] = a[k * n + k];
    if (k === n - 1) break;
    let largest = 0;
    for (let j = k + 1; j < n; j++) largest = max(largest, abs(a[k * n + j]));
    if (largest === 0) continue;
    let squares = 0;
    for (let j = k + 1; j < n; j++) {
      v[j] = a[k * n + j] / largest;
      squares += v[j] * v[j];
    }
    const length = v[k + 1] > 0 ? -sqrt(squares) : sqrt(squares);
    offDiagonal[k] = length * largest;
    const scale = 1 / (squares - v[k + 1] * length);
    v[k + 1] -= length;
    scales[k] = scale;
    // w = scale A v from the upper triangle alone, row by row.
    w.fill(0, k + 1);
    for (let i = k + 1; i < n; i++) {
      const row = i * n;
      const vi = v[i];
      let sum = a[row + i] * vi;
      for (let j = i + 1; j < n; j++) {
        const value = a[row + j];
        sum += value * v[j];
        w[j] += value * vi;
      }
      w[i] += sum;
    }
    let inner = 0;
    for (let i = k + 1; i < n; i++) {
      w[i] *= scale;
      inner += w[i] * v[i];
    }
    const half = (scale * inner) / 2;
    for (let i = k + 1; i < n; i++) w[i] -= half * v[i];
    for (let i = k + 1; i < n; i++) {
      const row = i * n;
      const vi = v[i];
      const wi = w[i];
      for (let j = i; j < n; j++) a[row + j] -= vi * w[j] + wi * v[j];
    }
    a.set(v.subarray(k + 1), k * n + k + 1);
  }
  return { diagonal, offDiagonal, scales };
}

/** Multiplies rows by the reflectors, the last one first: eigenvectors of the tridiagonal matrix become those of A. */
function* applyReflectors(rows: Matrix, { data: a }: Matrix, scales: Float64Array): Generator<void, void> {
  const n = rows.rows;
  const z = rows.data;
  for (let r = 0; r < n; r++) {
    yield;
    const row = r * n;
    for (let k = n - 2; k >= 0; k--) {
      if (scales[k] === 0) continue;
      const reflector = k * n;
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += z[row + j] * a[reflector + j];
      sum *= scales[k];
      for (let j = k + 1; j < n; j++) z[row + j] -= sum * a[reflector + j];
    }
  }
}

/**
 * Eigenvalues of a tridiagonal matrix, in no order, into `d`: implicit QL with Wilkinson's shift.
 * @param d its diagonal (n)
 * @param e its off-diagonal (n), the last number 0; overwritten
 */
export const tridiagonalQl = (d: Float64Array, e: Float64Array): void => atOnce(qlSteps(d, e));

/** @param rotated rows to which the rotations are applied: from the identity they become the eigenvectors */
function* qlSteps(d: Float64Array, e: Float64Array, rotated?: Matrix): Generator<void, void> {
  const n = d.length;
  let size = 0;
  for (let l = 0; l < n; l++) {
    // An off-diagonal that is small against the entries seen so far counts as zero: the matrix is not known any better.
    size = max(size, abs(d[l]) + abs(e[l]));
    for (let iteration = 0; ; iteration++) {
      yield;
      let m = l;
      while (m < n - 1 && abs(e[m]) > Number.EPSILON * size) m++;
      if (m === l) break;
      // Rounding of larger entries further on may keep it from getting that small: then it is compared with the whole.
      if (iteration === 30) for (let i = 0; i < n; i++) size = max(size, abs(d[i]) + abs(e[i]));
      if (iteration === 60) {
        throw new FeatReconstructError(
          'Expected a symmetric matrix of finite numbers, found one whose eigenvalues do not converge; check X for huge or non-finite values.',
          { code: 'not-finite' },
        );
      }
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
      let [s, c, shift] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const b = c * e[i];
        r = hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] -= shift;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - shift;
        r = (d[i] - g) * s + 2 * c * b;
        shift = s * r;
        d[i + 1] = g + shift;
        g = c * r - b;
        if (rotated) rotate(rotated, i, s, c);
      }
      if (r === 0 && i >= l) continue;
      d[l] -= shift;
      e[l] = g;
      e[m] = 0;
    }
  }
}

/** Rotates rows i and i + 1. */
function rotate({ cols: n, data: z }: Matrix, i: number, s: number, c: number): void {
  for (let a = i * n, b = a + n, end = b; a < end; a++, b++) {
    const low = z[a];
    const high = z[b];
    z[b] = s * low + c * high;
    z[a] = c * low - s * high;
  }
}
