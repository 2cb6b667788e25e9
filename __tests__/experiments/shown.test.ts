import { shownOf } from '../../lib/experiments/shown.js';
import { memoryRows, toNdArray, type RowSource } from '../../lib/tensor/index.js';

/** The outputs of very many that vary most, by spec, are remembered for each set of logits. */
describe('outputs that are picked of very many', () => {
  const [rows, classes, d] = [80, 4200, 3];
  // Some classes are likely and vary little, others are not and vary much.
  const numbers = Float32Array.from({ length: rows * classes }, (_, at) => {
    const [i, j] = [Math.floor(at / classes), at % classes];
    return (j % 97 === 0 ? 3 : -(j % 5)) + (j % 211 === 5 ? 2 : 0.1) * Math.sin((i + 1) * (j + 3));
  });
  const train = () => ({
    features: memoryRows(new Float32Array(rows * d), rows, d),
    logits: memoryRows(numbers, rows, classes),
    head: {
      weight: toNdArray(new Float32Array(classes * d).fill(1), [classes, d]),
      bias: toNdArray(new Float32Array(classes), [classes]),
    },
  });
  const all = async (x: RowSource) => Array.from(await x.read(0, x.rows));
  /** Of each column of these rows, its variance. */
  const variances = (of: (at: number) => number): number[] =>
    Array.from({ length: classes }, (_, j) => {
      const column = Array.from({ length: rows }, (_, i) => of(i * classes + j));
      const mean = column.reduce((a, b) => a + b, 0) / rows;
      return column.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    });

  const sums = Array.from({ length: rows }, (_, i) =>
    Math.log(numbers.subarray(i * classes, (i + 1) * classes).reduce((sum, value) => sum + Math.exp(value), 0)),
  );
  const logarithm = (at: number): number => numbers[at] - sums[Math.floor(at / classes)];

  it.each([
    ['probs', (at: number) => Math.exp(logarithm(at))],
    ['probs+log', logarithm],
  ])('are those whose numbers vary most, whatever was asked before: %s', async (spec, of) => {
    const most = rows / 10;
    const variance = variances(of);
    const best = Array.from(variance.keys())
      .sort((a, b) => variance[b] - variance[a] || a - b)
      .slice(0, most)
      .sort((a, b) => a - b);
    const expected = Array.from({ length: rows }, (_, i) => best.map((j) => of(i * classes + j))).flat();
    for (const before of [[], ['probs'], ['probs+log']]) {
      const one = train();
      for (const other of before) await shownOf(one, other, {});
      const found = await all((await shownOf(one, spec, {})).x);
      expect(found.length).toBe(expected.length);
      expect(Math.max(...found.map((value, at) => Math.abs(value - expected[at])))).toBeLessThan(1e-5);
    }
  });
});
