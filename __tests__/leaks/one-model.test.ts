import { describe, expect, it } from '@jest/globals';
import { fingerprint, observe, recoverFeatures, type RowParts } from '../../lib/leaks/index.js';
import { chooseRows, joinRows, sliceRows, type RowSource } from '../../lib/tensor/index.js';
import { coded } from '../support/coded.js';
import { logitsOf, madeFeatures, madeHead } from './data.js';

/** Features are those of one model: where several made the rows, a search is refused, or what does not show is said. */

const [width, classes, rows] = [12, 40, 400];
const head = (seed: number, d = width): RowSource =>
  logitsOf(madeFeatures('silu', rows, d, seed), d, madeHead(classes, d, seed + 1));
const values = (of: (i: number) => number, n: number, ofModels = true): RowParts => ({
  ...{ column: 'version', values: ['1', '2'], of: Array.from({ length: n }, (_, i) => of(i)), ofModels },
});
const options = { kind: 'sphere' } as const;
const told = (i: number): number => (i < rows ? 0 : 1);

describe('rows of two models', () => {
  const both = joinRows([head(1), head(7)]);

  it('that a column tells apart are refused before a search', async () => {
    const parts = [values(told, 2 * rows)];
    await expect(recoverFeatures(both, { ...options, parts })).rejects.toThrow(coded('no-gap', 'version', '1', rows));
  });

  it('in turns, too', async () => {
    const turns = chooseRows(
      both,
      Int32Array.from({ length: 2 * rows }, (_, i) => (i >> 1) + (i % 2) * rows),
    );
    const parts = [values((i) => i % 2, 2 * rows)];
    await expect(recoverFeatures(turns, { ...options, parts })).rejects.toThrow(coded('no-gap', 'version'));
  });

  it('that are files of several', async () => {
    const parts = [{ ...values(told, 2 * rows), column: null, values: ['a.csv', 'b.csv'] }];
    await expect(recoverFeatures(both, { ...options, parts })).rejects.toThrow(coded('no-gap', 'a.csv', 'b.csv'));
  });

  it('that fill all directions together, where no width shows', async () => {
    const wide = joinRows([head(1, 24), head(7, 24)]);
    const parts = [values(told, 2 * rows)];
    await expect(recoverFeatures(wide, { ...options, parts })).rejects.toThrow(coded('no-gap', 'version', 24));
  });

  it('one after the other, without a column: that is said', async () => {
    const [one, other] = [head(1), head(7)];
    const { report } = await recoverFeatures(joinRows([one, other]), options);
    const print = await fingerprint(joinRows([one, other]), { features: false });
    const [note] = print.reasons.filter(({ kind }) => kind === 'stacked');
    expect(note).toEqual({ kind: 'stacked', first: width, last: width, all: report.rank });
    expect(report.notes.filter((text) => text.includes(`${width} and ${width}`))).toHaveLength(1);
  });

  it('the same where they fill all directions', async () => {
    await expect(recoverFeatures(joinRows([head(1, 30), head(7, 30)]), options)).rejects.toThrow(
      coded('no-gap', 30, 30, classes),
    );
  });
});

describe('the note on models one after the other', () => {
  const stackedIn = async (source: RowSource): Promise<object[]> =>
    (await fingerprint(source, { features: false })).reasons.filter(({ kind }) => kind === 'stacked');
  const two = (share: number, spec = 'logits'): RowSource => {
    const all = observe(joinRows([head(1), head(7)]), spec);
    return sliceRows(all, Math.round(share * rows), rows + Math.round((1 - share) * rows));
  };

  it.each([
    ['half of each', two(0)],
    ['probabilities', two(0, 'probs')],
    ['six decimals', two(0, 'logits+round:6')],
  ])('%s', async (_, source) => {
    expect(await stackedIn(source)).toEqual([expect.objectContaining({ first: width, last: width })]);
  });

  it('three models, of which the first and the last are named', async () => {
    const three = joinRows([head(1, 10), head(7, 6), head(9, 8)]);
    expect(await stackedIn(three)).toEqual([expect.objectContaining({ first: 10, last: 8 })]);
  });

  it.each<[string, RowSource]>([
    ['one model', head(1)],
    ['the same model twice', joinRows([head(1), head(1)])],
    [
      'two models in turns',
      chooseRows(
        two(0),
        Int32Array.from({ length: 800 }, (_, i) => (i >> 1) + (i % 2) * rows),
      ),
    ],
    ['a few rows of another', joinRows([head(1), sliceRows(head(7), 0, 5)])],
    [
      'parts of fewer rows than they tell anything with',
      joinRows([sliceRows(head(1), 0, 24), sliceRows(head(7), 0, 24)]),
    ],
  ])('none of %s', async (_, source) => {
    expect(await stackedIn(source)).toEqual([]);
  });

  it('none of images sorted by class, which fill nearly all directions in each part', async () => {
    const source = head(1);
    const best: [row: number, place: number][] = [];
    for (let i = 0; i < rows; i++) {
      const row = Array.from(await source.read(i, i + 1));
      best.push([i, row.indexOf(Math.max(...row))]);
    }
    const sorted = best.sort(([, a], [, b]) => a - b).map(([row]) => row);
    expect(await stackedIn(chooseRows(source, Int32Array.from(sorted)))).toEqual([]);
  });
});

describe('rows of one model', () => {
  const one = joinRows([sliceRows(head(1), 0, 200), sliceRows(head(1), 200, rows)]);

  it.each<[string, RowParts[]]>([
    ['with a column of two values', [values((i) => i % 2, rows)]],
    ['with two values one after the other', [values((i) => (i < 200 ? 0 : 1), rows)]],
    ['without a column', []],
  ])('%s are searched, without a word', async (_, parts) => {
    const { report } = await recoverFeatures(one, { ...options, parts });
    expect([report.rank, report.notes]).toEqual([width, []]);
  });

  it('with too few rows of each version to tell: that is said', async () => {
    const of = Array.from({ length: rows }, (_, i) => i % 30);
    const versions = Array.from({ length: 30 }, (_, k) => `v${k}`);
    const parts = [{ column: 'version', values: versions, of, ofModels: true }];
    const { report } = await recoverFeatures(one, { ...options, parts });
    expect(report.notes.filter((text) => text.includes('version') && text.includes('30'))).toHaveLength(1);
  });
});
