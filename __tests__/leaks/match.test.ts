import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { assign } from '../../lib/leaks/match.js';
import { identifiableFeatures, matchFeatures } from '../../lib/leaks/index.js';
import { memoryRows } from '../../lib/tensor/index.js';
import { madeFeatures } from './data.js';

/** What `__tests__/goldens/leaks.py` wrote. */
const problems = JSON.parse(readFileSync(new URL('../fixtures/leaks/assign.json', import.meta.url), 'utf8')) as {
  costs: number[][];
  columns: number[];
}[];

describe('the assignment problem, as SciPy solves it', () => {
  it.each(problems.map((problem) => [`${problem.costs.length} x ${problem.costs[0].length}`, problem] as const))(
    '%s',
    (_, { costs, columns }) => {
      expect(assign(Float64Array.from(costs.flat()), costs.length, costs[0].length)).toEqual(columns);
    },
  );
});

it('matches features that were reordered and scaled', async () => {
  const [n, d] = [300, 6];
  const truth = madeFeatures('rectified', n, d);
  const order = [4, 0, 5];
  const some = new Float32Array(n * 3);
  for (let i = 0; i < n; i++) order.forEach((j, k) => (some[i * 3 + k] = (k + 1) * truth[i * d + j]));
  const matched = await matchFeatures(memoryRows(some, n, 3), memoryRows(truth, n, d));
  expect(matched.truth).toEqual(order);
  expect(1 - matched.worst).toBeLessThan(1e-12);
});

it('a feature that is zero on fewer than 1.5 r images, or never changes, is not identifiable', async () => {
  const [n, d] = [2000, 6];
  const data = madeFeatures('rectified', n, d);
  let zeros = 0;
  for (let i = 0; i < n; i++) {
    if (data[i * d] === 0 && zeros++ >= 7) data[i * d] = 1e-3 * (1 + (i % 7));
    data[i * d + 5] = 2;
  }
  const found = await identifiableFeatures(memoryRows(data, n, d));
  expect(found.map(({ identifiable }) => identifiable)).toEqual([false, true, true, true, true, false]);
  expect(found[0].zeros).toBe(7);
});
