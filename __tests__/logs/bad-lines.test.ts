import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { numbers } from '../leaks/data.js';
import { coded } from '../support/coded.js';

/** Lines of a log that cannot be read are refused, or left out and counted. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-'));
});
afterAll(() => rm(folder, { recursive: true }));

const [rows, classes] = [60, 6];
const { normal } = numbers(21);
const shares = Array.from({ length: rows }, () => {
  const powers = Array.from({ length: classes }, () => Math.exp(normal()));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => Number((value / sum).toFixed(6)));
});

const head = `id,ms,${shares[0].map((_, j) => `p${j}`).join()}`;
const csv = [head, ...shares.map((row, i) => `r-${i},${3 + (i % 7) / 8},${row.join()}`)];
const jsonl = shares.map((row, i) => JSON.stringify({ id: `r-${i}`, scores: row }));
const labels = shares.map((row) => JSON.stringify(row.map((score, j) => ({ label: `c${j}`, score }))));
const lines = shares.map((row, i) => `INFO req=r-${i} body=${JSON.stringify({ scores: row })}`);
const long = ['image,class,score', ...shares.flatMap((row, i) => row.map((score, j) => `r-${i},c${j},${score}`))];
const arrays = ['id,scores', ...shares.map((row, i) => `r-${i},"[${row.join(', ')}]"`)];

const halved = (line: string): string => line.slice(0, line.length - 14);
const without = (line: string): string => line.replace(/0\.\d+/, 'NaN');

let files = 0;
async function written(log: readonly string[], ending: string, end = '\n'): Promise<string> {
  const path = join(folder, `log${files++}.${ending}`);
  await writeFile(path, log.join('\n') + end);
  return path;
}
const with2 = (log: readonly string[], damage: (line: string) => string): string[] =>
  log.map((line, i) => (i === 9 || i === 40 ? damage(line) : line));

describe('bad lines', () => {
  it.each<[string, readonly string[], string, (line: string) => string]>([
    ['lines of a table that are cut', csv, 'csv', (line) => line.split(',').slice(0, 5).join()],
    ['lines with a cell more', csv, 'csv', (line) => `${line},0.5`],
    ['NaN in a table', csv, 'csv', (line) => line.replace(/,0\.\d+/, ',NaN')],
    ['an infinity in a table', csv, 'csv', (line) => line.replace(/,0\.\d+/, ',inf')],
    ['shorter arrays in cells', arrays, 'csv', (line) => line.replace(/, [\d.]+\]/, ']')],
    ['JSON that is cut', jsonl, 'jsonl', halved],
    ['a text among JSON', jsonl, 'jsonl', () => 'Traceback (most recent call last):'],
    ['labels that are cut', labels, 'jsonl', halved],
    ['null among numbers', jsonl, 'jsonl', (line) => without(line)],
    ['shorter arrays', jsonl, 'jsonl', (line) => line.replace(/,[\d.]+\]/, ']')],
    ['lines of text that are cut', lines, 'log', halved],
  ])('%s', async (_, log, ending, damage) => {
    const path = await written(with2(log, damage), ending);
    await expect(openRows(path)).rejects.toMatchObject({ name: 'FeatReconstructError' });
    const { rows: found, notes } = await openRows(path, 'logits', { skipBadLines: true });
    expect([found.rows, found.cols]).toEqual([rows - 2, classes]);
    expect(notes).toContainEqual({ kind: 'bad-lines', lines: [10, 41] });
    const at = head === log[0] || arrays === log ? 1 : 0;
    expect(Array.from(await found.read(0, found.rows))).toEqual(
      shares.filter((_row, i) => i !== 9 - at && i !== 40 - at).flat(),
    );
  });

  it('leaves out an image that lacks a score in one of its lines', async () => {
    const path = await written(with2(long, without), 'csv');
    await expect(openRows(path)).rejects.toMatchObject(coded('bad-input', 10));
    const { rows: found, notes } = await openRows(path, 'logits', { skipBadLines: true });
    expect(found.rows).toBe(rows - 2);
    expect(notes).toContainEqual({ kind: 'bad-lines', lines: [10, 41] });
  });

  it('names the lines, and the option where there is one', async () => {
    const path = await written(
      with2(csv, (line) => `${line},0.5`),
      'csv',
    );
    await expect(openRows(path, 'logits', { skipBadLines: false })).rejects.toMatchObject(
      coded('damaged', 9, 10, 9, 41, 'skipBadLines'),
    );
    await expect(openRows(path)).rejects.not.toMatchObject(coded('damaged', 'skipBadLines'));
  });

  it.each<[string, readonly string[], string]>([
    ['a table', csv, 'csv'],
    ['JSON Lines', jsonl, 'jsonl'],
    ['lines of text', lines, 'log'],
  ])('says that %s is cut short', async (_, log, ending) => {
    const path = await written([...log.slice(0, -1), log[log.length - 1].slice(0, 30)], ending, '');
    await expect(openRows(path)).rejects.toMatchObject(coded('damaged', log.length));
    const { rows: found, notes } = await openRows(path, 'logits', { skipBadLines: true });
    expect(found.rows).toBe(rows - 1);
    expect(notes).toContainEqual({ kind: 'bad-lines', lines: [log.length], cutShort: true });
  });

  it('refuses where more than a tenth is bad', async () => {
    const damaged = jsonl.map((line, i) => (i % 8 === 3 ? halved(line) : line));
    const path = await written(damaged, 'jsonl');
    await expect(openRows(path, 'logits', { skipBadLines: true })).rejects.toMatchObject(coded('damaged', 8, 60));
  });

  it('counts those of all files of a folder, and keeps ids and lines beside the rows that stay', async () => {
    const month = await mkdtemp(join(folder, 'parts-'));
    const damaged = with2(csv, (line) => line.replace(/,0\.\d+/, ',NaN'));
    await writeFile(join(month, 'a.csv'), damaged.join('\n'));
    await writeFile(join(month, 'b.csv'), csv.join('\n'));
    const { rows: found, notes, ids } = await openRows(month, 'logits', { skipBadLines: true });
    expect(notes).toContainEqual({ kind: 'bad-lines', lines: [10, 41], files: [{ file: 'a.csv', many: 2 }] });
    expect(ids?.[0].of.slice(7, 9)).toEqual(['r-7', 'r-9']);
    expect(found.about?.place?.(8)).toEqual({ unit: 'line', number: 11, file: 'a.csv' });
  });
});
