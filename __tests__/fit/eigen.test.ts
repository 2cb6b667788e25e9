import { describe, expect, it } from '@jest/globals';
import { accumulate, fitLinearMap, solve, trainingSpan } from '../../lib/fit/index.js';
import { eigenInTurns, symmetricEigen, symmetricEigenvalues } from '../../lib/linalg/index.js';
import { goldens, integers, largestDifference, matrixOf, product } from './data.js';

/** Eigenvalues of a symmetric matrix are known to about n x 2^-52 of the largest. */
const rounding = (n: number, size: number): number => n * 2 ** -52 * size;

const transposed = (a: Float64Array, n: number): Float64Array => a.map((_, i) => a[(i % n) * n + Math.floor(i / n)]);

/** A + Aᵀ */
function symmetric(a: Float64Array, n: number): Float64Array {
  const other = transposed(a, n);
  return a.map((v, i) => v + other[i]);
}

/** A symmetric matrix with the given eigenvalues and eigenvectors of no structure. */
function withEigenvalues(values: number[]): Float64Array {
  const n = values.length;
  const { vectors } = symmetricEigen(symmetric(integers(n, n, 71), n), n);
  const scaled = vectors.data.map((v, i) => v * values[Math.floor(i / n)]);
  return product(transposed(vectors.data, n), scaled, n);
}

describe('eigenInTurns', () => {
  it('gives what symmetricEigen gives', async () => {
    const a = symmetric(integers(40, 40, 61), 40);
    expect(await eigenInTurns(a, 40)).toEqual(symmetricEigen(a, 40));
  });

  it('lets the event loop turn, and hears that it was aborted', async () => {
    const n = 700; // more than a second
    const controller = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 3) controller.abort(new Error('enough'));
    }, 20);
    await expect(eigenInTurns(symmetric(integers(n, n, 62), n), n, controller.signal)).rejects.toThrow('enough');
    clearInterval(timer);
    expect(turns).toBe(3);
  });
});

describe('symmetricEigenvalues', () => {
  it('converges where small entries stand in front of large ones and the rank is low, as in a Gram of logits', () => {
    const [n, r] = [120, 20];
    const factor = integers(n, r, 1).map((value, at) => value * 10 ** ((Math.floor(at / r) / n) * 4));
    const gram = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) for (let k = 0; k < r; k++) gram[i * n + j] += factor[i * r + k] * factor[j * r + k];
    }
    const values = symmetricEigenvalues(gram, n);
    const trace = gram.reduce((sum, value, at) => sum + (at % (n + 1) === 0 ? value : 0), 0);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / trace - 1)).toBeLessThan(1e-12);
    expect(values[r - 1] / values[0]).toBeGreaterThan(1e-6);
    expect(Math.abs(values[r]) / values[0]).toBeLessThan(1e-14);
  });

  it('equals NumPy', () => {
    const values = symmetricEigenvalues(symmetric(integers(60, 60, 51), 60), 60);
    const expected = goldens.spectra.sixty;
    expect(largestDifference(values, expected)).toBeLessThan(rounding(60, expected[0]));
  });

  it('knows a path of n nodes, whose Laplacian has 2 − 2 cos(k π / n)', () => {
    const n = 200;
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      a[i * n + i] = i === 0 || i === n - 1 ? 1 : 2;
      if (i > 0) a[i * n + i - 1] = a[(i - 1) * n + i] = -1;
    }
    const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((n - 1 - k) * Math.PI) / n));
    expect(largestDifference(symmetricEigenvalues(a, n), expected)).toBeLessThan(rounding(n, 4));
  });

  it('takes zero, one by one and hugely spread matrices', () => {
    expect(Array.from(symmetricEigenvalues(new Float64Array(9), 3))).toEqual([0, 0, 0]);
    expect(Array.from(symmetricEigenvalues(Float64Array.from([-3]), 1))).toEqual([-3]);
    const values = Array.from({ length: 80 }, (_, k) => 10 ** (-k / 2));
    expect(largestDifference(symmetricEigenvalues(withEigenvalues(values), 80), values)).toBeLessThan(rounding(80, 1));
  });

  it('is the spectrum of a fit, as asked for', async () => {
    const statistics = await accumulate(matrixOf(integers(300, 12, 1), 12), matrixOf(integers(300, 1, 2), 1));
    const { fit } = await solve(statistics, { spectrum: true, alpha: 5 });
    expect(fit.spectrum).toEqual(symmetricEigenvalues(statistics.gram, 12));
    expect((await solve(statistics)).fit.spectrum).toBeUndefined();
  });
});

describe('symmetricEigen', () => {
  it('gives orthonormal vectors that the matrix only stretches', () => {
    const n = 60;
    const a = symmetric(integers(n, n, 51), n);
    const { values, vectors } = symmetricEigen(a, n);
    const stretched = product(vectors.data, a, n);
    stretched.forEach((v, i) =>
      expect(Math.abs(v - values[Math.floor(i / n)] * vectors.data[i])).toBeLessThan(rounding(4 * n, values[0])),
    );
    const inner = product(vectors.data, transposed(vectors.data, n), n);
    inner.forEach((v, i) => expect(Math.abs(v - (i % (n + 1) === 0 ? 1 : 0))).toBeLessThan(rounding(4 * n, 1)));
  });
});

describe('the cut', () => {
  /** Rows whose Gram has these eigenvalues: the root of a symmetric matrix, and its mirror image to be centred. */
  function rowsOf(values: number[]): Float64Array {
    const root = withEigenvalues(values.map((v) => Math.sqrt(v / 2)));
    return Float64Array.from([...root, ...root.map((v) => -v)]);
  }
  const wanted = (n: number) => matrixOf(integers(2 * n, 2, 81), 2);

  it('lies where the eigenvalues say, also where there is no gap, and says so', async () => {
    // 10^(-k/4): the cut at 1e-12 lies between k = 47 and k = 48, a factor of 1.8 apart.
    const values = Array.from({ length: 56 }, (_, k) => 10 ** (-k / 4));
    const { fit } = await fitLinearMap(matrixOf(rowsOf(values), 56), wanted(56), { rcond: 10 ** -11.875 });
    expect(fit.rank).toBe(48);
    expect(fit.gap).toBeGreaterThan(1.7);
    expect(fit.gap).toBeLessThan(1.9);
    expect(fit.warning).toContainEqual({ kind: 'unclear-rank', rank: 48, gap: fit.gap });
  });

  it.each([
    [1e-11, 40],
    [1e-13, 20],
  ])('twenty eigenvalues at %p of the largest: rank %i', async (small, rank) => {
    const values = Array.from({ length: 40 }, (_, k) => (k < 20 ? 10 ** (-k / 4) : small));
    const { fit } = await fitLinearMap(matrixOf(rowsOf(values), 40), wanted(40));
    expect(fit.rank).toBe(rank);
    if (rank === 20) {
      expect(fit.gap! / (10 ** -4.75 / small)).toBeCloseTo(1, 1);
      // X is finer than float32, so that these may be more than rounding; the gap itself is clear.
      expect(fit.warning).toMatchObject([{ kind: 'direction-left-out', ratio: expect.closeTo(3.2e-7, 8) }]);
    } else expect(fit.gap).toBeNull();
  });

  it('moves with the type that X was stored in', async () => {
    const values = Array.from({ length: 10 }, (_, k) => (k < 6 ? 1 : 1e-8));
    const rows = rowsOf(values);
    const source = (dtype: 'float16' | 'float32') => ({
      rows: 20,
      cols: 10,
      dtype,
      read: async (start: number, end: number) => rows.subarray(start * 10, end * 10),
    });
    expect((await fitLinearMap(source('float32'), wanted(10))).fit).toMatchObject({ rank: 10, rcond: 1e-12 });
    expect((await fitLinearMap(source('float16'), wanted(10))).fit).toMatchObject({ rank: 6, rcond: 1e-6 });
  });

  it('a constant X explains nothing: the mean of Y', async () => {
    const { weight, bias, fit } = await fitLinearMap(
      matrixOf(new Float64Array(40).fill(0.1), 2),
      matrixOf(integers(20, 1, 5), 1),
    );
    expect(fit.rank).toBe(0);
    expect(fit.warning).toEqual([{ kind: 'no-variation' }]);
    expect(Array.from(weight.data)).toEqual([0, 0]);
    expect(bias.data[0]).toBeCloseTo(integers(20, 1, 5).reduce((a, b) => a + b) / 20, 12);
  });
});

describe('trainingSpan', () => {
  it('holds the training rows and nothing else', async () => {
    const x = product(integers(50, 4, 1), integers(4, 9, 2), 4).map((v) => v + 3);
    const statistics = await accumulate(matrixOf(x, 9), matrixOf(integers(50, 1, 3), 1));
    const { mean, basis, rank } = await trainingSpan(statistics);
    expect(rank).toBe(4);
    expect(basis.shape).toEqual([9, 4]);
    const residual = (row: Float64Array): number => {
      const centred = row.map((v, j) => v - mean[j]);
      const inside = product(product(centred, basis.data, 9), transposedOf(basis.data, 9, 4), 4);
      return Math.hypot(...centred.map((v, j) => v - inside[j])) / Math.hypot(...centred);
    };
    for (const i of [0, 17, 49]) expect(residual(x.subarray(i * 9, (i + 1) * 9))).toBeLessThan(1e-13);
    expect(residual(integers(1, 9, 77))).toBeGreaterThan(0.1);
  });

  it('is everything at full rank', async () => {
    const statistics = await accumulate(matrixOf(integers(50, 3, 1), 3), matrixOf(integers(50, 1, 3), 1));
    const { basis, rank } = await trainingSpan(statistics);
    expect(rank).toBe(3);
    expect(Array.from(basis.data)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });
});

const transposedOf = (a: Float64Array, rows: number, cols: number): Float64Array =>
  a.map((_, i) => a[(i % rows) * cols + Math.floor(i / rows)]);
