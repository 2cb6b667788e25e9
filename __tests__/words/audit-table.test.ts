import { published, readOff, takes } from '../../lib/words/index.js';

describe('the table of an audit', () => {
  test.each([
    ['logits', 'logits'],
    ['probs+topk:5+round:2', 'top 5 probabilities, 2 decimals'],
    ['probs+topk:1', 'top 1 probability'],
    ['temperature:0.5+probs+round:1', 'probabilities, temp. 0.5, 1 decimal'],
    ['probs+noise:0.01', 'probabilities, noise 0.01'],
  ])('%s is %s', (spec, words) => {
    expect(published(spec)).toBe(words);
  });

  test('a bound says that it is one, and nothing that is not known is a zero', () => {
    expect(readOff({ kind: 'at-least', r2: 0.293, interval: [0.244, 0.331] })).toBe('at least 29 % (24 to 33)');
    expect(readOff({ kind: 'exact', r2: 1, interval: null })).toContain('exact');
    expect(readOff({ kind: 'not-shown', r2: 0.02, interval: [-0.04, 0.08] })).toBe('not known');
    expect(readOff({ kind: 'at-least', r2: 0.9996, interval: [0.9995, 0.9997] })).toBe('more than 99.9 %');
    expect(readOff({ kind: 'at-least', r2: 0.9979, interval: [0.995, 0.9985] })).toBe('at least 99.7 % (99.5 to 99.8)');
    expect(readOff(null)).toBe('not known');
  });

  test('what others need are outputs, or features of some images', () => {
    const line = { ability: 'map', observe: [], sure: 'proven' } as const;
    expect(takes({ ...line, queries: 257, stolen: 257 })).toBe('features of 257 images');
    expect(takes({ ...line, queries: 1720, stolen: 0 })).toBe('outputs of 1,720 images');
  });
});
