import { random } from '../../lib/base/index.js';
import type { Store } from '../../lib/extract/index.js';
import { shownOfModel } from '../../lib/experiments/audit-interfaces.js';
import { applyLinearMap } from '../../lib/fit/index.js';
import { memoryRows, toNdArray } from '../../lib/tensor/index.js';

/** 200 images of a model with 6 features and 20 classes. */
function audited(): { store: Store; groups: Int32Array } {
  const { normal } = random(3);
  const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, normal);
  const head = { weight: toNdArray(numbers(120), [20, 6]), bias: toNdArray(numbers(20), [20]) };
  const features = memoryRows(numbers(1200), 200, 6);
  const store = { features, head, logits: applyLinearMap(head, features) } as unknown as Store;
  return { store, groups: Int32Array.from({ length: 200 }, (_, i) => i) };
}

test('logits show the width, and tell the model from a version of it', async () => {
  expect(await shownOfModel('logits', audited(), {})).toEqual({ width: 6, recognised: 'yes' });
});

test('outputs that no classifier gives, once they are rounded, show nothing', async () => {
  expect(await shownOfModel('temperature:1000+round:0', audited(), {})).toEqual({
    width: null,
    recognised: 'no',
  });
});

test('a cancelled audit ends, and is no answer', async () => {
  await expect(shownOfModel('logits', audited(), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
