import { kthSmallest } from '../../lib/linalg/index.js';
import { random } from '../cli/support.js';

test('the k-th smallest is what a sort has at that place, and parts the numbers', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = random(seed);
    const n = 1 + Math.floor(next() * 200);
    // Many ties in some, sorted or reversed in others.
    const values = Float64Array.from({ length: n }, () => Math.floor(next() * (seed % 3 === 0 ? 5 : 1e6)));
    if (seed % 5 === 0) values.sort();
    if (seed % 5 === 1) values.sort().reverse();
    const sorted = values.slice().sort();
    const [k, later] = [Math.floor(next() * n), n - 1 - Math.floor(next() * 3)];
    const moved = values.slice();
    expect(kthSmallest(moved, k)).toBe(sorted[k]);
    expect(moved.slice().sort()).toEqual(sorted);
    if (later >= k) expect(kthSmallest(moved, later, k)).toBe(sorted[later]);
  }
});
