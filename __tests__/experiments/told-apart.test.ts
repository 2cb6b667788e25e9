import { expect, test } from '@jest/globals';
import { toldApart, withToldApart } from '../../lib/experiments/told-apart.js';
import type { Results } from '../../lib/results/index.js';
import { toRowSource } from '../../lib/tensor/index.js';

const logits = [
  [5, 1, 0, 0],
  [0, 3, 1, 0],
  [0, 0, 2, 1.9],
  [1, 1, 1, 6],
];
const store = (rows: number[][], positions = rows.map((_, i) => i)) => ({
  logits: toRowSource(rows),
  positions: Int32Array.from(positions),
});

test('two models are told apart by what is published of the same images', async () => {
  const changed = logits.map((row) => row.map((value, j) => value + (j === 3 ? 0.3 : 0)));
  const found = await toldApart([store(logits), store(changed)], ['logits', 'probs+topk:1+round:0', 'label']);
  expect(found).toEqual([
    { observe: 'logits', images: 4, differ: 4 },
    { observe: 'probs+topk:1+round:0', images: 4, differ: 1 },
    { observe: 'label', images: 4, differ: 1 },
  ]);
});

test('images that both saw count, by their places; the same model is not told apart', async () => {
  const [found] = (await toldApart([store(logits), store([logits[0], logits[2]], [0, 2])], ['logits']))!;
  expect(found).toEqual({ observe: 'logits', images: 2, differ: 0 });
});

test('another number of outputs is counted', async () => {
  expect(await toldApart([store(logits), store(logits.map((row) => row.slice(1)))], ['logits'])).toBeNull();
});

test('each of two audits knows the other one by its digest', () => {
  const audit = (digest: string) => ({ leaks: {}, environment: { models: [{ digest }] } }) as unknown as Results;
  const answers = [{ observe: 'logits', images: 4, differ: 4 }];
  const [a, b] = withToldApart([audit('a'), audit('b')], answers);
  expect(a.leaks!.toldApart).toEqual({ beside: 'b', answers });
  expect(b.leaks!.toldApart).toEqual({ beside: 'a', answers });
});
