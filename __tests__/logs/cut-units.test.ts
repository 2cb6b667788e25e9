import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { fingerprint } from '../../lib/leaks/index.js';
import { numbers } from '../leaks/data.js';

/** What the values of a log are that lists the best classes of each image alone. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cut-'));
});
afterAll(() => rm(folder, { recursive: true }));

const [rows, classes] = [120, 30];
const { normal } = numbers(3);
const logits = Array.from({ length: rows }, () => Array.from({ length: classes }, () => 3 * normal()));
const shares = logits.map((row) => {
  const sum = row.reduce((total, value) => total + Math.exp(value), 0);
  return row.map((value) => Math.exp(value) / sum);
});

let files = 0;
async function seenOf(values: number[][], written: (value: number) => number, k: (i: number) => number) {
  const path = join(folder, `best${files++}.jsonl`);
  const lines = values.map((row, i) => {
    const best = Array.from(row.keys()).sort((a, b) => row[b] - row[a]);
    return JSON.stringify(best.slice(0, k(i)).map((j) => ({ label: `class ${j}`, score: written(row[j]) })));
  });
  await writeFile(path, lines.join('\n'));
  const { rows: source } = await openRows(path);
  return (await fingerprint(source, { features: false })).outputs;
}

const three = (): number => 3;
const varied = (i: number): number => 2 + (i % 3);

describe('the unit of a log of the best classes', () => {
  it.each<[string, (value: number) => number, (i: number) => number, number]>([
    ['one decimal', (value) => Number((100 * value).toFixed(1)), three, 3],
    ['as they are', (value) => 100 * value, three, 3],
    ['whole numbers, some of them 0', (value) => Math.round(100 * value), three, 3],
    ['another number of classes each', (value) => Number((100 * value).toFixed(2)), varied, 4],
  ])('percentages, %s', async (_, written, k, topk) => {
    expect(await seenOf(shares, written, k)).toMatchObject({
      ...{ kind: 'truncated', scale: 'probabilities', percent: true, topk },
    });
  });

  it.each<[string, (i: number) => number, number]>([
    ['three', three, 3],
    ['another number of classes each', varied, 4],
  ])('fractions, %s', async (_, k, topk) => {
    const seen = await seenOf(shares, (value) => Number(value.toFixed(4)), k);
    expect(seen).toMatchObject({ kind: 'truncated', scale: 'probabilities', topk });
    expect(seen.percent).toBeUndefined();
  });

  it('is not known where logits could be percentages', async () => {
    expect(await seenOf(logits, (value) => Math.abs(value), three)).toMatchObject({ scale: 'unknown', topk: 3 });
  });

  it('is logits where numbers are negative', async () => {
    expect(
      await seenOf(
        logits.map((row) => row.map((value) => value - 4)),
        (value) => value,
        three,
      ),
    ).toMatchObject({
      ...{ scale: 'logits', topk: 3 },
    });
  });
});
