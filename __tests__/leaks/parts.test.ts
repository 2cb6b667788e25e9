import { describe, expect, it } from '@jest/globals';
import { fingerprint, observe, type RowParts } from '../../lib/leaks/index.js';
import { chooseRows, joinRows, sliceRows, type RowSource } from '../../lib/tensor/index.js';
import { logitsOf, madeFeatures, madeHead, numbers } from './data.js';

/** Rows of several models in one file, told apart by a column; and columns that tell nothing apart. */

const [width, classes] = [16, 60];
const head = (seed: number, rows = 300, d = width, c = classes): RowSource =>
  logitsOf(madeFeatures('silu', rows, d, seed), d, madeHead(c, d, seed + 1));
const column = (of: number[], values = ['A', 'B'], name = 'variant'): RowParts => ({
  ...{ column: name, values, of, ofModels: true },
});
const coin = (rows: number, share: number): number[] => {
  const { uniform } = numbers(9);
  return Array.from({ length: rows }, () => (uniform() < share ? 1 : 0));
};

/** Rows of either head, in turns as the column says. */
function mixed(of: readonly number[], heads: readonly RowSource[]): RowSource {
  const next = heads.map(() => 0);
  const starts = heads.map((_, k) => heads.slice(0, k).reduce((sum, { rows }) => sum + rows, 0));
  return chooseRows(
    joinRows(heads),
    Int32Array.from(of, (k) => starts[k] + next[k]++),
  );
}

const look = (rows: RowSource, parts: RowParts[]): ReturnType<typeof fingerprint> =>
  fingerprint(rows, { features: false, parts });

describe('two models in one file', () => {
  it.each([
    ['half of each', 0.5, 'logits'],
    ['a third', 0.33, 'logits'],
    ['a tenth', 0.1, 'logits'],
    ['few rows, fewer than the layer is wide', 0.05, 'logits'],
    ['log-probabilities', 0.4, 'log-probs'],
    ['probabilities', 0.4, 'probs'],
    ['float16', 0.4, 'logits+float16'],
    ['six decimals', 0.4, 'logits+round:6'],
  ])('%s', async (_, share, spec) => {
    const of = coin(500, share);
    const rows = observe(mixed(of, [head(1, 500), head(2, 500)]), spec);
    const found = await look(rows, [column(of)]);
    expect(found).toMatchObject({ hiddenWidth: null, rank: null, several: { column: 'variant', models: 2 } });
    expect(found.several!.parts[0]).toEqual({
      ...{ value: 'A', model: 0, hiddenWidth: width },
      rows: of.filter((k) => k === 0).length,
    });
    expect(found.reasons.map(({ kind }) => kind)).toContain('several-models');
  });

  it('four versions of two models', async () => {
    const of = coin(600, 0.5).map((k, i) => 2 * k + (i % 2));
    const rows = mixed(of, [head(1), head(2), sliceRows(head(1, 600), 300, 600), head(3)]);
    const { several } = await look(rows, [column(of, ['1.0', '2.0', '1.1', '3.0'], 'version')]);
    expect(several!.models).toBe(3);
    const models = new Map(several!.parts.map(({ value, model }) => [value, model]));
    expect(models.get('1.1')).toBe(models.get('1.0'));
    expect(new Set(models.values()).size).toBe(3);
  });

  it('two that together fill all directions, and a column that tells nothing before the one that does', async () => {
    const of = coin(400, 0.5);
    const rows = mixed(of, [head(1, 400, 20, 36), head(2, 400, 20, 36)]);
    const status = column(coin(400, 0.3).reverse(), ['200', '404'], 'status');
    expect(await look(rows, [status, { ...column(of), column: null }])).toMatchObject({
      hiddenWidth: null,
      several: { column: null, models: 2, parts: [{ hiddenWidth: 20 }, { hiddenWidth: 20 }] },
    });
  });
});

describe('one model', () => {
  it.each([
    ['two values', 0.5],
    ['few rows of one', 0.05],
    ['very few rows of one', 0.01],
  ])('%s: the width stays', async (_, share) => {
    const found = await look(head(1, 400), [column(coin(400, share))]);
    expect([found.hiddenWidth, found.several]).toEqual([width, undefined]);
    expect(found.reasons.map(({ kind }) => kind)).not.toContain('models-not-told');
  });

  it('features that only rows of one value switch on make no second model', async () => {
    const of = coin(600, 0.5);
    const rows = head(1, 600);
    // Rows of B have three directions more.
    const other = head(2, 600);
    const data = new Float64Array(600 * classes);
    for (let i = 0; i < 600; i++) {
      const [own, more] = [await rows.read(i, i + 1), await other.read(i % 3, (i % 3) + 1)];
      for (let j = 0; j < classes; j++) data[i * classes + j] = own[j] + (of[i] === 1 ? more[j] * (0.2 + (i % 7)) : 0);
    }
    const source: RowSource = {
      ...{ rows: 600, cols: classes, dtype: 'float64' },
      read: async (start, end) => data.slice(start * classes, end * classes),
    };
    const found = await look(source, [column(of)]);
    expect(found.several).toBeUndefined();
    expect(found.hiddenWidth).toBeGreaterThan(width);
  });

  it('whose rows are rounded otherwise with one value', async () => {
    const of = coin(500, 0.5);
    const rows = mixed(of, [observe(head(1, 500), 'logits+round:6'), observe(head(1, 500), 'logits+round:2')]);
    expect((await look(rows, [column(of)])).several).toBeUndefined();
  });

  it('many versions with few rows each: that is said', async () => {
    const of = Array.from({ length: 260 }, (_, i) => i % 20);
    const values = of.slice(0, 20).map((k) => `v${k}`);
    const found = await look(head(1, 260), [column(of, values, 'version')]);
    expect([found.hiddenWidth, found.several]).toEqual([width, undefined]);
    expect(found.reasons).toContainEqual({ kind: 'models-not-told', column: 'version', values: 20 });
    const unnamed = await look(head(1, 260), [{ column: 'weekday', values, of }]);
    expect(unnamed.reasons.map(({ kind }) => kind)).not.toContain('models-not-told');
  });
});
