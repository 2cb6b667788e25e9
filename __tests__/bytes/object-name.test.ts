import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkPlace, makeFolder, openBytes, writeWhole } from '../../lib/bytes/index.js';
import { inFolder, isObject, objectName } from '../../lib/bytes/object-name.js';
import { coded } from '../support/coded.js';

/** How people write the address of an object: as the AWS command line does, and as other programs do. */

const before = process.cwd();
const folder = mkdtempSync(path.join(tmpdir(), 'featreconstruct-objects-'));
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['s3://bucket/x.safetensors', 'bucket', 'x.safetensors'],
  ['s3://bucket/a b/x.safetensors', 'bucket', 'a b/x.safetensors'],
  // A key is what was typed: nothing in it is decoded.
  ['s3://bucket/a%20b+c.stats', 'bucket', 'a%20b+c.stats'],
  ['s3://bucket/größe/図.stats', 'bucket', 'größe/図.stats'],
  ['s3://bucket//a/../b?c=d.stats', 'bucket', '/a/../b?c=d.stats'],
  ['S3://bucket/x', 'bucket', 'x'],
  [
    's3://arn:aws:s3:eu-central-1:123456789012:accesspoint/mine/x',
    'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine',
    'x',
  ],
])('%s', (text, bucket, key) => {
  expect(isObject(text)).toBe(true);
  expect(objectName(text)).toEqual({ bucket, key });
});

test.each(['s3://', 's3:///x.stats', 's3://bucket', 's3://bucket/', 's3://bucket/shards/'])('no object: %s', (text) => {
  expect(() => objectName(text)).toThrow(coded('usage', text));
});

/** Addresses that are none of ours, and what each is in ours where there is such a thing. */
const foreign: [found: string, meant: string][] = [
  ['s3:/bucket/x.stats', 's3://bucket/x.stats'],
  ['s3a://bucket/x.stats', 's3://bucket/x.stats'],
  ['s3n://bucket/x.stats', 's3://bucket/x.stats'],
  ['https://bucket.s3.amazonaws.com/a/x.stats', 's3://bucket/a/x.stats'],
  ['https://my.bucket.s3.eu-central-1.amazonaws.com/a%20b.stats?X-Amz-Signature=1', 's3://my.bucket/a b.stats'],
  ['https://s3.eu-central-1.amazonaws.com/bucket/x.stats', 's3://bucket/x.stats'],
  ['arn:aws:s3:::bucket/x.stats', 's3://bucket/x.stats'],
  ['gs://bucket/x.stats', ''],
  ['file:///tmp/a%20b.stats', '/tmp/a b.stats'],
  ['az://container/x.stats', ''],
  ['abfss://container@account.dfs.core.windows.net/x.stats', ''],
  ['hdfs://server/x.stats', ''],
  ['https://example.org/x.stats', ''],
];

describe('addresses of others', () => {
  test.each(foreign)('%s is told when it is read', async (found, meant) => {
    await expect(openBytes(found)).rejects.toThrow(coded('usage', found, meant));
  });

  test.each(foreign)('%s is told before it is written, and makes no folder', async (found, meant) => {
    await expect(checkPlace(found)).rejects.toThrow(coded('usage', found, meant));
    await expect(writeWhole(found, [])).rejects.toThrow(coded('usage', found, meant));
    await expect(makeFolder(found)).rejects.toThrow(coded('usage', found, meant));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('folders are made on disk only', async () => {
    await expect(makeFolder('s3://bucket/out')).rejects.toThrow(coded('usage', 's3://bucket/out'));
  });

  test('what only looks like one is a path', async () => {
    await writeWhole('s3.stats', [Buffer.from('a')]);
    await writeWhole('hf:x', [Buffer.from('b')]);
    expect(readdirSync(folder).sort()).toEqual(['hf:x', 's3.stats']);
  });
});

test('names in a folder', () => {
  expect(inFolder('s3://bucket/a b/', 'x.stats')).toBe('s3://bucket/a b/x.stats');
  expect(inFolder('a', 'x.stats')).toBe(path.join('a', 'x.stats'));
});
