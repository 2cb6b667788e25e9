import { expect, test } from '@jest/globals';
import { chanceMatches, random } from '../../lib/base/index.js';

/** Counts by class and the matches of two lists. */
const counted = (a: readonly number[], b: readonly number[], classes: number): [number, number[], number[]] => {
  const counts = (list: readonly number[]): number[] =>
    Array.from({ length: classes }, (_, k) => list.filter((value) => value === k).length);
  return [a.filter((value, i) => value === b[i]).length, counts(a), counts(b)];
};

/** All permutations, by Heap's algorithm. */
function* permutations<T>(list: T[], size = list.length): Generator<T[]> {
  if (size === 1) yield list;
  for (let i = 0; size > 1 && i < size; i++) {
    yield* permutations(list, size - 1);
    const j = size % 2 === 0 ? i : 0;
    [list[j], list[size - 1]] = [list[size - 1], list[j]];
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('seven rows, against all 5,040 orders: list %i', (seed) => {
  const { next: uniform } = random(seed, 1);
  const draw = (): number[] => Array.from({ length: 7 }, () => Math.floor(4 * uniform()));
  const [a, b] = [draw(), draw()];
  const found: number[] = [];
  for (const order of permutations([...b])) found.push(counted(a, order, 4)[0]);
  const [, first, second] = counted(a, b, 4);
  const mean = found.reduce((sum, m) => sum + m, 0) / found.length;
  for (let m = 0; m <= 7; m++) {
    const { expected, likelihood } = chanceMatches(m, first, second);
    expect(expected).toBeCloseTo(mean, 9);
    const tail = found.filter((each) => each >= m).length / found.length;
    if (tail > 0 || m <= mean) expect(likelihood).toBeGreaterThanOrEqual(tail - 1e-12);
  }
});

test('lists that have nothing to do with one another are hardly ever significant', () => {
  const { next: uniform } = random(5, 1);
  const draw = (): number[] => Array.from({ length: 600 }, () => Math.floor(40 * uniform() ** 2));
  let passed = 0;
  for (let round = 0; round < 400; round++) {
    if (chanceMatches(...counted(draw(), draw(), 40)).likelihood < 0.01) passed++;
  }
  expect(passed).toBeLessThan(12);
});

test.each([
  [191, 600, 30],
  [2e5, 1e6, 10],
  [60, 60, 8],
])('agreement of %d of %d rows in %d classes is no chance', (matches, rows, classes) => {
  const each = Array.from({ length: classes }, () => rows / classes);
  const { expected, likelihood } = chanceMatches(matches, each, each);
  expect(expected).toBeCloseTo(rows / classes, 6);
  expect(likelihood).toBeLessThan(1e-9);
});

test('all rows of one class, and no rows, tell nothing', () => {
  expect(chanceMatches(50, [50, 0], [50, 0])).toEqual({ expected: 50, likelihood: 1 });
  expect(chanceMatches(0, [0], [0]).likelihood).toBe(1);
  expect(chanceMatches(3, [1, 1, 1], [1, 1, 1]).likelihood).toBeCloseTo(1 / 6, 12);
});
