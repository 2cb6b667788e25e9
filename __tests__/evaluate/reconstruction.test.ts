import { reconstructionError } from '../../lib/evaluate/index.js';
import { memoryRows } from '../../lib/tensor/index.js';
import { expectClose, fixture, linearMap, matrix } from './fixtures.js';

interface Golden {
  name: string;
  weight: number[][];
  features: number[][];
  reconstructed: number[][];
  expected: { r2PerFeature: { constant: number } };
}
const goldens = fixture<Golden[]>('reconstruction');
const headOf = ({ weight }: { weight: number[][] }): ReturnType<typeof linearMap> =>
  linearMap({ weight, bias: weight.map(() => 0) });

describe('reconstructionError', () => {
  // Means up to 1000 at a standard deviation of 3: NumPy's own sums are good to about 1e-13 of the figures.
  it.each(goldens)('says what NumPy and scikit-learn say: $name', async (golden) => {
    const { features, reconstructed, expected } = golden;
    const found = await reconstructionError(matrix(features), matrix(reconstructed), { head: headOf(golden) });
    expectClose(found, expected, 1e-11);
    expect(found.r2PerFeature.constant).toBe(1);
  });

  it('says nothing of a row space without a head', async () => {
    const { features, reconstructed, expected } = goldens[0];
    const found = await reconstructionError(features, reconstructed);
    expectClose(found, { ...expected, r2RowSpace: null, r2NullSpace: null }, 1e-11);
  });

  it('keeps its digits where the mean is a million standard deviations, whole or in blocks', async () => {
    const n = 9_000;
    const wave = (i: number): number => ((i * 37) % 101) / 101 - 50 / 101;
    const y = new Float64Array(n * 2).map((_, i) => (i % 2 === 0 ? 1e6 + wave(i / 2) : -1e6 + wave(i)));
    const yhat = y.map((value, i) => value + (i % 2 === 0 ? 0.125 : 0));
    const { mse, variance, r2PerFeature } = await reconstructionError(memoryRows(y, n, 2), memoryRows(yhat, n, 2));
    // Float64 holds 1e6 + x to 1e-10 of x's unit; the reference takes the mean off first.
    const centred = [0, 1].map((j) => Array.from({ length: n }, (_, i) => y[2 * i + j] - (j === 0 ? 1e6 : -1e6)));
    const variances = centred.map((values) => {
      const mean = values.reduce((a, b) => a + b) / n;
      return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    });
    expectClose(variance, (variances[0] + variances[1]) / 2, 1e-11);
    expectClose(mse, 0.125 ** 2 / 2, 1e-12);
    expectClose(r2PerFeature.min, 1 - 0.125 ** 2 / variances[0], 1e-9);
    expect(r2PerFeature.max).toBe(1);
  });

  it('has no R² where nothing varies', async () => {
    const flat = [[1, 2], [1, 2], [1, 2]]; // prettier-ignore
    const off = [[1, 2], [1, 3], [1, 2]]; // prettier-ignore
    const head = headOf({ weight: [[1, 0]] });
    expect(await reconstructionError(flat, off, { head })).toMatchObject({
      mse: 1 / 6,
      variance: 0,
      r2: null,
      r2RowSpace: null,
      r2NullSpace: null,
      r2PerFeature: { min: null, median: null, max: null, constant: 2 },
    });
  });

  it('tells the part that the head sees from the part that it cannot see', async () => {
    const y = [[1, 5], [2, 3], [4, 4], [3, 9]]; // prettier-ignore
    const head = headOf({ weight: [[2, 0]] });
    const seen = await reconstructionError(y, y.map(([a]) => [a, 0]), { head }); // prettier-ignore
    expect(seen.r2RowSpace).toBe(1);
    // 1 − (25 + 9 + 16 + 81) / (variance about 5.25: 20.75)
    expectClose(seen.r2NullSpace, 1 - 131 / 20.75, 1e-12);
    // Features that vary only where the head looks: nothing outside to explain.
    const none = await reconstructionError([[1, 7], [2, 7], [4, 7]], [[1, 7], [2, 7], [4, 6]], { head }); // prettier-ignore
    expect(none.r2NullSpace).toBeNull();
    // Or vary elsewhere by no more than float32 rounds them.
    const rounding = await reconstructionError([[1, 7], [2, 7 + 1e-5], [4, 7]], [[1, 7], [2, 7], [4, 7]], { head }); // prettier-ignore
    expect(rounding.r2NullSpace).toBeNull();
  });

  it('refuses what does not fit', async () => {
    const says = (call: Promise<unknown>, message: string): Promise<void> => expect(call).rejects.toThrow(message);
    await says(reconstructionError([[1, 2]], [[1, 2, 3]]), 'reconstructed features of width 2');
    await says(reconstructionError([[1, 2]], [[1, 2], [3, 4]]), 'to have 1 rows like the features Y, found 2'); // prettier-ignore
    await says(reconstructionError([[1, 2]], [[1, 2]], { head: headOf({ weight: [[1]] }) }), 'features Y of width 1');
    await says(reconstructionError([[1, Infinity]], [[1, 2]]), 'Row 0 of the features Y, column 1');
  });
});
