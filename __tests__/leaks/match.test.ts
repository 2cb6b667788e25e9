import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { assign } from '../../lib/linalg/assignment.js';
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

it('matches by correlation about the means, and never with what falls where the feature rises', async () => {
  // The recovered feature rises with the second; the first is its mirror image, the third is as large on the whole.
  const truth = [[-1, 1, 90], [-2, 2.1, 80], [-3, 2.9, 90], [-4, 4, 80], [-5, 5.2, 90]]; // prettier-ignore
  const rises = [100, 101, 102, 103, 104];
  const matched = await matchFeatures(
    memoryRows(Float64Array.from(rises), 5, 1),
    memoryRows(Float64Array.from(truth.flat()), 5, 3),
  );
  expect(matched.truth).toEqual([1]);
  // numpy.corrcoef
  expect(matched.correlation[0]).toBeCloseTo(0.9979795586, 9);
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
