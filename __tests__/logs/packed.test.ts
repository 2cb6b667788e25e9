import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openRows } from '../../lib/logs/index.js';
import { all } from '../leaks/data.js';
import { coded } from '../support/coded.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function valuesOf(name: string, content: Uint8Array): Promise<number[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  return Array.from(await all((await openRows(path)).rows));
}

/** As in the packed text, which pyarrow compressed. */
const rows = Array.from({ length: 24 }, (_, i) => [((i * 7) % 5) - 1.5, ((i * 3) % 4) * 0.5 - 0.75]);
const text = `a,b\n${rows.map((row) => row.join()).join('\n')}\n`;
const zstd = Buffer.from(
  'KLUv/QBIzQIAEgQKDMAlB/57eszc1IDgHnFH9erVqy+D4o4Kj4o7htf4Y3iMPyq8oAQBBBUAIAswAIar6jAwCOAAhquKM5AFGADZVcUZGEJVAmgA8FVFQqlygLClSKPalB4=',
  'base64',
);

describe('a packed log', () => {
  it.each([
    ['log.csv.zst', zstd],
    ['log', zstd],
    ['log.gz', gzipSync(text)],
    ['gzipped', gzipSync(text)],
    ['plain', Buffer.from(text)],
    ['log.jsonl.gz', gzipSync(rows.map((row) => JSON.stringify({ logits: row })).join('\n'))],
    ['lines', Buffer.from(rows.map((row) => JSON.stringify({ logits: row })).join('\n'))],
  ])('is unpacked, whatever it is called: %s', async (name, content) => {
    expect(await valuesOf(name, content)).toEqual(rows.flat());
  });

  it.each([
    ['zstd cut short', zstd.subarray(0, zstd.length - 20), coded('damaged')],
    ['zstd of another window', Buffer.concat([zstd.subarray(0, 5), Buffer.alloc(40, 0xff)]), coded('damaged')],
    ['gzip cut short', gzipSync(text).subarray(0, 60), coded('damaged')],
    ['bzip2', Buffer.from('BZh91AY&SY'), 'bunzip2'],
    ['Feather', Buffer.from('ARROW1\0\0and more'), 'read_feather(FILE).to_parquet(OUT)'],
    ['Arrow stream', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x78, 0, 0, 0]), 'open_stream(FILE)'],
  ])('is refused by name: %s', async (name, content, says) => {
    await expect(valuesOf(name, content)).rejects.toThrow(says);
  });
});

describe('Parquet', () => {
  const file = new URL('../fixtures/logs/parquet.json', import.meta.url);
  const cases = JSON.parse(readFileSync(file, 'utf8')) as { name: string; file: string; values: string }[];

  it.each(cases.map((each) => [each.name, each] as const))('is read as pyarrow reads it: %s', async (_, each) => {
    const expected = new Float64Array(new Uint8Array(Buffer.from(each.values, 'base64')).buffer);
    const found = await valuesOf('x.parquet', Buffer.from(each.file, 'base64'));
    expect(found).toEqual(Array.from(expected));
  });
});
