import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openRows } from '../../lib/logs/index.js';
import { coded } from '../support/coded.js';

/** A file without outputs is called empty, whatever its name promises. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'empty-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const endings =
  'csv tsv txt log out json jsonl ndjson npy npz parquet safetensors csv.gz jsonl.gz json.zst feather xyz'.split(' ');

describe.each(endings)('.%s', (ending) => {
  it.each<[string, string]>([
    ['zero', ''],
    ['space', ' \n\t\n\r\n'],
    ['mark', '\uFEFF\n'],
  ])('%s', async (name, content) => {
    const path = await written(`${name}.${ending}`, content);
    await expect(openRows(path)).rejects.toThrow(coded('too-few-rows', `${name}.${ending}`, 'empty'));
  });
});

it.each<[string, string | Uint8Array]>([
  ['packed nothing.csv.gz', gzipSync('')],
  ['packed space.json.gz', gzipSync(' \n')],
  ['much space.csv', '\n'.repeat(2 ** 17)],
  ['comment.csv', '# made by export.py\n# at 12:00\n'],
  ['list.json', '[]'],
  ['object.json', '{}'],
  ['lists.json', '[[], []]'],
  ['answers.json', '{"predictions": []}\n'],
  ['lines.jsonl', '{"predictions": []}\n{"predictions": []}\n'],
])('%s', async (name, content) => {
  await expect(openRows(await written(name, content))).rejects.toThrow(coded('too-few-rows', name, 'empty'));
});

it.each<[string, string | Uint8Array, string]>([
  ['header.csv', 'id,label,cat,dog\n', 'dog'],
  ['header.tsv', 'id\tcat\tdog\n', 'dog'],
  ['no end.txt', 'id;cat;dog', 'dog'],
  ['blank lines.csv', 'cat,dog\n\n \n\n', 'dog'],
  ['labels.csv', 'id,label,score\n', 'score'],
  ['packed.csv.gz', gzipSync('cat,dog\n'), 'dog'],
  ['an answer.csv', 'upstream timed out', 'upstream'],
])('a first line alone: %s', async (name, content, named) => {
  await expect(openRows(await written(name, content))).rejects.toThrow(coded('too-few-rows', name, named));
});

it('a part of a folder is named', async () => {
  await mkdir(join(folder, 'parts'));
  await written('parts/part-0.csv', 'a,b\n1.5,2.5\n0.25,3.5\n2.5,0.5\n');
  await written('parts/part-1.csv', '');
  await expect(openRows(join(folder, 'parts'))).rejects.toThrow(coded('too-few-rows', 'part-1.csv', 'empty'));
});

it('empty answers among others are left out and counted', async () => {
  const path = await written('some.jsonl', '{"scores": []}\n{"scores": [1.5, 2.5]}\n{"scores": [0.5, 3.5]}\n');
  const { rows, notes } = await openRows(path);
  expect([rows.rows, notes.map(({ kind }) => kind)]).toEqual([2, expect.arrayContaining(['records-without-numbers'])]);
});
