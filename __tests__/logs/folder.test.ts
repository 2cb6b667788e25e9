import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';

/** What is left out of the files of a folder is counted together. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'months-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('lines without scores, of all files', async () => {
  const month = await mkdtemp(join(folder, 'lines-'));
  await writeFile(join(month, 'a.csv'), 'id,p0,p1\n1,0.5,0.5\nGET /healthz\n2,0.25,0.75\n3,0.5,0.5\n');
  await writeFile(join(month, 'b.csv'), 'id,p0,p1\n4,0.5,0.5\n5,0.125,0.875\n6,0.25,0.75\n');
  await writeFile(join(month, 'c.csv'), 'id,p0,p1\nGET /\n7,0.5,0.5\n8,0.125,0.875\n9,0.25,0.75\nGET /x\n');
  const { rows, notes } = await openRows(month);
  expect(rows.rows).toBe(9);
  expect(notes).toContainEqual({
    ...{ kind: 'lines-without-scores', lines: [3, 2, 6] },
    files: [
      { file: 'a.csv', many: 1 },
      { file: 'c.csv', many: 2 },
    ],
  });
});

it('records without numbers, and the most classes of any file', async () => {
  const month = await mkdtemp(join(folder, 'records-'));
  const best = (k: number, i: number): string =>
    JSON.stringify(Array.from({ length: k }, (_, j) => ({ label: `c${(i + j) % 9}`, score: 0.5 / (j + 1) })));
  const of = (k: number): string[] => Array.from({ length: 12 }, (_, i) => best(k, i));
  await writeFile(join(month, 'a.jsonl'), ['{"msg":"up"}', ...of(2)].join('\n'));
  await writeFile(join(month, 'b.jsonl'), [...of(3), '{"msg":"down"}', '{"msg":"off"}'].join('\n'));
  const { notes, rows } = await openRows(month);
  expect(notes).toContainEqual(expect.objectContaining({ kind: 'best-classes', shown: [2, 3], classes: 9 }));
  expect(rows.about?.cut).toEqual({ shown: 3, unit: null });
  expect(notes).toContainEqual({
    ...{ kind: 'records-without-numbers', records: [1, 13, 14] },
    files: [
      { file: 'a.jsonl', many: 1 },
      { file: 'b.jsonl', many: 2 },
    ],
  });
});
