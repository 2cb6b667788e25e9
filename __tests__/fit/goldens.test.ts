import { describe, expect, it } from '@jest/globals';
import { fitLinearMap, type FitOptions } from '../../lib/fit/index.js';
import { float32, goldens, integers, largest, largestDifference, mapOf, matrixOf, product } from './data.js';

/**
 * The closed form solves with a Gram that carries a relative error of some 2^-52 per entry, so its answers are off by
 * about condition x 2^-52 of their size (Higham 2002, section 20.4); 50 is for the growth over a few hundred terms.
 */
const rounding = (condition: number, size: number): number => 50 * condition * 2 ** -52 * size;

async function check(name: string, x: Float64Array, p: number, y: Float64Array, q: number, options: FitOptions = {}) {
  const golden = goldens.fits[name];
  const { weight, bias, fit } = await fitLinearMap(matrixOf(x, p), matrixOf(y, q), options);
  const size = Math.max(largest(golden.weight), options.prior ? largest(Array.from(options.prior.weight.data)) : 0);
  const tolerance = rounding(golden.condition, size);
  expect(fit.rank).toBe(golden.rank);
  // Rank and condition are those of the Gram itself, whatever alpha is.
  const ofGram = options.alpha ? goldens.fits[options.intercept === false ? 'noIntercept' : 'ordinary'] : golden;
  expect(fit.condition / ofGram.condition).toBeCloseTo(1, 2);
  expect(weight.shape).toEqual([q, p]);
  expect(largestDifference(weight.data, golden.weight)).toBeLessThan(tolerance);
  // The bias adds p products of a weight and a mean.
  const means = largest(columnMeans(x, p));
  expect(largestDifference(bias.data, golden.bias)).toBeLessThan(
    p * means * tolerance + 50 * 2 ** -52 * (largest(golden.bias) + p * means * size) + tolerance,
  );
  return fit;
}

function columnMeans(x: Float64Array, p: number): number[] {
  const sums = new Array<number>(p).fill(0);
  for (let i = 0; i < x.length; i++) sums[i % p] += x[i];
  return sums.map((sum) => (sum * p) / x.length);
}

describe('fitLinearMap against NumPy and SciPy', () => {
  const x = integers(300, 12, 1);
  const y = integers(300, 5, 2);
  const prior = mapOf(
    integers(5, 12, 3).map((v) => v / 8),
    12,
    integers(1, 5, 4),
  );

  it('least squares', async () => {
    const fit = await check('ordinary', x, 12, y, 5);
    expect(fit).toMatchObject({ n: 300, gap: null, alpha: 0, rcond: 1e-12, solver: 'cholesky', prior: false });
    expect(fit.warning).toBeNull();
  });

  it('float32 input gives the same', async () => {
    const one = await fitLinearMap(matrixOf(x, 12), matrixOf(y, 5));
    const two = await fitLinearMap(float32(matrixOf(x, 12)), float32(matrixOf(y, 5)));
    expect(two.weight.data).toEqual(one.weight.data);
  });

  it('ridge, alpha in units of the Gram', async () => {
    await check('ridge', x, 12, y, 5, { alpha: 1000 });
  });

  it('through the origin', async () => {
    await check('noIntercept', x, 12, y, 5, { intercept: false });
  });

  it('a prior changes nothing at full rank, and shrinks towards it with alpha', async () => {
    const fit = await check('prior', x, 12, y, 5, { prior });
    expect(fit.prior).toBe(true);
    await check('priorRidge', x, 12, y, 5, { prior, alpha: 1000 });
    await check('priorNoIntercept', x, 12, y, 5, { prior, alpha: 1000, intercept: false });
  });

  it('fewer rows than columns: the map of least norm, or nearest to the prior', async () => {
    const [few, wanted] = [integers(10, 20, 5), integers(10, 4, 6)];
    const fit = await check('fewRows', few, 20, wanted, 4);
    expect(fit.solver).toBe('pivoted-cholesky');
    expect(fit.gap).toBeGreaterThan(1e12);
    const near = mapOf(
      integers(4, 20, 7).map((v) => v / 8),
      20,
      integers(1, 4, 8),
    );
    await check('fewRowsPrior', few, 20, wanted, 4, { prior: near });
    await check('fewRowsNoIntercept', few, 20, wanted, 4, { intercept: false });
  });

  it('constant, duplicated and dependent columns', async () => {
    const columns = integers(200, 9, 9);
    for (let i = 0; i < 200; i++) {
      const row = columns.subarray(i * 9, (i + 1) * 9);
      row[2] = 0;
      row[4] = 7;
      row[5] = row[1];
      row[8] = row[0] - 2 * row[3];
    }
    await check('degenerateColumns', columns, 9, integers(200, 3, 10), 3);
  });

  it('means of a million', async () => {
    const shifted = integers(300, 8, 11).map((v) => v + 1e6);
    await check(
      'largeMeans',
      shifted,
      8,
      integers(300, 3, 12).map((v) => v - 1e6),
      3,
    );
  });

  it('a Gram of condition 1e13, at full rank with a lower cut and below it by default', async () => {
    const z = integers(400, 11, 13);
    const steep = new Float64Array(4000);
    for (let i = 0; i < 400; i++) {
      for (let j = 0; j < 10; j++) steep[i * 10 + j] = 1024 * z[i * 11] + z[i * 11 + j + 1] / 1024;
    }
    const wanted = integers(400, 3, 14);
    const golden = goldens.fits.illConditioned;
    const { weight, fit } = await fitLinearMap(matrixOf(steep, 10), matrixOf(wanted, 3), { rcond: 1e-15 });
    expect(fit.rank).toBe(10);
    expect(fit.condition / golden.condition).toBeCloseTo(1, 1);
    expect(largestDifference(weight.data, golden.weight)).toBeLessThan(
      rounding(golden.condition, largest(golden.weight)),
    );
    const cut = await fitLinearMap(matrixOf(steep, 10), matrixOf(wanted, 3));
    expect(cut.fit.rank).toBe(1);
  });

  it('rows in several blocks, the last one short', async () => {
    await check('manyRows', integers(9000, 30, 15), 30, integers(9000, 4, 16), 4);
  });

  it('a Gram of several blocks, at full rank and at rank 170 of 300', async () => {
    const wanted = integers(1200, 6, 18);
    expect((await check('wide', integers(1200, 300, 17), 300, wanted, 6)).solver).toBe('cholesky');
    const deficient = product(integers(1200, 170, 19), integers(170, 300, 20), 170);
    const fit = await check('wideDeficient', deficient, 300, wanted, 6);
    expect(fit.solver).toBe('pivoted-cholesky');
    expect(fit.gap).toBeGreaterThan(1e10);
  });
});
