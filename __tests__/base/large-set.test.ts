import { LargeSet } from '../../lib/base/index.js';

test('says what is new, over all 64 bits', () => {
  const set = new LargeSet();
  const values = [0n, 1n, 255n, 256n, 1n << 63n, (1n << 64n) - 1n, 257n];
  expect(values.map((value) => set.add(value))).toEqual(values.map(() => true));
  expect(values.map((value) => set.add(value))).toEqual(values.map(() => false));
});
