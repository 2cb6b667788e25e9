import { describe, expect, it } from '@jest/globals';
import { cholesky, choleskySolve, choleskySolveVector } from '../../lib/linalg/cholesky.js';
import { matrix } from '../../lib/linalg/matrix.js';
import { multiply } from '../../lib/linalg/multiply.js';
import { integers } from './data.js';

function largestDifference(a: Float64Array, b: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

/** Sizes about those of the blocks that a factor is made in: the last block may be one column alone. */
describe.each([1, 127, 128, 129, 257])('a Gram of %i columns', (p) => {
  it('has a factor that gives it back, and solutions', async () => {
    const a = matrix(p, p, integers(p, p, 1));
    const gram = await multiply(a, a, 'tn');
    for (let i = 0; i < p; i++) gram.data[i * (p + 1)] += p;
    const factor = (await cholesky(matrix(p, p, gram.data.slice())))!;
    const size = Math.max(...gram.data);
    const back = await multiply(factor.upper, factor.upper, 'tn');
    expect(largestDifference(back.data, gram.data)).toBeLessThan(1e-12 * size);
    // Rounding times the condition: the smallest eigenvalue is p at least, the largest p times the largest element at most.
    const tolerance = 10 * size * 1e-14;
    const x = matrix(p, 2, integers(p, 2, 2));
    expect(largestDifference((await choleskySolve(factor, await multiply(gram, x))).data, x.data)).toBeLessThan(
      tolerance,
    );
    const one = matrix(p, 1, x.data.slice(0, p));
    const found = choleskySolveVector(factor, (await multiply(gram, one)).data);
    expect(largestDifference(found, one.data)).toBeLessThan(tolerance);
  });
});
