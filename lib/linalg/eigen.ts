import { abs, hypot, max, sqrt, FeatReconstructError, atOnce, paced } from '../base/index.js';
import { matrix, transpose, type Matrix } from './matrix.js';

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
  const columns = matrix(n, n);
  for (let i = 0; i < n; i++) columns.data[i * n + i] = 1;
  yield* qlSteps(diagonal, offDiagonal, columns);
  // Rows of `rotated` are eigenvectors of the tridiagonal matrix.
  const rotated = transpose(columns);
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
    // w = scale A v.
    w.fill(0, k + 1);
    let first = k + 1;
    for (; first + 4 <= n; first += 4) addFourRows(a, n, first, v, w);
    for (; first < n; first++) addRow(a, n, first, v, w);
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

/** Adds to w what row i of the upper triangle has to do with A v: as a row, and as a column. */
function addRow(a: Float64Array, n: number, i: number, v: Float64Array, w: Float64Array): void {
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

/** The same of rows i to i + 3, to the last column: one pass over v and w, with four sums that do not wait for one another. */
function addFourRows(a: Float64Array, n: number, i: number, v: Float64Array, w: Float64Array): void {
  const [one, two, three, four] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n];
  const [v1, v2, v3, v4] = [v[i], v[i + 1], v[i + 2], v[i + 3]];
  const from = i + 4;
  // The corner that only some of the four rows have.
  let first = a[one + i] * v1;
  for (let j = i + 1; j < from; j++) {
    first += a[one + j] * v[j];
    w[j] += a[one + j] * v1;
  }
  let second = a[two + i + 1] * v2;
  for (let j = i + 2; j < from; j++) {
    second += a[two + j] * v[j];
    w[j] += a[two + j] * v2;
  }
  let third = a[three + i + 2] * v3 + a[three + i + 3] * v4;
  w[i + 3] += a[three + i + 3] * v3;
  let fourth = a[four + i + 3] * v4;
  for (let j = from; j < n; j++) {
    const vj = v[j];
    const x1 = a[one + j];
    const x2 = a[two + j];
    const x3 = a[three + j];
    const x4 = a[four + j];
    first += x1 * vj;
    second += x2 * vj;
    third += x3 * vj;
    fourth += x4 * vj;
    w[j] = w[j] + x1 * v1 + x2 * v2 + x3 * v3 + x4 * v4;
  }
  w[i] += first;
  w[i + 1] += second;
  w[i + 2] += third;
  w[i + 3] += fourth;
}

/**
 * Multiplies rows by the reflectors, the last one first: eigenvectors of the tridiagonal matrix become those of A. Four rows
 * at a time, whose sums do not wait for one another.
 */
function* applyReflectors(rows: Matrix, { data: a }: Matrix, scales: Float64Array): Generator<void, void> {
  const n = rows.rows;
  const z = rows.data;
  for (let r = 0; r < n; r += 4) {
    yield;
    if (r + 4 > n) {
      for (let row = r; row < n; row++) reflectRow(z, row * n, a, scales);
      return;
    }
    const [one, two, three, four] = [r * n, (r + 1) * n, (r + 2) * n, (r + 3) * n];
    for (let k = n - 2; k >= 0; k--) {
      if (scales[k] === 0) continue;
      const reflector = k * n;
      let [first, second, third, fourth] = [0, 0, 0, 0];
      for (let j = k + 1; j < n; j++) {
        const v = a[reflector + j];
        first += z[one + j] * v;
        second += z[two + j] * v;
        third += z[three + j] * v;
        fourth += z[four + j] * v;
      }
      first *= scales[k];
      second *= scales[k];
      third *= scales[k];
      fourth *= scales[k];
      for (let j = k + 1; j < n; j++) {
        const v = a[reflector + j];
        z[one + j] -= first * v;
        z[two + j] -= second * v;
        z[three + j] -= third * v;
        z[four + j] -= fourth * v;
      }
    }
  }
}

/** One row, which begins at `at`. */
function reflectRow(z: Float64Array, at: number, a: Float64Array, scales: Float64Array): void {
  const n = scales.length;
  for (let k = n - 2; k >= 0; k--) {
    if (scales[k] === 0) continue;
    const reflector = k * n;
    let sum = 0;
    for (let j = k + 1; j < n; j++) sum += z[at + j] * a[reflector + j];
    sum *= scales[k];
    for (let j = k + 1; j < n; j++) z[at + j] -= sum * a[reflector + j];
  }
}

/**
 * Eigenvalues of a tridiagonal matrix, in no order, into `d`: implicit QL with Wilkinson's shift.
 * @param d its diagonal (n)
 * @param e its off-diagonal (n), the last number 0; overwritten
 */
export const tridiagonalQl = (d: Float64Array, e: Float64Array): void => atOnce(qlSteps(d, e));

/** @param columns a matrix whose columns are rotated: those of the identity become the eigenvectors */
function* qlSteps(d: Float64Array, e: Float64Array, columns?: Matrix): Generator<void, void> {
  const n = d.length;
  const rotations = columns && new Rotations(columns);
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
      rotations?.begin(i);
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
        rotations?.add(s, c);
      }
      if (rotations?.full) yield* rotations.apply();
      if (r === 0 && i >= l) continue;
      d[l] -= shift;
      e[l] = g;
      e[m] = 0;
    }
  }
  if (rotations) yield* rotations.apply();
}

/** Most sweeps that wait: their sines and cosines stay in the processor's cache beside four rows. */
const mostSweeps = 32;

/**
 * Rotations of neighbouring columns, sweep by sweep from the right to the left, applied to all rows when there are enough of
 * them: a row is then read once for many sweeps.
 */
class Rotations {
  readonly #columns: Matrix;
  readonly #sines: Float64Array;
  readonly #cosines: Float64Array;
  /** Of each sweep: its first rotation is of columns `from` and `from` + 1. */
  readonly #from = new Int32Array(mostSweeps);
  readonly #starts = new Int32Array(mostSweeps + 1);
  #sweeps = 0;

  constructor(columns: Matrix) {
    this.#columns = columns;
    this.#sines = new Float64Array(mostSweeps * columns.cols);
    this.#cosines = new Float64Array(mostSweeps * columns.cols);
  }

  get full(): boolean {
    return this.#sweeps === mostSweeps;
  }

  begin(from: number): void {
    this.#from[this.#sweeps++] = from;
    this.#starts[this.#sweeps] = this.#starts[this.#sweeps - 1];
  }

  /** Adds the rotation of the next two columns to the left. */
  add(sine: number, cosine: number): void {
    const at = this.#starts[this.#sweeps]++;
    this.#sines[at] = sine;
    this.#cosines[at] = cosine;
  }

  *apply(): Generator<void, void> {
    const { rows, cols } = this.#columns;
    for (let r = 0; r < rows; r += 4) {
      yield;
      if (r + 4 <= rows) this.#four(r * cols);
      else for (let row = r; row < rows; row++) this.#one(row * cols);
    }
    this.#sweeps = 0;
  }

  /** Four rows, the first from `at` on: their chains of products do not wait for one another. */
  #four(at: number): void {
    const { cols, data: z } = this.#columns;
    const [sines, cosines] = [this.#sines, this.#cosines];
    const [second, third, fourth] = [cols, 2 * cols, 3 * cols];
    for (let sweep = 0; sweep < this.#sweeps; sweep++) {
      let i = at + this.#from[sweep];
      let [a, b, c, d] = [z[i + 1], z[i + 1 + second], z[i + 1 + third], z[i + 1 + fourth]];
      for (let k = this.#starts[sweep], end = this.#starts[sweep + 1]; k < end; k++, i--) {
        const sine = sines[k];
        const cosine = cosines[k];
        const e = z[i];
        const f = z[i + second];
        const g = z[i + third];
        const h = z[i + fourth];
        z[i + 1] = sine * e + cosine * a;
        z[i + 1 + second] = sine * f + cosine * b;
        z[i + 1 + third] = sine * g + cosine * c;
        z[i + 1 + fourth] = sine * h + cosine * d;
        a = cosine * e - sine * a;
        b = cosine * f - sine * b;
        c = cosine * g - sine * c;
        d = cosine * h - sine * d;
      }
      z[i + 1] = a;
      z[i + 1 + second] = b;
      z[i + 1 + third] = c;
      z[i + 1 + fourth] = d;
    }
  }

  #one(at: number): void {
    const z = this.#columns.data;
    for (let sweep = 0; sweep < this.#sweeps; sweep++) {
      let i = at + this.#from[sweep];
      let high = z[i + 1];
      for (let k = this.#starts[sweep], end = this.#starts[sweep + 1]; k < end; k++, i--) {
        const low = z[i];
        z[i + 1] = this.#sines[k] * low + this.#cosines[k] * high;
        high = this.#cosines[k] * low - this.#sines[k] * high;
      }
      z[i + 1] = high;
    }
  }
}
