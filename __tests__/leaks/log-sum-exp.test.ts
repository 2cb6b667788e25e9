import { logSumExp, logSumExps, softmaxes } from '../../lib/linalg/index.js';

describe('sums of exponentials of long rows, on ONNX Runtime', () => {
  // More than one run takes.
  const [rows, cols] = [300, 5000];
  const numbers = Float64Array.from({ length: rows * cols }, (_, at) => 30 * Math.sin(at * at) + (at % 7));

  it.each([1, 3])('are those of a plain loop, row by row, over a temperature of %d', async (temperature) => {
    for (const block of [numbers, Float32Array.from(numbers)]) {
      const sums = await logSumExps(block, cols, temperature);
      const shares = await softmaxes(block, cols, temperature, sums);
      let [worst, total] = [0, 0];
      for (let i = 0; i < rows; i++) {
        const row = Float64Array.from(block.subarray(i * cols, (i + 1) * cols), (value) => value / temperature);
        const expected = logSumExp(row);
        worst = Math.max(worst, Math.abs(sums[i] - expected) / Math.abs(expected));
        for (let j = 0; j < cols; j++) {
          worst = Math.max(worst, Math.abs(shares[i * cols + j] - Math.exp(row[j] - expected)));
        }
        total += shares.subarray(i * cols, (i + 1) * cols).reduce((sum, value) => sum + value, 0);
      }
      expect(worst).toBeLessThan(1e-13);
      expect(Math.abs(total - rows)).toBeLessThan(1e-9);
    }
  });

  it('do not overflow', async () => {
    const block = Float64Array.from({ length: cols }, () => 1000);
    expect((await logSumExps(block, cols))[0]).toBeCloseTo(1000 + Math.log(cols), 10);
  });
});
