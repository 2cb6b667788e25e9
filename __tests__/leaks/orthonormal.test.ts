import { multiply, type Matrix } from '../../lib/linalg/index.js';
import { nearestOrthonormal, orthonormalised } from '../../lib/linalg/orthonormal.js';
import { random } from '../../lib/base/random.js';

/** The polar factor Q of W is the one with orthonormal rows for which Q Wᵀ is symmetric and has no negative eigenvalue. */

function drawn(k: number, m: number, scale: (row: number) => number = () => 1): Matrix {
  const numbers = random(k, m);
  return { rows: k, cols: m, data: new Float64Array(k * m).map((_, i) => scale(Math.floor(i / m)) * numbers.normal()) };
}

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

test.each([
  ['one row', drawn(1, 5)],
  ['square', drawn(40, 40)],
  ['wide', drawn(12, 30)],
  // As components of very different length and sign are.
  ['rows from 1e-4 to 1', drawn(20, 20, (row) => (row % 2 ? -1 : 1) * 10 ** (-row / 5))],
])('%s: orthonormal rows, nearest to those given', async (_, w) => {
  const q = await orthonormalised(w);
  const identity = await multiply(q, q, 'nt');
  for (let i = 0; i < w.rows; i++) identity.data[i * (w.rows + 1)] -= 1;
  expect(largest(identity.data)).toBeLessThan(1e-11);
  const product = await multiply(q, w, 'nt');
  const asymmetry = product.data.map(
    (value, at) => value - product.data[(at % w.rows) * w.rows + Math.floor(at / w.rows)],
  );
  expect(largest(asymmetry)).toBeLessThan(1e-8 * largest(w.data));
  const { singular, rows } = await nearestOrthonormal(w);
  let trace = 0;
  for (let i = 0; i < w.rows; i++) trace += product.data[i * (w.rows + 1)];
  // Of all orthonormal rows these have the largest trace: the sum of singular values.
  expect(trace / singular.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
  expect(largest(q.data.map((value, i) => value - rows.data[i]))).toBeLessThan(1e-7);
});

test('rows that depend on one another get what eigenvectors give', async () => {
  const w: Matrix = { rows: 3, cols: 3, data: Float64Array.of(1, 2, 3, 2, 4, 6, 1, 0, 0) };
  expect((await orthonormalised(w)).data).toEqual((await nearestOrthonormal(w)).rows.data);
});
