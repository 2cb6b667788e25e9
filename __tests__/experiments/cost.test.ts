import { describe, expect, it } from '@jest/globals';
import type { Store } from '../../lib/extract/index.js';
import { costOf } from '../../lib/experiments/audit-interfaces.js';
import { toRowSource } from '../../lib/tensor/index.js';

/** Of these the best class wins by little, by less, and by much; it is never the first. */
const logits = toRowSource([
  [0.001, 0.002, 0, -1, -1, -1],
  [1, 0, 1.0001, 0, 0, 0],
  [0, 0, 0, 9, 0, 0],
]);
const audited = {
  store: { logits } as unknown as Store,
  groups: Int32Array.of(0, 1, 2),
  labels: Int32Array.of(1, 0, 3),
};

describe('how often honest users get the class of the model', () => {
  it.each(['probs+round:2', 'logits+round:2'])('ties of %s go to the first class', async (spec) => {
    const { sameTop, accuracy } = await costOf(spec, audited, {});
    expect(sameTop).toBeCloseTo(1 / 3, 12);
    expect(accuracy).toEqual({ original: 2 / 3, shown: 2 / 3, n: 3 });
  });

  it.each([
    'probs+topk:5+round:2',
    'probs+topk:1+round:0',
    'topk:3+round:1',
    'temperature:0.5+probs+topk:3+float16',
    'label',
    'probs+label',
  ])('a list has the best class first, whatever its numbers: %s', async (spec) => {
    const { sameTop, interval, accuracy } = await costOf(spec, audited, {});
    expect(sameTop).toBe(1);
    expect(interval[1]).toBe(1);
    expect(accuracy).toEqual({ original: 2 / 3, shown: 2 / 3, n: 3 });
  });

  it('the mean of the largest probability stands beside that of the model; logits and labels have none', async () => {
    const top = async (spec: string) => (await costOf(spec, audited, {})).topProbability;
    // By hand: 1 / Σ exp(x − max) of the three rows.
    const softmax = (row: number[], t: number) =>
      1 / row.reduce((sum, value) => sum + Math.exp((value - Math.max(...row)) / t), 0);
    const rows = [
      [0.001, 0.002, 0, -1, -1, -1],
      [1, 0, 1.0001, 0, 0, 0],
      [0, 0, 0, 9, 0, 0],
    ];
    const mean = (t: number) => rows.reduce((sum, row) => sum + softmax(row, t) / 3, 0);
    for (const spec of ['probs', 'log-probs', 'probs+topk:1', 'probs+log']) {
      const found = (await top(spec))!;
      expect(found.model).toBeCloseTo(mean(1), 5);
      expect(found.published).toBeCloseTo(mean(1), 5);
    }
    expect((await top('temperature:0.5+probs'))!.published).toBeCloseTo(mean(0.5), 5);
    expect(await top('logits')).toBeUndefined();
    expect(await top('probs+label')).toBeUndefined();
  });

  it('what is rounded before it is sorted has lost its order', async () => {
    expect((await costOf('probs+round:2+topk:5', audited, {})).sameTop).toBeCloseTo(1 / 3, 12);
    expect((await costOf('probs+round:2+label', audited, {})).sameTop).toBeCloseTo(1 / 3, 12);
  });
});
