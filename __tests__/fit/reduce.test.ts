import { describe, expect, it } from '@jest/globals';
import { fitLinearMap, reduceRows, type FitOptions } from '../../lib/fit/index.js';
import { computedRows } from '../../lib/fit/reduce.js';
import { memoryRows, type RowSource } from '../../lib/tensor/index.js';
import { integers, mapOf, product } from './data.js';
import { coded } from '../support/coded.js';

/** Rows (n, p) in k dimensions about a mean that is not 0, as float32: rounded like logits. */
function rows(n: number, p: number, k: number, seed = 1): RowSource {
  const x = product(integers(n, k, seed), integers(k, p, seed + 1), k);
  return memoryRows(
    Float32Array.from(x, (value, i) => value / 3 + ((i % p) % 7)),
    n,
    p,
  );
}

const targets = (n: number, q: number): RowSource => memoryRows(integers(n, q, 9), n, q);

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

it('gives rows that are computed when they are read as it gives those that are kept', async () => {
  const x = rows(100, 30, 6);
  const { rows: kept, origin, basis } = (await reduceRows(x, { limit: 40 }))!;
  const computed = computedRows(x, origin, basis, 7);
  for (const [start, end] of [
    [0, 100],
    [13, 58],
  ] as const) {
    const expected = await kept.read(start, end);
    const scale = Math.max(...expected.map(Math.abs));
    expect(largestDifference(await computed.read(start, end), expected)).toBeLessThan(1e-12 * scale);
  }
});

describe('reduceRows', () => {
  const x = rows(200, 30, 6);
  const y = targets(200, 4);
  const prior = mapOf(
    integers(4, 30, 5).map((value) => value / 8),
    30,
    integers(1, 4, 6),
  );

  it.each<[string, FitOptions]>([
    ['least squares', { alpha: 0 }],
    ['ridge', { alpha: 1e4 }],
    ['near a prior', { alpha: 0, prior }],
    ['ridge near a prior', { alpha: 1e4, prior }],
    ['through the origin', { alpha: 1e4, intercept: false }],
    ['through the origin near a prior', { alpha: 1e4, intercept: false, prior }],
  ])('gives the answer of the full solve: %s', async (_, options) => {
    const full = await fitLinearMap(x, y, options);
    const reduced = (await reduceRows(x, { limit: 40, intercept: options.intercept }))!;
    expect(reduced.basis).toMatchObject({ rows: options.intercept === false ? 7 : 6, cols: 30 });
    expect(reduced.gap).toBeGreaterThan(100);
    const fit = await fitLinearMap(reduced.rows, y, {
      ...options,
      prior: options.prior && (await reduced.lower(options.prior)),
    });
    const map = await reduced.lift(fit, options.prior);
    // X is float32: its rounding turns both bases by some 1e-7, and gives the full solve directions of about 1e-4 / alpha.
    expect(largestDifference(map.weight.data, full.weight.data)).toBeLessThan(1e-6);
    expect(largestDifference(map.bias.data, full.bias.data)).toBeLessThan(1e-5);
  });

  it('finds dimensions that the sample has not seen', async () => {
    const n = 400;
    const plain = await rows(n, 30, 6).read(0, n);
    const data = Float32Array.from(plain);
    const strange = integers(3, 30, 77);
    // Rows 1, 101 and 301 leave the span; a sample of 40 takes every tenth row.
    [1, 101, 301].forEach((row, k) => {
      for (let j = 0; j < 30; j++) data[row * 30 + j] += strange[k * 30 + j] / 10;
    });
    const x = memoryRows(data, n, 30);
    const y = targets(n, 2);
    const reduced = (await reduceRows(x, { limit: 40 }))!;
    expect(reduced.basis.rows).toBe(9);
    const [full, fit] = [await fitLinearMap(x, y), await fitLinearMap(reduced.rows, y)];
    expect(fit.fit.rank).toBe(full.fit.rank);
    const map = await reduced.lift(fit);
    expect(largestDifference(map.weight.data, full.weight.data)).toBeLessThan(1e-5);
  });

  it('gives null where there are too many dimensions, from the start or from a later row on', async () => {
    expect(await reduceRows(x, { limit: 6 })).toBeNull();
    expect(await reduceRows(rows(200, 30, 30), { limit: 20 })).toBeNull();
    const late = Float32Array.from(await rows(200, 30, 2).read(0, 200));
    late.set(integers(1, 30 * 9, 3), 30 * 180 + 30);
    expect(await reduceRows(memoryRows(late, 200, 30), { limit: 6 })).toBeNull();
  });

  it('names what is not finite', async () => {
    const data = Float32Array.from(await x.read(0, 200));
    data[7 * 30 + 4] = NaN;
    await expect(reduceRows(memoryRows(data, 200, 30), { limit: 40 })).rejects.toThrow(coded('not-finite', 'NaN', '7'));
  });

  it('knows rows that are all the same', async () => {
    const same = memoryRows(new Float32Array(50 * 4).fill(3), 50, 4);
    const reduced = (await reduceRows(same))!;
    const map = await reduced.lift(await fitLinearMap(reduced.rows, targets(50, 1)));
    expect([...map.weight.data]).toEqual([0, 0, 0, 0]);
  });
});

describe('fitLinearMap of more than 4,096 columns', () => {
  it('goes over the dimensions that they fill', async () => {
    const [n, p, k] = [60, 4200, 5];
    const inner = integers(n, k, 1);
    const x = rows(n, p, k);
    const y = memoryRows(product(inner, integers(k, 3, 4), k), n, 3);
    const { weight, bias, fit } = await fitLinearMap(x, y);
    expect(weight.shape).toEqual([3, p]);
    expect(fit).toMatchObject({ n, rank: k });
    expect(fit.gap).toBeGreaterThan(100);
    const [xs, ys] = [await x.read(0, n), await y.read(0, n)];
    for (let i = 0; i < n; i++) {
      let sum = bias.get(0);
      for (let j = 0; j < p; j++) sum += weight.get(0, j) * xs[i * p + j];
      expect(Math.abs(sum - ys[i * 3])).toBeLessThan(1e-4);
    }
    const { crossValidation, alpha } = (await fitLinearMap(x, y, { alpha: 'cv', alphas: [0, 1e9] })).fit;
    expect(alpha).toBe(0);
    expect(crossValidation?.curve[0].mse).toBeLessThan(crossValidation!.curve[1].mse);
  });
});
