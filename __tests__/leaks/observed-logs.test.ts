import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenOf, observe, observeAs } from '../../lib/leaks/index.js';
import { openRows, type NotedRows } from '../../lib/logs/index.js';
import type { RowSource } from '../../lib/tensor/index.js';
import { coded } from '../support/coded.js';
import { all } from './data.js';

/** Logs are shown as an interface would show them, and still know what they list. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'observed-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
type Listed = readonly (readonly [label: number, score: number])[];
async function logOf(rows: readonly Listed[]): Promise<NotedRows> {
  const path = join(folder, `log${files++}.jsonl`);
  const lines = rows.map((row) => JSON.stringify(row.map(([label, score]) => ({ label: `${label}`, score }))));
  await writeFile(path, lines.join('\n'));
  return openRows(path);
}

const listOf = ({ about }: RowSource, row: number): number[] => Array.from(about!.listed!(row));
const shownOf = async (rows: RowSource, row: number): Promise<number[]> =>
  Array.from((await all(rows)).subarray(row * rows.cols, (row + 1) * rows.cols));

/** The best three of six classes, the best first; where two are tied in either order. */
const top3: Listed[] = [
  [
    [5, 0.6],
    [2, 0.2],
    [0, 0.1],
  ],
  [
    [4, 0.3],
    [1, 0.3],
    [3, 0.2],
  ],
  [
    [1, 0.4],
    [4, 0.4],
    [3, 0.1],
  ],
  [
    [3, 0.5],
    [0, 0.2],
    [5, 0.2],
  ],
];

test.each<[string, number[][], number[], number | undefined]>([
  [
    'round:1',
    [
      [5, 2, 0],
      [4, 1, 3],
    ],
    [0, 0.3, 0, 0.2, 0.3, 0],
    3,
  ],
  [
    'topk:2',
    [
      [5, 2],
      [4, 1],
    ],
    [0, 0.3, 0, 0, 0.3, 0],
    2,
  ],
  ['topk:1+round:1', [[5], [4]], [0, 0, 0, 0, 0.3, 0], 1],
  [
    'topk:4',
    [
      [5, 2, 0],
      [4, 1, 3],
    ],
    [0, 0.3, 0, 0.2, 0.3, 0],
    3,
  ],
  [
    'float16',
    [
      [5, 2, 0],
      [4, 1, 3],
    ],
    [0, 0.3, 0, 0.2, 0.3, 0],
    3,
  ],
])('%s of the best classes leaves hidden what is hidden', async (spec, lists, second, shown) => {
  const { rows } = await logOf(top3);
  const seen = observeAs(rows, spec, await givenOf(rows));
  expect([listOf(seen, 0), listOf(seen, 1)]).toEqual(lists);
  (await shownOf(seen, 1)).forEach((value, j) => expect(value).toBeCloseTo(second[j], 3));
  expect(seen.about).toMatchObject({ cut: { shown, unit: null }, ranked: true });
  expect(seen.about!.place!(2)).toEqual({ unit: 'line', number: 3 });
});

test('a label is that of the class that is listed first, and nothing is hidden then', async () => {
  const { rows } = await logOf(top3);
  const seen = observeAs(rows, 'label', await givenOf(rows));
  expect(await shownOf(seen, 1)).toEqual([0, 0, 0, 0, 1, 0]);
  expect(await shownOf(seen, 2)).toEqual([0, 1, 0, 0, 0, 0]);
  expect(Object.keys(seen.about!)).toEqual(['place']);
});

test('hidden logits are the least that is shown', async () => {
  const { rows } = await logOf([
    [
      [3, 2.5],
      [1, 1.25],
      [0, -1],
    ],
    [
      [2, 4],
      [4, 1],
      [0, -2],
    ],
  ]);
  expect(await givenOf(rows)).toBe('logits');
  expect(await shownOf(observe(rows, 'topk:2'), 0)).toEqual([1.25, 1.25, 1.25, 2.5, 1.25]);
  expect(await shownOf(observe(rows, 'temperature:2'), 0)).toEqual([-0.5, 0.625, -0.5, 1.25, -0.5]);
});

test('what takes all classes of a row is refused of the best alone', async () => {
  const { rows } = await logOf(top3);
  for (const spec of ['probs', 'log-probs+round:2', 'temperature:2+probs+topk:1']) {
    expect(() => observe(rows, spec)).toThrow(coded('hidden', 3));
  }
});

test('of all classes, sorted, the order of the log decides where numbers are tied', async () => {
  const { rows } = await logOf([
    [
      [2, 0.4],
      [1, 0.4],
      [0, 0.2],
    ],
    [
      [0, 0.4],
      [2, 0.4],
      [1, 0.2],
    ],
    [
      [1, 0.5],
      [0, 0.3],
      [2, 0.2],
    ],
  ]);
  const given = await givenOf(rows);
  expect(given).toBe('probs');
  const seen = observeAs(rows, 'topk:1', given);
  expect(await shownOf(seen, 0)).toEqual([0, 0, 0.4]);
  expect([listOf(seen, 0), seen.about?.cut]).toEqual([[2], { shown: 1, unit: null }]);
});

test.each<[string, number[][], 'logits' | 'probs']>([
  [
    'probabilities',
    [
      [0.7, 0.3],
      [0.25, 0.75],
    ],
    'probs',
  ],
  [
    'percentages',
    [
      [70, 30],
      [25, 75],
    ],
    'probs',
  ],
  [
    'logits above 0',
    [
      [3, 2],
      [1, 2],
    ],
    'logits',
  ],
  [
    'logits of which one row sums to 1',
    [
      [0.5, 0.5],
      [1, 2],
    ],
    'logits',
  ],
  [
    'log-probabilities',
    [
      [-0.7, -0.7],
      [-1, -0.46],
    ],
    'logits',
  ],
])('%s are told', async (_, rows, given) => {
  const source: RowSource = {
    ...{ rows: rows.length, cols: 2, dtype: 'float64' as const },
    read: (start, end) => Promise.resolve(Float64Array.from(rows.slice(start, end).flat())),
  };
  expect(await givenOf(source)).toBe(given);
  if (given === 'probs') {
    expect(() => observeAs(source, 'probs+round:2', given)).toThrow(coded('mismatch', 'probs'));
    expect(await all(observeAs(source, 'topk:1', given))).toEqual(
      Float64Array.from(rows.flatMap((row) => row.map((value) => (value === Math.max(...row) ? value : 0)))),
    );
  }
});
