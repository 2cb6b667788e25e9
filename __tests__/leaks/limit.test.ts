import { overLimit, type InterfaceAnswer } from '../../lib/leaks/index.js';

/** An interface of 600 images; `half`: what half of them gave. */
const of = (observe: string, kind: 'exact' | 'at-least' | 'not-shown', r2: number, half = r2): InterfaceAnswer => ({
  observe,
  read: {
    ...{ kind, r2, interval: kind === 'exact' ? null : [r2 - 0.05, r2 + 0.05], images: 600, fitted: 540 },
    ...{ fewer: { fitted: 270, r2: half }, splits: { folds: 10, repeats: 10 }, by: 'log', alpha: null },
  },
  cost: { images: 600, sameTop: 1, interval: [0.8, 1], accuracy: null },
  ...{ width: null, recognised: null },
});

test('only what is known to stay below a limit passes, its interval included', () => {
  const one = (each: InterfaceAnswer, limit: number): string | undefined =>
    overLimit([each], [each.observe], limit)[0]?.why;
  expect(one(of('probs', 'exact', 1), 0.99)).toBe('exact');
  expect(one(of('probs+topk:5', 'at-least', 0.3), 0.34)).toBe('above');
  expect(one(of('probs+topk:5', 'at-least', 0.3), 0.36)).toBeUndefined();
  expect(one(of('probs+topk:5', 'at-least', 0.3, 0.2), 0.36)).toBe('learning');
  expect(one(of('label', 'not-shown', 0.01), 0.5)).toBe('unknown');
  expect(one({ ...of('label', 'at-least', 0.1), read: null }, 0.5)).toBe('unknown');
});

test('what was not tried is not known; what is read off a coarser answer counts', () => {
  expect(overLimit([], ['probs'], 0.5)).toEqual([{ observe: 'probs', why: 'unknown' }]);
  const both = [of('probs+topk:1', 'at-least', 0.2), of('label', 'at-least', 0.3)];
  expect(overLimit(both, ['probs+topk:1'], 0.3)[0]).toMatchObject({ observe: 'probs+topk:1', why: 'above' });
});
