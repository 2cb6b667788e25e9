import { fitSgd, sgdStabilityLimit, type SgdOptions } from '../../lib/sgd/index.js';
import { denseData, memoryRows, type LinearMap } from '../../lib/tensor/index.js';
import { expectClose, fixture, linearMap, matrix } from '../evaluate/fixtures.js';
import { coded } from '../support/coded.js';

interface Golden {
  x: number[][];
  y: number[][];
  initial: { weight: number[][]; bias: number[] };
  options: SgdOptions;
  expected: { weight: number[][]; bias: number[]; loss: number[]; stabilityLimit: number };
}
const golden = fixture<Golden>('sgd');
const x = matrix(golden.x);
const y = matrix(golden.y);
const weights = (map: LinearMap): number[] => [...denseData(map.weight), ...denseData(map.bias)];
const rms = (values: number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describe('fitSgd', () => {
  it('takes the steps that PyTorch takes', async () => {
    const map = await fitSgd(x, y, { ...golden.options, initial: linearMap(golden.initial) });
    // 25 steps of float32 (6e-8 each, on sums of 16 products): well under 1e-5 of weights of size 0.3.
    expectClose([...denseData(map.weight)], golden.expected.weight.flat(), 3e-6);
    expectClose([...denseData(map.bias)], golden.expected.bias, 3e-6);
    expectClose(map.fit.loss, golden.expected.loss, 1e-5);
    expect(map.fit.meanLoss).toEqual(map.fit.loss.map((total) => total / 5));
    expect(map.fit).toMatchObject({ solver: 'sgd', n: 70, epochs: 5, diverged: false, note: null });
  });

  it('takes the same steps from float32 rows, and where an epoch has more batches than one run takes', async () => {
    const options = { batchSize: 2, epochs: 2, learningRate: 0.02, momentum: 0.5, initial: linearMap(golden.initial) };
    const map = await fitSgd(memoryRows(new Float32Array(golden.x.flat()), 70, 6), y, options);
    // The recipe, written out in float64.
    const w = [...golden.initial.weight.map((row) => [...row])];
    const b = [...golden.initial.bias];
    const vw = w.map((row) => row.map(() => 0));
    const vb = b.map(() => 0);
    for (let step = 0; step < 70; step++) {
      const rows = [0, 1].map((i) => ((step * 2) % 70) + i);
      const errors = rows.map((i) =>
        w.map((row, k) => row.reduce((sum, value, j) => sum + value * golden.x[i][j], b[k]) - golden.y[i][k]),
      );
      for (let k = 0; k < 4; k++) {
        for (let j = 0; j < 6; j++) {
          const g = rows.reduce((sum, i, at) => sum + (2 / 8) * errors[at][k] * golden.x[i][j], 0);
          vw[k][j] = 0.5 * vw[k][j] + g;
        }
        vb[k] = 0.5 * vb[k] + (2 / 8) * (errors[0][k] + errors[1][k]);
      }
      w.forEach((row, k) => row.forEach((_, j) => (row[j] -= 0.02 * vw[k][j])));
      b.forEach((_, k) => (b[k] -= 0.02 * vb[k]));
    }
    expectClose(weights(map), [...w.flat(), ...b], 3e-6);
  });

  it("starts at nn.Linear's distribution, and the seed decides", async () => {
    const wide = memoryRows(new Float32Array(2 * 400), 2, 400);
    const targets = memoryRows(new Float32Array(2 * 50), 2, 50);
    // All inputs are 0, so the weights stay where they start; the bias moves.
    const start = async (seed?: number): Promise<Float32Array | Float64Array> =>
      denseData((await fitSgd(wide, targets, { epochs: 1, seed })).weight);
    const first = await start();
    const bound = 1 / Math.sqrt(400);
    expect(Math.max(...first)).toBeLessThanOrEqual(bound);
    expect(Math.min(...first)).toBeGreaterThanOrEqual(-bound);
    // 20,000 uniform draws: standard deviation bound/√3 to about 0.4 %, mean to 0.4 % of bound; four times that.
    expect(Math.abs(rms([...first]) / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.016);
    expect(Math.abs([...first].reduce((a, b) => a + b) / first.length)).toBeLessThan(0.017 * bound);
    expect(await start(0)).toEqual(first);
    expect(await start(1)).not.toEqual(first);
  });

  it('shuffles when it is given a seed for it, the same way each time', async () => {
    const run = async (shuffle: false | number): Promise<number[]> =>
      weights(await fitSgd(x, y, { ...golden.options, shuffle, initial: linearMap(golden.initial) }));
    const shuffled = await run(3);
    expect(await run(3)).toEqual(shuffled);
    expect(await run(4)).not.toEqual(shuffled);
    expect(await run(false)).not.toEqual(shuffled);
    // Batches of all rows are the same set in any order, so that only rounding differs.
    const whole = async (shuffle: false | number): Promise<number[]> =>
      weights(await fitSgd(x, y, { ...golden.options, batchSize: 70, shuffle, initial: linearMap(golden.initial) }));
    expectClose(await whole(5), await whole(false), 1e-6);
  });

  it('says that it diverged, why, and leaves numbers behind', async () => {
    const steep = matrix(golden.x.map((row) => row.map((value) => value * 30 + 20)));
    const limit = await sgdStabilityLimit(steep, { outputs: 4 });
    expect(limit).toBeLessThan(0.1);
    const map = await fitSgd(steep, y, { epochs: 200 });
    expect(map.fit.diverged).toBe(true);
    expect(map.fit.loss.length).toBeLessThan(200);
    expect(map.fit.stabilityLimit).toBe(limit);
    expect(map.fit.note).toMatchObject({ kind: 'diverged', limit, epoch: map.fit.loss.length + 1, losses: null });
    expect(weights(map).every(Number.isFinite)).toBe(true);
    // Too few epochs to overflow are no excuse.
    const early = await fitSgd(steep, y, { epochs: map.fit.loss.length });
    expect(early.fit.diverged).toBe(true);
    const { loss } = early.fit;
    expect(early.fit.note).toMatchObject({ kind: 'diverged', epoch: null, losses: [loss[0], loss[loss.length - 1]] });
    // Half of the limit, all rows in one batch: it holds.
    const calm = await fitSgd(steep, y, { epochs: 200, learningRate: limit / 2, batchSize: 70 });
    expect(calm.fit.diverged).toBe(false);
    expect(calm.fit.loss.at(-1)).toBeLessThan(calm.fit.loss[0]);
  });

  it('refuses what it cannot run on', async () => {
    await expect(fitSgd(x, matrix(golden.y.slice(1)))).rejects.toThrow(coded('mismatch', '70', '69'));
    await expect(fitSgd(x, y, { learningRate: 0 })).rejects.toThrow(coded('usage', '0', '0'));
    await expect(fitSgd(x, y, { initial: linearMap({ weight: [[1]], bias: [1] }) })).rejects.toThrow(
      coded('mismatch', '4', '6'),
    );
    const stop = new AbortController();
    const halfway = fitSgd(x, y, { ...golden.options, onProgress: () => stop.abort(), signal: stop.signal });
    await expect(halfway).rejects.toThrow('aborted');
  });
});

describe('sgdStabilityLimit', () => {
  it("is 2(1 + β) over the Hessian's largest eigenvalue", async () => {
    const found = await sgdStabilityLimit(x, { outputs: 4, momentum: 0.9 });
    expectClose(found / golden.expected.stabilityLimit, 1, 1e-5);
  });

  it('is where full-batch descent tips over', async () => {
    const limit = await sgdStabilityLimit(x, { outputs: 4, momentum: 0.9 });
    const last = async (factor: number): Promise<number> =>
      (await fitSgd(x, y, { batchSize: 70, epochs: 400, learningRate: factor * limit })).fit.loss.at(-1)!;
    expect(await last(0.98)).toBeLessThan(2);
    expect(await last(1.02)).toBeGreaterThan(100);
  });
});
