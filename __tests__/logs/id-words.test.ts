import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLabels, openRows, pairRows, type NotedRows } from '../../lib/logs/index.js';
import { numbers } from '../leaks/data.js';

/** Ids that stand beside outputs in the lines of a log, with a name or without one, pair the rows of two logs. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ids-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Line = (id: number, scores: readonly number[], i: number) => string;

const { normal } = numbers(21);
const scoresOf = (): number[] => Array.from({ length: 5 }, () => Number((2 * normal()).toFixed(4)));
const json = (scores: readonly number[]): string => JSON.stringify({ scores });
const clock = (i: number): string => `2026-10-01T12:${String(i % 60).padStart(2, '0')}:07Z`;

let files = 0;
async function logOf(ending: string, line: Line, ids: readonly number[]): Promise<NotedRows> {
  const path = join(folder, `log${files++}.${ending}`);
  await writeFile(path, `${ids.map((id, i) => line(id, scoresOf(), i)).join('\n')}\n`);
  return openRows(path);
}

/** 30 requests, and 30 of which the last 20 of those are the first, in another order. */
const ours = Array.from({ length: 30 }, (_, i) => 7 * i + 100);
const theirs = [...ours.slice(10).reverse(), ...Array.from({ length: 10 }, (_, i) => 1001 + i)];

async function paired(ending: string, line: Line, other = { ending, line }): Promise<[string, string | undefined]> {
  const found = await pairRows(await logOf(ending, line, ours), await logOf(other.ending, other.line, theirs));
  expect(found.paired?.pairs.map((rows) => Array.from(rows))).toEqual([
    expect.arrayContaining(Array.from({ length: 20 }, (_, i) => i + 10)),
    expect.arrayContaining(Array.from({ length: 20 }, (_, i) => i)),
  ]);
  const [a, b] = found.paired!.pairs;
  a.forEach((row, k) => expect(ours[row]).toBe(theirs[b[k]]));
  return [found.paired!.column, found.paired!.otherColumn];
}

it.each<[string, string, Line, string]>([
  ['before JSON', 'jsonl', (id, z) => `req-${id} ${json(z)}`, 'word 1'],
  ['before JSON in a text', 'txt', (id, z) => `req-${id} ${json(z)}`, 'word 1'],
  ['behind a time and a level', 'log', (id, z, i) => `${clock(i)} INFO req-${id} ${json(z)}`, 'word 3'],
  ['in brackets', 'log', (id, z, i) => `[${clock(i)}] [req-${id}] ${json(z)}`, 'word 2'],
  ['in brackets at the start', 'jsonl', (id, z) => `[req-${id}] ${json(z)}`, 'word 1'],
  ['of hexadecimal digits', 'log', (id, z) => `${(id * 7919).toString(16)}a-b0c4 predict ${json(z)}`, 'word 1'],
  ['of two numbers', 'jsonl', (id, z) => `${id}-0 ${json(z)}`, 'word 1'],
  ['behind the word for it', 'log', (id, z) => `INFO request ${id} answered: ${json(z)}`, 'request'],
  ['behind a name and a colon', 'log', (id, z) => `INFO request_id: ${id} scores: ${JSON.stringify(z)}`, 'request_id'],
  ['behind a colon without space', 'jsonl', (id, z) => `id:${id} ${json(z)}`, 'id'],
  ['behind =', 'jsonl', (id, z) => `id=${id} ${json(z)}`, 'id'],
  ['a path before an array', 'txt', (id, z) => `/data/p${id}.jpg: ${JSON.stringify(z)}`, 'word -1'],
  ['a photograph before an array', 'log', (id, z) => `p${id}.jpg ${JSON.stringify(z)}`, 'word 1'],
  [
    'in an address, among numbers that differ too',
    'log',
    (id, z, i) => `10.0.0.${i} POST /predict/img-${id}.png 200 ${(id / 7).toFixed(2)}ms ${json(z)}`,
    'word 3',
  ],
  [
    'behind more words or fewer',
    'log',
    (id, z, i) => `${i % 2 ? 'INFO' : 'WARN slow'} req-${id} ${json(z)}`,
    'word -1',
  ],
  ['in a table without names', 'csv', (id, z) => `req-${id},${z.join()}`, 'column 1'],
])('%s', async (_, ending, line, column) => {
  expect(await paired(ending, line)).toEqual([column, undefined]);
});

it('two logs that have it in other places', async () => {
  const early: Line = (id, z) => `req-${id} ${json(z)}`;
  const late: Line = (id, z, i) => `${clock(i)} INFO predict req-${id} ${json(z)}`;
  expect((await paired('log', early, { ending: 'log', line: late }))[0]).toMatch(/^word /);
});

it('a log of labels, too', async () => {
  const path = join(folder, 'labels.jsonl');
  await writeFile(path, ours.map((id) => `req-${id} {"label": "cat", "score": 0.5}`).join('\n'));
  const { ids } = (await openLabels(path))!;
  expect(ids).toEqual([{ column: 'word 1', of: ours.map((id) => `req-${id}`) }]);
});

describe('words that are no ids', () => {
  it.each<[string, Line]>([
    ['times', (_, z, i) => `${clock(i)} ${json(z)}`],
    ['times of a day and dates', (_, z, i) => `Oct 1 12:00:${10 + i} 01/Oct/2026:12:00:${10 + i} ${json(z)}`],
    ['durations, sizes and counters', (id, z) => `${id}ms ${id / 7}s ${id}KB ${id} 0.${id}% ${json(z)}`],
    ['addresses', (id, z) => `10.0.0.${id}:${4000 + id} ${json(z)}`],
    ['a few workers', (_, z, i) => `worker-${i % 4} ${json(z)}`],
    ['one version', (_, z) => `v1.2-rc3 ${json(z)}`],
    ['messages', (_, z) => `answered the request ${json(z)}`],
  ])('%s', async (_, line) => {
    expect((await logOf('log', line, ours)).ids).toBeUndefined();
  });

  it('a row that has none pairs with none', async () => {
    const some: Line = (id, z, i) => (i < 25 ? `req-${id} ${json(z)}` : `unknown ${json(z)}`);
    const [{ of }] = (await logOf('log', some, ours)).ids!;
    expect(of.map((id) => id === null)).toEqual(ours.map((_, i) => i >= 25));
  });
});

it('arrays that each bear the name of their row are outputs of one kind', async () => {
  const { rows, columns, truncated } = await logOf('txt', (id, z) => `p${id}.jpg: ${JSON.stringify(z)}`, ours);
  expect([rows.rows, rows.cols, columns?.length, truncated]).toEqual([30, 5, 5, undefined]);
  const named = await logOf('log', (_, z) => `fc1000: ${JSON.stringify(z)}`, ours);
  expect(named.ids).toBeUndefined();
});
