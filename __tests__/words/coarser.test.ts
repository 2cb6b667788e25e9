import { isCoarser } from '../../lib/words/index.js';

test.each([
  ['label', 'probs+topk:1'],
  ['label', 'probs+topk:5+round:2'],
  ['label', 'logits'],
  ['label', 'temperature:0.5+probs'],
  ['probs', 'logits'],
  ['probs+round:2', 'logits'],
  ['probs+round:2', 'log-probs'],
  ['temperature:0.5+probs+round:2', 'probs'],
  ['probs+topk:5+round:2', 'probs+topk:5'],
  ['probs+topk:1+round:2', 'probs+topk:5+round:2'],
  ['probs+topk:1', 'probs+topk:5'],
  ['probs+topk:1+round:2', 'probs+topk:5'],
  ['probs+round:2+topk:1', 'probs+round:2'],
  ['probs+noise:0.01', 'probs'],
])('%s is computed from %s', (one, other) => {
  expect(isCoarser(one, other)).toBe(true);
  expect(isCoarser(other, one)).toBe(false);
});

test.each([
  // Ties that rounding makes hide which class is the model's, and noise changes it.
  ['label', 'probs+round:2'],
  ['label', 'probs+noise:0.01'],
  // The same, but for how a reader reads.
  ['probs+round:2', 'probs+round:2+log'],
  ['probs', 'log-probs'],
  ['label', 'probs+label'],
  // Logits hold one number more.
  ['logits+round:2', 'probs'],
  ['probs+topk:5', 'temperature:0.5+probs+topk:5'],
  ['probs+topk:1', 'probs+topk:5+round:2'],
])('%s is not said to be computed from %s', (one, other) => {
  expect(isCoarser(one, other)).toBe(false);
});
