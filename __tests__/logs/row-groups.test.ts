import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows, type NotedRows } from '../../lib/logs/index.js';
import { numbers } from '../leaks/data.js';

/** Columns of few values that may say which model answered, in logs of any shape. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'groups-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function opened(text: string, ending: string): Promise<NotedRows> {
  const path = join(folder, `log${files++}.${ending}`);
  await writeFile(path, text);
  return openRows(path);
}

const { normal } = numbers(4);
const names = ['tench', 'shark', 'gecko', 'ostrich', 'jay', 'newt'];
const shares = Array.from({ length: 40 }, () => {
  const powers = names.map(() => Math.exp(normal()));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => value / sum);
});
const version = (i: number): string => (i % 3 === 0 ? 'v2' : 'v1');
const of = shares.map((_, i) => (i % 3 === 0 ? 0 : 1));
const dict = (row: number[]): object => Object.fromEntries(row.map((value, j) => [names[j], value]));
const list = (row: number[]): object[] => row.map((score, j) => ({ label: names[j], score }));
const json = (record: (row: number[], i: number) => object): string =>
  shares.map((row, i) => JSON.stringify(record(row, i))).join('\n');
const cell = (value: object): string => `"${JSON.stringify(value).replaceAll('"', '""')}"`;

describe('the column of the version is found', () => {
  const logs: [string, string, string, string][] = [
    [
      'CSV, text',
      'csv',
      'model_version',
      [`id,model_version,${names.join()}`, ...shares.map((row, i) => [i, version(i), ...row].join())].join('\n'),
    ],
    [
      'CSV, whole numbers',
      'csv',
      'arm',
      [`arm,${names.join()}`, ...shares.map((row, i) => [i % 3 === 0 ? 7 : 9, ...row].join())].join('\n'),
    ],
    [
      'CSV, the best classes',
      'csv',
      'variant',
      [
        'variant,label_1,score_1,label_2,score_2',
        ...shares.map((row, i) => {
          const [a, b] = row.map((score, j) => ({ score, name: names[j] })).sort((x, y) => y.score - x.score);
          return [version(i), a.name, a.score, b.name, b.score].join();
        }),
      ].join('\n'),
    ],
    [
      'a line a class',
      'csv',
      'version',
      [
        'image,version,class,score',
        ...shares.flatMap((row, i) => row.map((score, j) => [`${i}.jpg`, version(i), names[j], score].join())),
      ].join('\n'),
    ],
    [
      'JSON in a cell',
      'csv',
      'variant',
      ['variant,response', ...shares.map((row, i) => `${version(i)},${cell(dict(row))}`)].join('\n'),
    ],
    ['JSON, dicts', 'jsonl', 'version', json((row, i) => ({ version: version(i), probs: dict(row) }))],
    ['JSON, nested', 'jsonl', 'model.revision', json((row, i) => ({ model: { revision: version(i) }, probs: row }))],
    ['JSON, labels', 'jsonl', 'arm', json((row, i) => ({ arm: version(i), predictions: list(row) }))],
    [
      'JSON in JSON',
      'jsonl',
      'message.version',
      json((row, i) => ({ message: JSON.stringify({ version: version(i), probabilities: row }) })),
    ],
    [
      'behind a time',
      'log',
      'endpoint',
      shares.map((row, i) => `2026-01-01 INFO ${JSON.stringify({ endpoint: version(i), scores: row })}`).join('\n'),
    ],
  ];
  for (const [shape, ending, column, text] of logs) {
    it(shape, async () => {
      const { groups, rows } = await opened(text, ending);
      expect(rows.rows).toBe(shares.length);
      const [first] = groups!;
      expect([first.column, first.ofModels]).toEqual([column, true]);
      expect(first.of).toEqual(of);
      expect(first.values).toHaveLength(2);
    });
  }
});

it('answers and columns of many values are no groups; files of a folder are', async () => {
  const header = `label,latency,weekday,${names.join()}`;
  const lines = shares.map((row, i) => [names[i % 6], `t${i}`, ['Mon', 'Tue'][i % 2], ...row].join());
  const { groups } = await opened([header, ...lines].join('\n'), 'csv');
  expect(groups!.map(({ column }) => column)).toEqual(['weekday']);
  await mkdir(join(folder, 'parts'));
  const part = (name: string, from: number, value: string): Promise<void> =>
    writeFile(
      join(folder, 'parts', name),
      [`version,${names.join()}`, ...shares.slice(from, from + 20).map((row) => [value, ...row].join())].join('\n'),
    );
  await part('a.csv', 0, 'v1');
  await part('b.csv', 20, 'v2');
  const parts = await openRows(join(folder, 'parts'));
  expect(parts.groups!.map(({ column, values }) => [column, values])).toEqual([
    ['version', ['v1', 'v2']],
    [null, ['a.csv', 'b.csv']],
  ]);
});
