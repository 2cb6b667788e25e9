import { describe, expect, it } from '@jest/globals';
import {
  carriedRows,
  fingerprint,
  observe,
  recoverFeatures,
  sameHead,
  type Fingerprint,
} from '../../lib/leaks/index.js';
import { joinRows, memoryRows, sliceRows, toRowSource } from '../../lib/tensor/index.js';
import { all, logitsOf, made, madeFeatures, madeHead, numbers } from './data.js';
import { carriedInWords, type NoWidth } from '../../lib/words/index.js';
import { random } from '../cli/support.js';
import { coded } from '../support/coded.js';

const quick = { features: false };
/** Why the width does not show, where it does not. */
const whyNot = ({ reasons }: Fingerprint): NoWidth | undefined =>
  reasons.find((reason) => reason.kind === 'width-not-shown')?.why;

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
    expect(found.reasons).toContainEqual({ kind: 'multiple-of-8', width: 24 });
  });

  it.each<[string, number]>([
    ['bits', 1 / Math.log(2)],
    ['base 10', 1 / Math.log(10)],
    ['decibels', 10 / Math.log(10)],
  ])('shows in log-probabilities in %s, of which one number a row is hidden as well', async (_, factor) => {
    const natural = await all(observe(logits, 'log-probs'));
    const found = await fingerprint(
      memoryRows(
        natural.map((value) => value * factor),
        400,
        60,
      ),
      quick,
    );
    expect([found.kind, found.rank]).toEqual(['log-probabilities', 24]);
  });

  it.each(['logits', 'log-probs'])('does not show in %s of fewer classes than features', async (spec) => {
    const found = await fingerprint(observe(made('silu', 400, 24, 12).logits, spec), quick);
    expect(found.hiddenWidth).toBeNull();
    expect(whyNot(found)).toMatchObject({ kind: 'no-gap', classes: 12, coarse: false });
  });

  it('does not show in fewer rows than it is wide', async () => {
    const found = await fingerprint(sliceRows(logits, 0, 20), quick);
    expect(found.hiddenWidth).toBeNull();
    expect(whyNot(found)).toEqual({ kind: 'few-rows', rows: 20 });
  });

  it('does not show in the top 5', async () => {
    const found = await fingerprint(observe(logits, 'probs+topk:5'), quick);
    expect(found.hiddenWidth).toBeNull();
    expect(whyNot(found)).toEqual({ kind: 'outputs-hidden', classes: 60, topk: 5 });
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
    const needed = expect.any(Number);
    expect(found.reasons).toContainEqual({ kind: 'sphere-takes-rows', needed, rows: 100 });
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

  it('rows of another head in one of the files leave it open', async () => {
    const both = joinRows([sliceRows(two, 0, 100), sliceRows(other, 0, 100)]);
    const found = await sameHead(one, both);
    expect(found.same).toBeNull();
    expect(found.reason).toMatchObject({ kind: 'part-in-one', set: 0, outside: 100, rows: 200 });
    expect((await sameHead(both, one)).reason).toMatchObject({ kind: 'part-in-one', set: 1 });
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

  it('a head that was changed in a few directions, classes or its bias alone is not called the same', async () => {
    const { normal } = numbers(4);
    const features = madeFeatures('silu', 300, 16, 5);
    const share = 1e-3;
    const [u, v] = [40, 16].map((size) => Float64Array.from({ length: size }, normal));
    const changed = [
      { ...head, weight: head.weight.map((w, i) => w + (share / 4) * u[Math.floor(i / 16)] * v[i % 16]) },
      { ...head, weight: head.weight.map((w, i) => (i < 32 ? w + share * normal() : w)) },
      { ...head, bias: head.bias.map((b) => b + share * normal()) },
    ];
    for (const tuned of changed) {
      const found = await sameHead(logitsOf(features, 16, tuned), two);
      expect([found.same, found.inside]).toEqual([null, [0, 0]]);
    }
  });

  it('features that few images of each set switch on leave it the same span, and those images are named', async () => {
    const rare = (seed: number, feature: number, on: number[]): ReturnType<typeof logitsOf> =>
      logitsOf(
        madeFeatures('silu', 300, 16, seed).map((value, i) =>
          [2, 9].includes(i % 16) ? (i % 16 === feature && on.includes(Math.floor(i / 16)) ? 1 : 0) : value,
        ),
        16,
        head,
      );
    const found = await sameHead(rare(5, 2, [10, 20, 30]), rare(6, 9, [40, 50, 60]));
    expect([found.same, found.alone, found.inside]).toEqual([true, [1, 1], [297, 297]]);
    expect(found.reason).toMatchObject({
      kind: 'all-but-few',
      others: [
        [10, 20, 30],
        [40, 50, 60],
      ],
    });
    const often = Array.from({ length: 60 }, (_, i) => 3 * i);
    expect((await sameHead(rare(5, 2, often), rare(6, 9, often))).same).toBeNull();
  });

  it('rows that alone carry a direction do not decide, and are named', async () => {
    const { normal } = numbers(12);
    const foreign = (count: number) => memoryRows(Float32Array.from({ length: count * 40 }, normal), count, 40);
    const header = memoryRows(
      Float32Array.from({ length: 40 }, (_, j) => j),
      1,
      40,
    );
    const same = await sameHead(joinRows([header, one]), joinRows([two, foreign(3)]));
    expect([same.same, same.leftOut, same.ranks]).toEqual([true, [[0], [350, 351, 352]], [16, 16]]);
    expect(same.reason.kind).toBe('all-in-both');
    const different = await sameHead(joinRows([header, other]), joinRows([header, two]));
    expect(different.same).toBe(false);
  });

  it('rows too few to fill a span are looked for in the span of the other set', async () => {
    const few = sliceRows(one, 0, 12);
    expect(await sameHead(few, two)).toMatchObject({ same: true, inside: [12, null], ranks: [null, 16] });
    expect((await sameHead(sliceRows(other, 0, 12), two)).same).toBeNull();
  });

  it('stored values that would hide a change of the head cannot tell', async () => {
    const [a, b] = [observe(one, 'logits+round:1'), observe(two, 'logits+round:1')];
    const found = await sameHead(a, b);
    expect([found.same, found.reason.kind]).toEqual([null, 'coarse']);
    const { same, resolution } = await sameHead(one, two);
    expect(same).toBe(true);
    expect(resolution).toBeLessThan(1e-5);
  });

  it('hidden outputs cannot tell, and say so', async () => {
    const found = await sameHead(observe(one, 'probs+topk:5'), two);
    expect([found.same, found.ranks]).toEqual([null, [null, null]]);
    const why = { kind: 'outputs-hidden', classes: 40, topk: 5 };
    expect(found.reason).toEqual({ kind: 'hidden', set: 0, why });
  });

  it('cannot be said without a gap', async () => {
    const { logits } = made('silu', 300, 40, 20);
    expect((await sameHead(logits, logits)).same).toBeNull();
  });

  it('is refused for other numbers of classes', async () => {
    await expect(sameHead(one, made('silu', 50, 8, 20).logits)).rejects.toThrow(coded('mismatch'));
  });
});

describe('outputs that no classifier gives', () => {
  const broken = async (change: (data: Float32Array) => void, spec = 'logits') => {
    const data = Float32Array.from(await all(observe(made('silu', 100, 8, 20).logits, spec)));
    change(data);
    return fingerprint(memoryRows(data, 100, 20), quick);
  };

  it('a NaN', async () => {
    await expect(broken((data) => (data[45] = NaN))).rejects.toThrow(coded('not-finite', 'NaN', '2', '0', '5'));
  });

  it('a constant column', async () => {
    await expect(
      broken((data) => {
        for (let i = 3; i < data.length; i += 20) data[i] = 0.5;
      }),
    ).rejects.toThrow(coded('not-outputs', '0.5', '100', '3'));
  });

  it('probabilities that do not sum to one', async () => {
    await expect(broken((data) => (data[0] = data[0] > 0.5 ? 0 : 0.9), 'probs')).rejects.toThrow(
      coded('not-outputs', '0'),
    );
  });

  it('one row, one class', async () => {
    await expect(fingerprint(toRowSource([[1, 2]]))).rejects.toThrow(coded('too-few-rows', '2', '2'));
  });

  it('counts copies once', async () => {
    const found = await broken((data) => data.copyWithin(20, 0, 40));
    expect(found.outputs.duplicates).toBe(1);
    expect(found.reasons).toContainEqual({ kind: 'copies', copies: 1, rows: 100 });
  });
});

describe('rows that alone carry a direction', () => {
  const [d, classes] = [12, 30];
  const own = made('silu', 400, d, classes).logits;
  const other = logitsOf(madeFeatures('silu', 40, d, 9), d, madeHead(classes, d, 7));
  const { normal } = numbers(11);
  /** Rows put between the own ones, the first at 20, then every tenth. */
  const withRows = async (extra: Float32Array, spec = 'logits') => {
    const data = Array.from(await all(own));
    const count = extra.length / classes;
    for (let k = 0; k < count; k++)
      data.splice((20 + 10 * k) * classes, 0, ...extra.subarray(k * classes, (k + 1) * classes));
    return observe(memoryRows(Float32Array.from(data), 400 + count, classes), spec);
  };
  const noise = (count: number): Float32Array => Float32Array.from({ length: count * classes }, () => 3 * normal());
  const header = Float32Array.from({ length: classes }, (_, j) => j);

  it.each<[string, () => Promise<Float32Array>, number]>([
    ['a header', async () => header, 1],
    ['a row of zeros', async () => new Float32Array(classes), 1],
    ['noise', async () => noise(1), 1],
    ['noise in three rows', async () => noise(3), 3],
    ['noise in twenty rows', async () => noise(20), 20],
    ['another head in two rows', async () => Float32Array.from(await other.read(0, 2)), 2],
    ['another head in twenty rows', async () => Float32Array.from(await other.read(0, 20)), 20],
  ])('%s', async (_, extra, count) => {
    for (const spec of ['logits', 'probs']) {
      const found = await fingerprint(await withRows(await extra(), spec), quick);
      expect([found.rank, found.hiddenWidth]).toEqual([d, d]);
      expect(found.carried?.rows).toEqual(Array.from({ length: count }, (_, k) => 20 + 10 * k));
      expect(found.reasons).toContainEqual({ kind: 'carried', carried: found.carried, classes });
    }
  });

  it('a header five times over', async () => {
    const data = Array.from(await all(own));
    for (let k = 0; k < 5; k++) data.push(...header);
    const found = await fingerprint(memoryRows(Float32Array.from(data), 405, classes), quick);
    expect([found.hiddenWidth, found.carried?.rows]).toEqual([d, [400]]);
  });

  it('are images, too, that alone switch a feature on; several that agree are only named', async () => {
    const rare = async (on: number) => {
      const features = madeFeatures('silu', 400, d);
      for (let i = 0; i < 400; i++) features[i * d] = i % Math.floor(400 / on) === 0 ? 1 + Math.abs(normal()) : 0;
      return fingerprint(logitsOf(features, d, madeHead(classes, d)), quick);
    };
    const few = await rare(4);
    expect([few.rank, few.carried]).toEqual([d, undefined]);
    const together = { rows: [0, 100, 200, 300], directions: 1, with: d, without: 11 };
    expect(few.reasons).toContainEqual({ kind: 'carried-together', carried: together });
    expect((await rare(1)).carried).toEqual({ rows: [0], directions: 1, with: d, without: d - 1 });
    const many = await rare(40);
    expect([many.rank, many.reasons.length]).toEqual([d, 2]);
  });

  it('none in rows as few as a width takes', async () => {
    for (const n of [40, 30, 22]) expect((await fingerprint(sliceRows(own, 0, n), quick)).carried).toBeUndefined();
  });

  it('of no certificate, and named', async () => {
    const outputs = logitsOf(madeFeatures('rectified', 1500, d), d, madeHead(classes, d));
    const data = Float32Array.from([...(await all(outputs)), ...noise(1)]);
    const { report } = await recoverFeatures(memoryRows(data, 1501, classes), { kind: 'rectified', rounds: 1 });
    expect(report.rank).toBe(d);
    const carried = { rows: [1500], directions: 1, with: d + 1, without: d };
    expect(report.notes.join()).toContain(carriedInWords(carried, classes));
  });

  it('in a fit', async () => {
    expect(await carriedRows(await withRows(noise(2)), d + 2)).toMatchObject({ rows: [20, 30], directions: 2 });
    expect(await carriedRows(own, d)).toBeNull();
  });

  it.each<[string, string, (row: Float32Array) => void, Error]>([
    [
      'noise among probabilities',
      'probs',
      (row) => row.forEach((_, j) => (row[j] = normal())),
      coded('not-outputs', 'row 3'),
    ],
    ['zeros among probabilities', 'probs', (row) => row.fill(0), coded('not-outputs', 'row')],
    [
      'noise among log-probabilities',
      'log-probs',
      (row) => row.forEach((_, j) => (row[j] = normal())),
      coded('not-outputs', 'row 3'),
    ],
  ])('refused: %s', async (_, spec, change, message) => {
    const data = Float32Array.from(await all(observe(own, spec)));
    change(data.subarray(3 * classes, 4 * classes));
    await expect(fingerprint(memoryRows(data, 400, classes), quick)).rejects.toThrow(message);
  });

  it('two models, one after the other', async () => {
    const second = logitsOf(madeFeatures('silu', 400, d, 9), d, madeHead(classes, d, 7));
    const found = await fingerprint(joinRows([own, second]), quick);
    expect(found.reasons).toContainEqual({ kind: 'stacked', first: d, last: d, all: 2 * d + 1 });
  });
});

describe('how outputs were stored shows in the values', () => {
  const shown = async (change: (value: number) => number, spec = 'logits') => {
    const values = Float64Array.from(await all(observe(made('silu', 400, 12, 30).logits, spec)), change);
    return fingerprint(memoryRows(values, 400, 30), quick);
  };
  const bfloat = (value: number): number => {
    const words = new Uint32Array(Float32Array.of(value).buffer);
    words[0] = (words[0] + 0x7fff + ((words[0] >>> 16) & 1)) & 0xffff0000;
    return new Float32Array(words.buffer)[0];
  };
  it.each<[string, (value: number) => number, string, object]>([
    ['bfloat16', bfloat, 'logits', { storage: { type: 'bfloat16' } }],
    ['8-bit steps', (value) => Math.fround(Math.round(value * 30) / 30), 'logits', { kind: 'rounded' }],
    ['16-bit steps', (value) => Math.fround(Math.round(value * 5000.3) / 5000.3), 'logits', { kind: 'rounded' }],
    ['four digits', (value) => Number(value.toPrecision(4)), 'logits', { storage: { type: 'digits', digits: 4 } }],
    [
      'six digits of probabilities',
      (value) => Number(value.toPrecision(6)),
      'probs',
      { storage: { type: 'digits', digits: 6 } },
    ],
    ['six decimals of probabilities', (value) => Number(value.toFixed(6)), 'probs', { decimals: 6 }],
    ['percentages', (value) => 100 * value, 'probs', { percent: true, scale: 'probabilities' }],
  ])('%s', async (_, change, spec, expected) => {
    const found = await shown(change, spec);
    expect(found.outputs).toMatchObject(expected);
    expect(found.hiddenWidth ?? 12).toBe(12);
    if (found.hiddenWidth === null) expect(whyNot(found)).toMatchObject({ coarse: true });
  });

  it('or may have been made by no linear layer', async () => {
    const found = await shown((value) => Math.tanh(value));
    expect(found.hiddenWidth).toBeNull();
    expect(whyNot(found)).toMatchObject({ kind: 'no-gap', coarse: false });
  });

  it('zeros of rounding are told as such, and rows without them used', async () => {
    const data = Float64Array.from(
      await all(observe(made('silu', 400, 12, 30).logits, 'temperature:0.25+probs')),
      (p) => Number(p.toFixed(6)),
    );
    const found = await fingerprint(memoryRows(data, 400, 30), quick);
    if (found.hiddenWidth === null) expect(whyNot(found)).toMatchObject({ kind: 'zeros', rounded: true, decimals: 6 });
    else expect(found.reasons.map(({ kind }) => kind)).toContain('zeros-left-out');
  });

  it('rows that are all equal', async () => {
    const row = await own30();
    await expect(
      fingerprint(
        memoryRows(
          Float32Array.from({ length: 300 }, (_, i) => row[i % 30]),
          10,
          30,
        ),
        quick,
      ),
    ).rejects.toThrow(coded('not-outputs', '10'));
  });

  it('columns that are equal', async () => {
    const data = Float32Array.from(await all(made('silu', 400, 12, 30).logits));
    for (let i = 0; i < 400; i++) data[i * 30 + 7] = data[i * 30 + 4];
    expect((await fingerprint(memoryRows(data, 400, 30), quick)).reasons).toContainEqual({
      kind: 'equal-columns',
      pairs: [[4, 7]],
    });
  });
});

const own30 = async (): Promise<Float32Array> => Float32Array.from(await made('silu', 1, 12, 30).logits.read(0, 1));

it('rows that alone carry a direction are named by their places in the file, where others hold a 0', async () => {
  const [n, c] = [160, 12];
  const flat = Float64Array.from(await all(made('silu', n, 6, c).logits));
  const carrier = 120;
  const { normal } = numbers(9);
  for (let j = 0; j < c; j++) flat[carrier * c + j] += 3 * normal();
  const rows = Array.from({ length: n }, (_, i) => {
    const powers = Array.from(flat.subarray(i * c, (i + 1) * c), (value, j) =>
      i % 40 === 3 && j === 2 ? 0 : Math.exp(value),
    );
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((value) => value / sum);
  });
  const found = await fingerprint(rows, { features: false });
  expect(found.outputs.rowsWithZeros).toBe(4);
  expect(found.carried?.rows).toEqual([carrier]);
});

describe('columns that rounding makes equal', () => {
  const draw = (classes: number, copies: number): number[][] => {
    const next = random(7);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const table = (n: number): number[][] => Array.from({ length: n }, () => Array.from({ length: 6 }, normal));
    const features = table(400).map((row) => row.map(Math.abs));
    const weights = table(classes);
    for (let k = 0; k < copies; k++) weights[classes - 1 - k] = weights[k];
    return features.map((f) => weights.map((w) => 0.3 * w.reduce((sum, value, j) => sum + value * f[j], 0)));
  };
  const softmax = (row: readonly number[]): number[] => {
    const sum = row.reduce((all, value) => all + Math.exp(value), 0);
    return row.map((value) => Math.exp(value) / sum);
  };
  const rounded = (row: readonly number[], decimals: number): number[] =>
    row.map((value) => Number(value.toFixed(decimals)));

  it.each([0, 1, 3])('%d classes that are copies of others are no end of a layer', async (copies) => {
    const outputs = draw(24, copies).map((row) => rounded(softmax(row), 4));
    expect((await fingerprint(outputs, { features: false })).hiddenWidth).toBe(6);
  });

  it('of nearly equal probabilities, most of which never change, no width is said', async () => {
    const outputs = draw(300, 0).map((row) => rounded(softmax(softmax(row)), 4));
    const { hiddenWidth, reasons } = await fingerprint(outputs, { features: false });
    expect(hiddenWidth).toBeNull();
    expect(reasons.join(' ')).not.toContain('carr');
  });
});
