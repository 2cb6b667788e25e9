import { describe, expect, it } from '@jest/globals';
import { examineOutputs } from '../../lib/leaks/examine.js';
import { observe } from '../../lib/leaks/index.js';
import { toRowSource } from '../../lib/tensor/index.js';
import { outputSpace, whiten } from '../../lib/leaks/whiten.js';
import { applyLinearMap } from '../../lib/fit/index.js';
import { all, made } from './data.js';

const { logits } = made('rectified', 400, 5, 12);

describe('what storing outputs added to them', () => {
  it.each([1, 2])('is the variance of rounding to %i decimals, as measured', async (decimals) => {
    const rounded = observe(logits, `round:${decimals}`);
    const [before, after] = [await all(logits), await all(rounded)];
    const squares = Array.from(before).reduce((sum, value, i) => sum + (after[i] - value) ** 2, 0) / before.length;
    const { noise, decimals: found } = await examineOutputs(rounded);
    expect(found).toBe(decimals);
    expect(noise / squares).toBeGreaterThan(0.9);
    expect(noise / squares).toBeLessThan(1.1);
  });
});

it('is known in whitened coordinates as well', async () => {
  const rounded = observe(logits, 'round:2');
  const seen = await examineOutputs(rounded);
  const { h, noise, map } = await whiten(rounded, seen, await outputSpace(rounded, seen), seen.distinct);
  const exact = await all(applyLinearMap(map, logits));
  for (const [j, expected] of noise.entries()) {
    let squares = 0;
    for (let i = 0; i < h.rows; i++)
      squares += (h.data[i * h.cols + j] - exact[seen.distinct[i] * h.cols + j]) ** 2 / h.rows;
    expect(squares / expected).toBeGreaterThan(0.7);
    expect(squares / expected).toBeLessThan(1.4);
  }
});

describe('outputs of which a part is hidden', () => {
  it('are cut where every row shows as many, and not where one row shows more', async () => {
    const row = (shown: number, shift: number): number[] =>
      Array.from({ length: 8 }, (_, j) => (j < shown ? 3 + j + shift : -1));
    const cut = await examineOutputs(toRowSource([row(3, 0.1), row(3, 0.25), row(3, 0.37)]));
    expect(cut).toMatchObject({ kind: 'truncated', scale: 'logits', topk: 4 });
    const uneven = toRowSource([row(3, 0.1), row(4, 0.25), row(3, 0.37)].map((each, i) => each.map((v) => v + i / 7)));
    expect((await examineOutputs(uneven)).kind).toBe('logits');
  });
});
