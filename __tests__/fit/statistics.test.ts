import { describe, expect, it } from '@jest/globals';
import { accumulate, fitLinearMap, mergeStatistics, solve } from '../../lib/fit/index.js';
import { sliceRows, toRowSource } from '../../lib/tensor/index.js';
import { float32, integers, matrixOf } from './data.js';
import { coded } from '../support/coded.js';

describe('accumulate', () => {
  it('gives centred sums of products, exactly for integers with whole means', async () => {
    const x = Float64Array.from([0, 1, 2, 5, 4, 3]);
    const y = Float64Array.from([1, 3, 8]);
    const s = await accumulate(matrixOf(x, 2), matrixOf(y, 1));
    expect(s).toMatchObject({ n: 3, p: 2, q: 1, dtype: 'float64' });
    expect(Array.from(s.meanX)).toEqual([2, 3]);
    expect(Array.from(s.meanY)).toEqual([4]);
    expect(Array.from(s.gram)).toEqual([8, 4, 4, 8]);
    expect(Array.from(s.cross)).toEqual([14, 4]);
    expect(Array.from(s.ssY)).toEqual([26]);
  });

  it('agrees with sums over all rows at once, whatever the blocks and panels', async () => {
    const [n, p, q] = [5000, 150, 3];
    const [x, y] = [integers(n, p, 1), integers(n, q, 2)];
    const s = await accumulate(float32(matrixOf(x, p)), float32(matrixOf(y, q)));
    expect(s.dtype).toBe('float32');
    // Sums of integers are exact here, so the difference is ours alone: a few hundred units in the last place of n 8².
    const tolerance = 500 * 2 ** -52 * n * 64;
    for (const [i, j] of [
      [0, 0],
      [0, 149],
      [149, 0],
      [70, 71],
      [149, 149],
    ]) {
      let [sum, left, right] = [0, 0, 0];
      for (let row = 0; row < n; row++) {
        sum += x[row * p + i] * x[row * p + j];
        left += x[row * p + i];
        right += x[row * p + j];
      }
      expect(Math.abs(s.gram[i * p + j] - (sum - (left * right) / n))).toBeLessThan(tolerance);
    }
    for (const [i, k] of [
      [0, 0],
      [149, 2],
    ]) {
      let [sum, left, right, squares] = [0, 0, 0, 0];
      for (let row = 0; row < n; row++) {
        sum += x[row * p + i] * y[row * q + k];
        left += x[row * p + i];
        right += y[row * q + k];
        squares += y[row * q + k] ** 2;
      }
      expect(Math.abs(s.cross[i * q + k] - (sum - (left * right) / n))).toBeLessThan(tolerance);
      expect(Math.abs(s.ssY[k] - (squares - (right * right) / n))).toBeLessThan(tolerance);
    }
  });

  it('reports progress and stops between blocks', async () => {
    const [x, y] = [matrixOf(integers(9000, 2, 1), 2), matrixOf(integers(9000, 1, 2), 1)];
    const done: number[] = [];
    await accumulate(x, y, { onProgress: (progress) => done.push(progress.done) });
    expect(done).toEqual([4096, 8192, 9000]);
    const controller = new AbortController();
    const stopped = accumulate(x, y, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
  });

  it.each([
    [NaN, 0],
    [Infinity, 1],
    [-Infinity, 5001],
  ])('names the row and the matrix of %p', async (value, row) => {
    const [x, y] = [integers(6000, 3, 1), integers(6000, 2, 2)];
    x[row * 3 + 1] = value;
    await expect(accumulate(matrixOf(x, 3), matrixOf(y, 2))).rejects.toThrow(coded('not-finite', value, row, '0', '1'));
    x[row * 3 + 1] = 0;
    y[row * 2] = value;
    await expect(accumulate(matrixOf(x, 3), matrixOf(y, 2))).rejects.toThrow(coded('not-finite', value, row));
  });

  it('refuses what does not fit together', async () => {
    const m = (rows: number, cols: number) => matrixOf(integers(rows, cols, 1), cols);
    await expect(accumulate(m(10, 2), m(12, 2))).rejects.toThrow(coded('mismatch', '10', '12'));
    await expect(accumulate(matrixOf(new Float64Array(0), 2), matrixOf(new Float64Array(0), 2))).rejects.toThrow(
      coded('too-few-rows', 'rows'),
    );
    await expect(fitLinearMap(m(1, 2), m(1, 2))).rejects.toThrow(coded('too-few-rows', '2'));
    await expect(fitLinearMap(m(5, 2), m(5, 2), { alpha: -1 })).rejects.toThrow('alpha');
    await expect(fitLinearMap(m(5, 2), m(5, 2), { rcond: 1 })).rejects.toThrow('rcond');
    const prior = { weight: m(3, 2), bias: m(1, 3) };
    await expect(fitLinearMap(m(5, 2), m(5, 2), { prior })).rejects.toThrow(coded('mismatch', '2', '2'));
    await expect(solve(await accumulate(m(5, 2), m(5, 2)), { targets: [1, 3] })).rejects.toThrow('[1, 3)');
    await expect(fitLinearMap(matrixOf(Float64Array.from([1e300, -1e300, 1e300]), 1), m(3, 1))).rejects.toThrow(
      'overflow',
    );
  });
});

describe('mergeStatistics', () => {
  const [n, p, q] = [7 * 4096 + 1234, 9, 2];
  const x = toRowSource(
    float32(
      matrixOf(
        integers(n, p, 3).map((v) => v / 3 + 100),
        p,
      ),
    ),
  );
  const y = toRowSource(
    float32(
      matrixOf(
        integers(n, q, 4).map((v) => v / 7),
        q,
      ),
    ),
  );
  const shard = (from: number, to: number) =>
    accumulate(sliceRows(x, from, to), sliceRows(y, from, to), { firstRow: from });

  it('gives the same bits from any shards in any order', async () => {
    const whole = await accumulate(x, y);
    for (const cuts of [[4096], [3 * 4096], [4096, 2 * 4096, 6 * 4096], [7 * 4096], [2 * 4096, 5 * 4096, 7 * 4096]]) {
      const edges = [0, ...cuts, n];
      const shards = await Promise.all(cuts.concat(n).map((to, i) => shard(edges[i], to)));
      const pairwise = shards.reduce((a, b) => mergeStatistics(a, b));
      for (const merged of [mergeStatistics(...shards), mergeStatistics(...shards.reverse()), pairwise]) {
        expect(merged.n).toBe(n);
        for (const key of ['meanX', 'meanY', 'gram', 'cross', 'ssY'] as const) expect(merged[key]).toEqual(whole[key]);
      }
    }
  });

  it('cuts a shard at the blocks of the whole data set', async () => {
    const { nodes } = await shard(1000, 3 * 4096);
    expect(nodes.map(({ start, end }) => [start, end])).toEqual([
      [1000, 2 * 4096],
      [2 * 4096, 3 * 4096],
    ]);
  });

  it('merges shards that are cut within a block up to rounding', async () => {
    const whole = await accumulate(x, y);
    const merged = mergeStatistics(await shard(0, 5000), await shard(5000, 5001), await shard(5001, n));
    expect(merged.n).toBe(n);
    // The largest entries are about n 3²; sums of n terms in another order.
    whole.gram.forEach((value, i) => expect(Math.abs(merged.gram[i] - value)).toBeLessThan(1e-9));
  });

  it('refuses rows that are there twice, and other widths', async () => {
    const [a, b] = [await shard(0, 5000), await shard(4096, 9000)];
    expect(() => mergeStatistics(a, b)).toThrow(coded('bad-input', '4096', '4999'));
    const other = await accumulate(y, y);
    expect(() => mergeStatistics(a, other)).toThrow(coded('mismatch'));
    expect(() => mergeStatistics()).toThrow(coded('too-few-rows', 'none'));
  });
});

it('parts that were stored in different types are as rough as the roughest', async () => {
  const x = matrixOf(integers(6, 2, 1), 2);
  const y = matrixOf(integers(6, 1, 2), 1);
  const fine = await accumulate(x, y);
  const rough = await accumulate(float32(x), float32(y), { firstRow: 6 });
  expect([fine.dtype, rough.dtype]).toEqual(['float64', 'float32']);
  expect(mergeStatistics(fine, rough).dtype).toBe('float32');
  expect(mergeStatistics(rough, fine).dtype).toBe('float32');
});
