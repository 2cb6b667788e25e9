import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { fingerprint } from '../../lib/leaks/index.js';
import { coded } from '../support/coded.js';
import { all, made } from '../leaks/data.js';

/** Where a row of a log stands in its file, counted from 1. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'places-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function placesOf(lines: readonly string[], ending: string) {
  const path = join(folder, `log${files++}.${ending}`);
  await writeFile(path, lines.join('\n'));
  const { rows } = await openRows(path);
  return Array.from({ length: rows.rows }, (_, i) => rows.about?.place?.(i));
}
const at = (unit: string, ...numbers: number[]): unknown[] => numbers.map((number) => ({ unit, number }));

const labelled = (p: number): string =>
  JSON.stringify({ label: 'cat', score: p }) + ',' + JSON.stringify({ label: 'dog', score: 1 - p });

describe('the place of a row', () => {
  it.each<[string, string[], string, unknown[]]>([
    [
      'a table with messages',
      ['id,a,b', '1,0.5,0.5', 'GET /', '', '2,0.25,0.75', '3,0.5,0.5'],
      'csv',
      at('line', 2, 5, 6),
    ],
    ['a cell over two lines', ['id,a,b', '"1\n2",0.5,0.5', '2,0.25,0.75'], 'csv', at('line', 2, 4)],
    ['JSON Lines', ['{"msg":"up"}', '', '[0.5,0.5]', '[0.25,0.75]'], 'jsonl', at('line', 3, 4)],
    ['labels', ['{"msg":"up"}', ...[0.5, 0.25, 0.125].map((p) => `[${labelled(p)}]`)], 'jsonl', at('line', 2, 3, 4)],
    ['text around', ['start', 'INFO [0.5, 0.5]', 'INFO [0.25, 0.75]'], 'log', at('line', 2, 3)],
    [
      'a line a class',
      ['image,class,score', ...['a', 'b', 'c'].flatMap((x, i) => [`${x},cat,0.${i + 1}`, `${x},dog,0.${9 - i - 1}`])],
      'csv',
      at('line', 2, 4, 6),
    ],
    [
      'the best with their classes',
      [
        'c1,c2,p1,p2',
        'cat,dog,0.6,0.3',
        'x',
        'dog,fox,0.7,0.2',
        'fox,cat,0.5,0.4',
        'cat,fox,0.8,0.1',
        'dog,cat,0.6,0.2',
        'cat,dog,0.9,0.05',
      ],
      'csv',
      at('line', 2, 4, 5, 6, 7, 8),
    ],
    ['one document', ['[[0.5,0.5],[0.25,0.75]]'], 'json', [undefined, undefined]],
  ])('%s', async (_, lines, ending, expected) => {
    expect(await placesOf(lines, ending)).toEqual(expected);
  });

  it('says which file of a folder, and goes with a slice', async () => {
    const month = await mkdtemp(join(folder, 'parts-'));
    await writeFile(join(month, 'a.csv'), 'a,b\n0.5,0.5\n0.25,0.75\n');
    await writeFile(join(month, 'b.csv'), 'a,b\n0.5,0.5\n0.25,0.75\n');
    const { rows } = await openRows(`${month}[1:4]`);
    expect([0, 1, 2].map((i) => rows.about?.place?.(i))).toEqual([
      { unit: 'line', number: 3, file: 'a.csv' },
      { unit: 'line', number: 2, file: 'b.csv' },
      { unit: 'line', number: 3, file: 'b.csv' },
    ]);
  });

  it('is named where a row is refused, and where it alone carries a direction', async () => {
    const [n, classes] = [60, 12];
    const flat = await all(made('silu', n, 6, classes).logits);
    const lines = Array.from({ length: n }, (_, i) => flat.subarray(i * classes, (i + 1) * classes).join());
    const head = Array.from({ length: classes }, (_, j) => `c${j}`).join();
    const path = join(folder, 'carried.csv');
    lines[40] = Array.from({ length: classes }, (_, j) => (j % 5) + 0.5).join();
    await writeFile(path, [head, 'hello', ...lines].join('\n'));
    const { carried } = await fingerprint((await openRows(path)).rows, { features: false });
    expect(carried).toMatchObject({ rows: [40], places: [{ unit: 'line', number: 43 }] });
    const shares = lines.map((_, i) => (i === 7 ? '0.5,0.25' : `0.${i + 10},0.${90 - i}`));
    await writeFile(path, ['a,b', ...shares].join('\n'));
    await expect(openRows(path).then(({ rows }) => fingerprint(rows))).rejects.toMatchObject(
      coded('not-outputs', 'line', 9),
    );
  });
});
