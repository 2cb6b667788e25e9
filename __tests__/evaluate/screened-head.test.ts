import { describe, expect, it } from '@jest/globals';
import { evaluateAgreement, ScreenedHead } from '../../lib/evaluate/index.js';
import { toNdArray, type LinearMap } from '../../lib/tensor/index.js';

/** Numbers from −1 to 1 (mulberry32). */
function numbers(length: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

function headOf(weight: Float64Array | Float32Array, bias: Float64Array, d: number): LinearMap {
  const shape = [weight.length / d, d];
  return {
    weight: weight instanceof Float64Array ? toNdArray(weight, shape) : toNdArray(weight, shape),
    bias: toNdArray(bias, [bias.length]),
  };
}

/** Logits by a plain loop in float64, and their answers by sorting. */
function bySorting(head: LinearMap, f: Float64Array, originals: Int32Array) {
  const [c, d] = head.weight.shape;
  return Array.from(originals, (original, i) => {
    const z = Array.from({ length: c }, (_, k) => {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += (head.weight.get(k, j) as number) * f[i * d + j];
      return sum + (head.bias.get(k) as number);
    });
    const order = z.map((_, k) => k).sort((a, b) => z[b] - z[a] || a - b);
    return { index: order[0], tied: z[order[0]] === z[order[1]], rank: order.indexOf(original) };
  });
}

/** The same of a screened head. */
async function byScreen(head: LinearMap, f: Float64Array, originals: Int32Array, most = Infinity) {
  const screened = new ScreenedHead(head);
  const [c, d] = head.weight.shape;
  const zhat = new Float32Array(originals.length * c);
  for (let i = 0; i < originals.length; i++) {
    for (let k = 0; k < c; k++) {
      let sum = 0;
      for (let j = 0; j < d; j++)
        sum = Math.fround(sum + Math.fround(screened.weight[k * d + j] * Math.fround(f[i * d + j])));
      zhat[i * c + k] = sum + screened.bias[k];
    }
  }
  const { index, tied, rank } = await screened.answers(zhat, f, originals, 0, most);
  return Array.from(originals, (_, i) => ({ index: index[i], tied: tied[i] === 1, rank: rank[i] }));
}

const originalsOf = (n: number, c: number): Int32Array => Int32Array.from({ length: n }, (_, i) => (7 * i) % c);

describe('a screened head', () => {
  const [n, c, d] = [60, 50, 12];

  it.each([
    ['clear logits', 1],
    ['logits as near as float32 can tell', 1e-6],
    ['logits that float32 cannot tell apart', 1e-9],
    ['classes that are all the same', 0],
  ])('answers as float64 does, with %s', async (_, apart) => {
    const common = numbers(d, 1);
    const own = numbers(c * d, 2);
    const weight = own.map((value, at) => common[at % d] + apart * value);
    const head = headOf(weight, new Float64Array(c), d);
    const f = numbers(n * d, 3);
    const originals = originalsOf(n, c);
    expect(await byScreen(head, f, originals)).toEqual(bySorting(head, f, originals));
  });

  it('looks at every class of more than it tells apart one by one', async () => {
    // 200 classes within float32's rounding of one another.
    const weight = numbers(200 * d, 4).map((value, at) => Math.sin(at % d) + 1e-9 * value);
    const head = headOf(
      weight,
      numbers(200, 5).map((value) => 1e-9 * value),
      d,
    );
    const f = numbers(n * d, 6);
    const originals = originalsOf(n, 200);
    expect(await byScreen(head, f, originals)).toEqual(bySorting(head, f, originals));
  });

  it('tells a tie from two logits that only float32 takes for one', async () => {
    const weight = Float64Array.from([1, 1, 1 + 1e-12, 0]);
    const head = headOf(weight, new Float64Array(4), 1);
    const originals = Int32Array.from([0, 0, 3]);
    const f = Float64Array.from([1, -1, 0]);
    expect(await byScreen(head, f, originals)).toEqual([
      { index: 2, tied: false, rank: 1 },
      { index: 3, tied: false, rank: 1 },
      { index: 0, tied: true, rank: 3 },
    ]);
  });

  it('and float32 weights count as they are', async () => {
    const weight = Float32Array.from(numbers(c * d, 7));
    const head = headOf(weight, numbers(c, 8), d);
    const f = numbers(n * d, 9);
    const originals = originalsOf(n, c);
    expect(await byScreen(head, f, originals)).toEqual(bySorting(head, f, originals));
  });

  it('computes again what float32 cannot hold', async () => {
    const head = headOf(Float64Array.from([1e30, 2e30, 3e30]), new Float64Array(3), 1);
    const f = Float64Array.from([1e20, -1e20, 1e-300]);
    const originals = Int32Array.from([2, 0, 1]);
    expect(await byScreen(head, f, originals)).toEqual(bySorting(head, f, originals));
  });

  it('stops to count where a rank is past those that are asked for', async () => {
    const head = headOf(numbers(c * d, 10), numbers(c, 11), d);
    const f = numbers(n * d, 12);
    const originals = originalsOf(n, c);
    const [some, all] = [await byScreen(head, f, originals, 5), bySorting(head, f, originals)];
    for (const [i, { rank, ...rest }] of some.entries()) {
      expect(rest).toEqual({ index: all[i].index, tied: all[i].tied });
      expect(Math.min(rank, 5)).toBe(Math.min(all[i].rank, 5));
    }
  });

  it('names an image whose logits are not finite', async () => {
    const head = headOf(Float64Array.from([1e200, 1]), new Float64Array(2), 1);
    const y = Int32Array.from([0, 0]);
    await expect(evaluateAgreement(head, toNdArray(Float64Array.from([1, 1e200]), [2, 1]), y)).rejects.toMatchObject({
      code: 'not-finite',
      message: expect.stringContaining('Row 1 '),
    });
  });

  it('reads weights that were changed since', async () => {
    const head = headOf(Float64Array.from([1, -1]), new Float64Array(2), 1);
    const features = toNdArray(Float64Array.from([1, 2]), [2, 1]);
    const y = Int32Array.from([0, 0]);
    expect((await evaluateAgreement(head, features, y)).agreed).toBe(2);
    (head.weight.data as Float64Array).reverse();
    expect((await evaluateAgreement(head, features, y)).agreed).toBe(0);
  });
});
