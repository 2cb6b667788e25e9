import { expect, it } from '@jest/globals';
import { random } from '../../lib/base/index.js';
import { distinctOf, distinctRows } from '../../lib/leaks/near-copies.js';
import { matrix } from '../../lib/linalg/index.js';

/** Rows (n, p) of normal numbers, as whitened rows are. */
function cloud(n: number, p: number): ReturnType<typeof matrix> {
  const { normal } = random(3, n);
  return matrix(
    n,
    p,
    new Float64Array(n * p).map(() => normal()),
  );
}

const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

it('rows of their own are all distinct', () => {
  expect([...distinctOf(cloud(500, 8), all(500))]).toEqual(all(500));
});

it('a copy to within 1e-3 counts once, wherever it stands, and only among the rows asked for', () => {
  const rows = cloud(300, 8);
  for (let j = 0; j < 8; j++) rows.data[299 * 8 + j] = rows.data[j] + 1e-4;
  expect([...distinctOf(rows, all(300))]).toEqual(all(299));
  expect([...distinctOf(rows, [299, 5])]).toEqual([299, 5]);
  expect([...distinctOf(rows, [299, 5, 0])]).toEqual([299, 5]);
  expect(distinctRows(rows, [299, 0, 5]).rows).toBe(2);
});

it('copies of copies are one lot, in whatever order they are met', () => {
  const rows = cloud(100, 4);
  for (let k = 0; k < 10; k++) {
    for (let j = 0; j < 4; j++) rows.data[(90 - 7 * k) * 4 + j] = rows.data[90 * 4 + j] + (j === 0 ? k * 9e-4 : 0);
  }
  expect(distinctOf(rows, all(100))).toHaveLength(91);
});

it('rows that differ by more are not copies', () => {
  const rows = cloud(100, 4);
  for (let j = 0; j < 4; j++) rows.data[99 * 4 + j] = rows.data[j] + (j === 2 ? 1.1e-3 : 0);
  expect(distinctOf(rows, all(100))).toHaveLength(100);
});

it('thousands of copies of few images take no longer than as many images', () => {
  const [few, many] = [cloud(5, 6), 40_000];
  const { normal } = random(4, many);
  const rows = matrix(
    many,
    6,
    Float64Array.from({ length: many * 6 }, (_, i) => few.data[i % 30] + 1e-5 * normal()),
  );
  const started = performance.now();
  expect(distinctOf(rows, all(many))).toHaveLength(5);
  expect(performance.now() - started).toBeLessThan(5000);
});
