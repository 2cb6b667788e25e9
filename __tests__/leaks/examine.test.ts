import { describe, expect, it } from '@jest/globals';
import { examineOutputs } from '../../lib/leaks/examine.js';
import { observe } from '../../lib/leaks/index.js';
import { toRowSource } from '../../lib/tensor/index.js';
import { outputSpace, whiten } from '../../lib/leaks/whiten.js';
import { applyLinearMap } from '../../lib/fit/index.js';
import { all, made } from './data.js';
import { coded } from '../support/coded.js';

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

describe('rows of two units in one log', () => {
  const c = 6;
  const softmax = (i: number): number[] => {
    const powers = Array.from({ length: c }, (_, j) => Math.exp(2 * Math.sin(1 + i * 7.3 + j * (3.1 + (i % 5)))));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((value) => value / sum);
  };
  const hundred = (row: number[]): number[] => row.map((value) => 100 * value);
  const logits = (row: number[]): number[] => row.map((value) => Math.log(value) + 0.5);
  const top = (row: number[]): number[] => row.map((value) => (value > [...row].sort((a, b) => b - a)[3] ? value : 0));
  const log = (turns: ((row: number[]) => number[])[]) =>
    examineOutputs(toRowSource(turns.map((turn, i) => turn(softmax(i)))));
  const same = (row: number[]): number[] => row;
  const parts = (n: number, m: number, first: (row: number[]) => number[], second: (row: number[]) => number[]) =>
    Array.from({ length: n + m }, (_, i) => (i < n ? first : second));

  it.each<[string, ((row: number[]) => number[])[], RegExp | Error]>([
    ['half fractions, half percentages', parts(30, 30, same, hundred), coded('not-outputs', 30, 1, 30, 100, 30, 59)],
    ['mostly fractions', parts(50, 10, same, hundred), coded('not-outputs', 50, 1, 10, 100, 50, 59)],
    ['mostly percentages', parts(10, 50, same, hundred), coded('not-outputs', 50, 100, 10, 1, 0, 9)],
    ['one row of another', parts(59, 1, same, hundred), coded('not-outputs', 59, 1, 1, 100, 59)],
    [
      'by turns',
      Array.from({ length: 60 }, (_, i) => (i % 2 ? hundred : same)),
      /0, 2, 4, 6, 8, 10, …|1, 3, 5, 7, 9, 11, …/,
    ],
    [
      'the top of each',
      parts(
        30,
        30,
        (row) => top(row),
        (row) => hundred(top(row)),
      ),
      coded('not-outputs', 'sum'),
    ],
    ['probabilities and logits', parts(30, 30, same, logits), coded('not-outputs', 30, 30, 'negative')],
    ['percentages and logits', parts(20, 40, hundred, logits), coded('not-outputs', 40, 'negative', 20, 100, 0, 19)],
  ])('are told: %s', async (_, turns, message) => {
    await expect(log(turns)).rejects.toThrow(message);
  });

  it('and logs of one unit are what they were', async () => {
    expect(await log(parts(60, 0, same, same))).toMatchObject({ scale: 'probabilities' });
    expect(await log(parts(60, 0, hundred, same))).toMatchObject({ scale: 'probabilities', percent: true });
    expect(await log(parts(60, 0, logits, same))).toMatchObject({ scale: 'logits' });
    // A regression on classes: every row sums to 1, some hold numbers below 0.
    const spread = (row: number[]): number[] => row.map((value, j) => value + (j ? 0.05 : -0.05 * (c - 1)));
    expect(await log(parts(60, 0, spread, same))).toMatchObject({ rows: 60 });
  });
});
