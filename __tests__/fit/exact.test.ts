import { describe, expect, it } from '@jest/globals';
import { all, create } from 'mathjs';
import { fitLinearMap, solve, accumulate } from '../../lib/fit/index.js';
import { integers, mapOf, matrixOf } from './data.js';

const math = create(all, { matrix: 'Array', number: 'Fraction' });
type Fractions = ReturnType<typeof math.fraction>[][];

const fractions = (data: ArrayLike<number>, cols: number): Fractions =>
  Array.from({ length: data.length / cols }, (_, i) =>
    Array.from({ length: cols }, (_, j) => math.fraction(data[i * cols + j])),
  );

/**
 * [X 1] least squares in exact fractions: the normal equations, with `penalty` added to X's block. Adding N Nᵀ, N a basis
 * of X's null directions, makes the solution the one of least norm.
 */
function exactly(x: Float64Array, p: number, y: Float64Array, q: number, nullDirections: number[][] = [], alpha = 0) {
  const n = x.length / p;
  const X = fractions(x, p);
  const augmented = X.map((row) => [...row, math.fraction(1)]);
  const transposed = math.transpose(augmented) as unknown as Fractions;
  const gram = math.multiply(transposed, augmented) as unknown as Fractions;
  for (let i = 0; i < p; i++) {
    gram[i][i] = math.add(gram[i][i], math.fraction(alpha)) as never;
    for (const direction of nullDirections) {
      for (let j = 0; j < p; j++) {
        gram[i][j] = math.add(gram[i][j], math.fraction(direction[i] * direction[j])) as never;
      }
    }
  }
  const right = math.multiply(transposed, fractions(y, q)) as unknown as Fractions;
  const solution = math.multiply(math.inv(gram as never), right as never) as unknown as Fractions;
  expect(solution.length).toBe(p + 1);
  expect(n).toBe(X.length);
  const numbers = solution.map((row) => row.map((value) => Number(value.valueOf())));
  return {
    weight: Array.from({ length: q }, (_, k) => numbers.slice(0, p).map((row) => row[k])),
    bias: numbers[p],
  };
}

/** Grams of small integers are exact in float64, so what is left is the rounding of a solve of condition below 100. */
const digits = 12;

function close(found: ArrayLike<number>, expected: number[][]): void {
  expected.flat().forEach((value, i) => expect(found[i]).toBeCloseTo(value, digits));
}

describe('fitLinearMap against exact fractions', () => {
  const x = integers(16, 3, 101);
  const y = integers(16, 2, 102);

  it('full rank', async () => {
    const expected = exactly(x, 3, y, 2);
    const { weight, bias } = await fitLinearMap(matrixOf(x, 3), matrixOf(y, 2));
    close(weight.data, expected.weight);
    close(bias.data, [expected.bias]);
  });

  it('ridge', async () => {
    const expected = exactly(x, 3, y, 2, [], 50);
    // Through the augmented normal equations the penalty leaves the intercept alone, as centring does.
    const { weight, bias } = await fitLinearMap(matrixOf(x, 3), matrixOf(y, 2), { alpha: 50 });
    close(weight.data, expected.weight);
    close(bias.data, [expected.bias]);
  });

  it('the least norm of all solutions where a column is the sum of two others', async () => {
    const wide = Float64Array.from({ length: 64 }, (_, i) =>
      i % 4 < 3 ? x[(i >> 2) * 3 + (i % 4)] : x[(i >> 2) * 3] + x[(i >> 2) * 3 + 1],
    );
    const expected = exactly(wide, 4, y, 2, [[1, 1, 0, -1]]);
    const { weight, bias, fit } = await fitLinearMap(matrixOf(wide, 4), matrixOf(y, 2));
    expect(fit.rank).toBe(3);
    close(weight.data, expected.weight);
    close(bias.data, [expected.bias]);
    // From a prior, what the rows do not see stays as the prior has it: here all of the null direction's part.
    const prior = mapOf(Float64Array.from([1, 1, 0, -1, 2, 2, 0, -2]), 4, new Float64Array(2));
    const near = await fitLinearMap(matrixOf(wide, 4), matrixOf(y, 2), { prior });
    close(
      near.weight.data,
      expected.weight.map((row, k) => row.map((value, j) => value + prior.weight.get(k, j))),
    );
  });

  it('a range of targets is that range of the whole', async () => {
    const statistics = await accumulate(matrixOf(x, 3), matrixOf(y, 2));
    const whole = await solve(statistics);
    const part = await solve(statistics, { targets: [1, 2] });
    expect(part.weight.shape).toEqual([1, 3]);
    close(part.weight.data, [Array.from(whole.weight.data.subarray(3, 6))]);
    close(part.bias.data, [[whole.bias.data[1]]]);
  });
});
