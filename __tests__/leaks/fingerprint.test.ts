import { describe, expect, it } from '@jest/globals';
import { fingerprint, observe, sameHead } from '../../lib/leaks/index.js';
import { memoryRows, sliceRows, toRowSource } from '../../lib/tensor/index.js';
import { all, logitsOf, made, madeFeatures, madeHead, numbers } from './data.js';

const quick = { features: false };

describe('what kind of outputs these are', () => {
  const { logits } = made('silu', 400, 16, 40);
  it.each([
    ['logits', 'logits', {}],
    ['log-probs', 'log-probabilities', {}],
    ['probs', 'probabilities', {}],
    ['probs+round:2', 'rounded', { decimals: 2, scale: 'probabilities' }],
    ['logits+round:3', 'rounded', { decimals: 3, scale: 'logits' }],
    ['log-probs+round:1', 'rounded', { decimals: 1 }],
    ['probs+topk:5', 'truncated', { topk: 5, scale: 'probabilities' }],
    ['logits+topk:5', 'truncated', { topk: 5, scale: 'logits' }],
    ['log-probs+topk:5', 'truncated', { topk: 5 }],
    ['logits+float16', 'logits', { precision: 'float16' }],
    ['probs+float16', 'probabilities', { precision: 'float16' }],
  ])('%s', async (spec, kind, more) => {
    const found = await fingerprint(observe(logits, spec), quick);
    expect(found.kind).toBe(kind);
    expect(found.outputs).toMatchObject(more);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});

describe('the hidden width', () => {
  const { logits } = made('silu', 400, 24, 60);
  it.each(['logits', 'log-probs', 'probs', 'logits+float16', 'logits+round:3', 'temperature:3+probs'])(
    'shows in %s',
    async (spec) => {
      const found = await fingerprint(observe(logits, spec), quick);
      expect([found.rank, found.hiddenWidth]).toEqual([24, 24]);
      expect(found.gap).toBeGreaterThan(10);
    },
  );

  it('is one more than the rank behind a layer normalisation', async () => {
    const found = await fingerprint(made('sphere', 300, 24, 60).logits, quick);
    expect([found.rank, found.hiddenWidth]).toEqual([23, 24]);
    expect(found.reasons.join()).toContain('multiples of 8');
  });

  it.each(['logits', 'log-probs'])('does not show in %s of fewer classes than features', async (spec) => {
    const found = await fingerprint(observe(made('silu', 400, 24, 12).logits, spec), quick);
    expect(found.hiddenWidth).toBeNull();
    expect(found.reasons.join()).toContain('as wide as the outputs or wider');
  });

  it('does not show in fewer rows than it is wide', async () => {
    const found = await fingerprint(sliceRows(logits, 0, 20), quick);
    expect(found.hiddenWidth).toBeNull();
    expect(found.reasons.join()).toContain('20 distinct rows fill all the directions that they can');
  });

  it('does not show in the top 5', async () => {
    const found = await fingerprint(observe(logits, 'probs+topk:5'), quick);
    expect(found.hiddenWidth).toBeNull();
    expect(found.reasons.join()).toContain('the top 5 alone');
  });
});

describe('what stands before the head', () => {
  it('a normalisation', async () => {
    const found = await fingerprint(made('sphere', 400, 16, 30).logits);
    expect([found.normalised, found.rectified]).toEqual([true, false]);
  });

  it('rectified features', async () => {
    const found = await fingerprint(made('rectified', 4000, 12, 30).logits);
    expect([found.normalised, found.rectified]).toEqual([false, true]);
  });

  it('neither, and neither is claimed', async () => {
    const found = await fingerprint(made('silu', 2000, 12, 30).logits);
    expect([found.normalised, found.rectified]).toEqual([false, null]);
  });

  it('is not known from few rows, and how many it takes is', async () => {
    const found = await fingerprint(made('sphere', 100, 16, 30).logits);
    expect([found.normalised, found.rectified]).toEqual([null, null]);
    expect(found.reasons.join()).toMatch(/takes \d+ distinct rows to see; 100 are here/);
  });
});

describe('whether two sets come from the same head', () => {
  const head = madeHead(40, 16, 2);
  const one = logitsOf(madeFeatures('silu', 300, 16, 5), 16, head);
  const two = logitsOf(madeFeatures('rectified', 350, 16, 6), 16, head);
  const other = logitsOf(madeFeatures('silu', 300, 16, 5), 16, madeHead(40, 16, 3));

  it.each([
    ['logits', 'logits'],
    ['logits', 'probs'],
    ['log-probs', 'probs'],
    ['logits', 'round:3'],
  ])('%s and %s', async (a, b) => {
    const same = await sameHead(observe(one, a), observe(two, b));
    expect(same.same).toBe(true);
    expect(same.angle).toBeLessThan(1);
    const different = await sameHead(observe(other, a), observe(two, b));
    expect(different.same).toBe(false);
    expect(different.angle).toBeGreaterThan(30);
  });

  it('a feature that one set alone switches on opens a direction there alone, and is no other head', async () => {
    const dead = (data: Float32Array, feature: number): Float32Array =>
      data.map((value, i) => (i % 16 === feature ? 0.5 : value));
    const some = logitsOf(dead(madeFeatures('silu', 300, 16, 5), 2), 16, head);
    const others = logitsOf(dead(madeFeatures('silu', 300, 16, 6), 9), 16, head);
    const contained = await sameHead(some, one);
    expect([contained.same, contained.alone]).toEqual([true, [0, 1]]);
    const crossed = await sameHead(some, others);
    expect([crossed.same, crossed.alone]).toEqual([null, [1, 1]]);
    expect(crossed.angle).toBeGreaterThan(20);
  });

  it('a head that mixes the same features in another way has the same span', async () => {
    const mix = madeHead(16, 16, 8);
    const mixed = logitsOf(
      Float32Array.from(
        await all(logitsOf(madeFeatures('silu', 300, 16, 7), 16, { ...mix, bias: new Float64Array(16) })),
      ),
      16,
      head,
    );
    expect((await sameHead(mixed, two)).same).toBe(true);
  });

  it.each([1e-3, 1e-2, 1e-1])('a head that was changed by %s of itself is told apart', async (share) => {
    const { normal } = numbers(4);
    const size = Math.sqrt(head.weight.reduce((sum, value) => sum + value ** 2, 0) / head.weight.length);
    const weight = head.weight.map((value) => value + share * size * normal());
    const tuned = logitsOf(madeFeatures('silu', 300, 16, 5), 16, { ...head, weight });
    expect((await sameHead(tuned, two)).same).toBe(false);
  });

  it('cannot be said without a gap', async () => {
    const { logits } = made('silu', 300, 40, 20);
    expect((await sameHead(logits, logits)).same).toBeNull();
  });

  it('is refused for other numbers of classes', async () => {
    await expect(sameHead(one, made('silu', 50, 8, 20).logits)).rejects.toThrow('as many classes');
  });
});

describe('outputs that no classifier gives', () => {
  const broken = async (change: (data: Float32Array) => void, spec = 'logits') => {
    const data = Float32Array.from(await all(observe(made('silu', 100, 8, 20).logits, spec)));
    change(data);
    return fingerprint(memoryRows(data, 100, 20), quick);
  };

  it('a NaN', async () => {
    await expect(broken((data) => (data[45] = NaN))).rejects.toThrow('found NaN in row 2 (counted from 0), column 5');
  });

  it('a constant column', async () => {
    await expect(
      broken((data) => {
        for (let i = 3; i < data.length; i += 20) data[i] = 0.5;
      }),
    ).rejects.toThrow('found 0.5 in all 100 rows of column 3');
  });

  it('probabilities that do not sum to one', async () => {
    await expect(broken((data) => (data[0] = data[0] > 0.5 ? 0 : 0.9), 'probs')).rejects.toThrow(
      /sum to one, found .* in row 0/,
    );
  });

  it('one row, one class', async () => {
    await expect(fingerprint(toRowSource([[1, 2]]))).rejects.toThrow('at least 2 images and 2 classes');
  });

  it('counts copies once', async () => {
    const found = await broken((data) => data.copyWithin(20, 0, 40));
    expect(found.outputs.duplicates).toBe(1);
    expect(found.reasons.join()).toContain('1 of 100 rows are copies');
  });
});
