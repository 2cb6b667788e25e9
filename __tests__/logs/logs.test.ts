import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { alignAll, alignColumns, openRows } from '../../lib/logs/index.js';
import { fingerprint } from '../../lib/leaks/index.js';
import { denseData, readNpy } from '../../lib/tensor/index.js';
import { readPage } from '../docs/pages.js';
import { all } from '../leaks/data.js';
import { cases, classes, softmax, type LogCase } from './log-cases.js';
import { coded } from '../support/coded.js';

let folder: string;
let logits: number[][];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logs-'));
  const array = await readNpy(fileURLToPath(new URL('../fixtures/logs/logits.npy', import.meta.url)));
  const flat = Array.from(denseData(array));
  logits = Array.from({ length: 40 }, (_, i) => flat.slice(6 * i, 6 * i + 6));
});
afterAll(() => rm(folder, { recursive: true }));

async function opened(name: string, content: string | Uint8Array): ReturnType<typeof openRows> {
  const path = join(folder, name);
  await writeFile(path, content);
  return openRows(path);
}

/** The values of a log, its columns in the order of the classes where it names them. */
async function valuesOf({ rows, columns }: Awaited<ReturnType<typeof openRows>>): Promise<number[][]> {
  const flat = Array.from(await all(rows));
  const named = columns && classes.every((name) => columns.includes(name));
  const places = named ? classes.map((name) => columns.indexOf(name)) : classes.map((_, j) => j);
  return Array.from({ length: rows.rows }, (_, i) => places.map((j) => flat[rows.cols * i + j]));
}

describe('logs of services and tools', () => {
  it.each(cases.map((each) => [`${each.by}: ${each.form}`, each] as const))('%s', async (_, each) => {
    const { file, content, taken, shares } = each;
    if (typeof taken === 'object' && 'refused' in taken) {
      await expect(opened(file, content(logits))).rejects.toThrow(taken.refused);
      return;
    }
    const log = await opened(file, content(logits));
    const values = await valuesOf(log);
    expect([log.rows.rows, log.rows.cols]).toEqual([40, 6]);
    const truth = shares ? logits.map(softmax) : logits;
    if (taken === 'all') {
      expect(log.truncated).toBeUndefined();
      values.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(truth[i][j], 12)));
      expect((await fingerprint(log.rows, { features: false })).hiddenWidth).toBe(3);
      await log.close();
      return;
    }
    expect(log.truncated).toBe(true);
    expect(log.notes[0]).toMatchObject({ kind: 'best-classes', classes: 6 });
    values.forEach((row, i) => {
      expect(row.indexOf(Math.max(...row))).toBe(logits[i].indexOf(Math.max(...logits[i])));
      const shown = row.filter((value) => value !== 0);
      const [least, most] = typeof taken.best === 'number' ? [taken.best, taken.best] : taken.best;
      expect(shown.length).toBeGreaterThanOrEqual(least);
      expect(shown.length).toBeLessThanOrEqual(most);
      if (shares) row.forEach((value, j) => value !== 0 && expect(value).toBeCloseTo(truth[i][j], 12));
    });
    const { hiddenWidth, reasons } = await fingerprint(log.rows, { features: false });
    expect(hiddenWidth).toBeNull();
    expect(reasons.map((reason) => reason.kind)).toContain('width-not-shown');
  });

  it('docs/logs.md has the table of them', () => {
    const table = readPage('docs/logs.md').text.replace(/ +/g, ' ');
    expect(cases.map(lineOf).filter((line) => !table.includes(line))).toEqual([]);
  });
});

function lineOf({ by, form, taken }: LogCase): string {
  const what =
    taken === 'all' ? 'all outputs' : 'best' in taken ? 'the best, by their classes' : `no: “${taken.refused}”`;
  return `| ${by} | ${form} | ${what} |`;
}

describe('records that are not alike', () => {
  const lines = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join('\n');

  it('leaves out those without numbers, and says which', async () => {
    const log = await opened(
      'errors.jsonl',
      lines(logits.map((scores, i) => (i === 3 ? { error: 'timeout' } : { scores }))),
    );
    expect(log.rows.rows).toBe(39);
    expect(log.notes[1]).toEqual({ kind: 'records-without-numbers', records: [4] });
  });

  it('refuses arrays of different lengths, a line cut short, and what is empty', async () => {
    const ragged = lines(logits.map((row, i) => ({ scores: i === 7 ? row.slice(0, 5) : row })));
    await expect(opened('ragged.jsonl', ragged)).rejects.toThrow(coded('bad-input', '5', '8'));
    await expect(opened('cut.jsonl', lines(logits).slice(0, -20))).rejects.toThrow(coded('damaged', '40'));
    await expect(opened('empty.json', '')).rejects.toThrow(coded('too-few-rows', 'empty.json'));
    await expect(opened('none.json', '[]')).rejects.toThrow(coded('too-few-rows', 'none.json'));
    const gz = gzipSync(lines(logits));
    await expect(opened('cut.jsonl.gz', gz.subarray(0, gz.length >> 1))).rejects.toThrow(coded('damaged'));
  });

  it('leaves out the few rows that lack a class, and refuses a label that is there twice', async () => {
    const row = (values: number[], labels = classes): object[] =>
      softmax(values).map((score, j) => ({ label: labels[j], score }));
    const lacking = await opened('lacking.jsonl', lines(logits.map((z, i) => (i === 5 ? row(z).slice(1) : row(z)))));
    expect([lacking.rows.rows, lacking.truncated]).toEqual([39, undefined]);
    expect(lacking.notes[1]).toEqual({ kind: 'rows-without-classes', rows: [6] });
    expect((await valuesOf(lacking))[5][0]).toBeCloseTo(softmax(logits[6])[0], 12);
    const cranes = ['crane', 'crane', ...classes.slice(2)];
    const twice = opened('twice.jsonl', lines(logits.map((z) => row(z, cranes))));
    const read = await twice;
    expect(read.columns).toEqual(['crane', 'crane (2)', ...classes.slice(2)]);
    expect(read.notes[1]).toEqual({ kind: 'labels-twice', labels: ['crane'], mixed: false });
    // Sorted by score, it does not show which of the two is which.
    const sorted = (z: number[], k: number): object[] =>
      (row(z, cranes) as { label: string; score: number }[]).sort((a, b) => b.score - a.score).slice(0, k);
    const mixed = await opened('sorted.jsonl', lines(logits.map((z) => sorted(z, 5))));
    expect([mixed.rows.rows, mixed.rows.cols, mixed.truncated]).toEqual([40, 6, true]);
    expect(mixed.mixed).toEqual(['crane', 'crane (2)'].map((name) => mixed.columns!.indexOf(name)));
    expect(mixed.notes[1]).toEqual({ kind: 'labels-twice', labels: ['crane'], mixed: true });
    const thrice = lines(logits.map((z) => row(z, ['crane', 'crane', 'crane', ...classes.slice(3)])));
    await expect(opened('thrice.jsonl', thrice)).rejects.toThrow(coded('not-outputs', "'crane'"));
  });

  it('logs of the best classes have those of both', async () => {
    const best = (z: number[], names: string[]): object[] =>
      softmax(z)
        .map((score, j) => ({ label: names[j], score }))
        .sort((a, b) => b.score - a.score)
        .slice(0, 3);
    const one = await opened('day1.jsonl', lines(logits.slice(0, 20).map((z) => best(z, classes))));
    const names = ['other', ...classes.slice(1)];
    const other = await opened('day2.jsonl', lines(logits.slice(20).map((z) => best(z, names))));
    const [a, b] = alignAll([one, other]);
    expect(a.columns).toEqual(b.columns);
    expect(new Set(a.columns)).toEqual(new Set([...classes, 'other']));
    expect([a.rows.cols, b.rows.cols]).toEqual([7, 7]);
    expect(b.notes.at(-1)).toMatchObject({ kind: 'classes-together', classes: 7 });
    const last = Array.from(await all(b.rows)).slice(-7);
    const least = softmax(logits[39]).sort((x, y) => y - x)[2];
    names.forEach((name, j) => {
      const value = softmax(logits[39])[j];
      expect(last[b.columns!.indexOf(name)]).toBeCloseTo(value < least ? 0 : value, 12);
    });
    expect(last[b.columns!.indexOf(classes[0])]).toBe(0);
  });

  it('JSON in the cells of a CSV, and lists without end', async () => {
    const cell = (value: unknown): string => `"${JSON.stringify(value).replaceAll('"', '""')}"`;
    const dict = (row: number[]): object => Object.fromEntries(row.map((value, j) => [classes[j], value]));
    const log = await opened('cells.csv', ['id,response', ...logits.map((z, i) => `${i},${cell(dict(z))}`)].join('\n'));
    expect(await valuesOf(log)).toEqual(logits);
    expect(log.notes[0]).toEqual({ kind: 'json-column', column: 'response' });
    await expect(opened('deep.json', '['.repeat(3000) + ']'.repeat(3000))).rejects.toThrow(coded('not-outputs'));
  });

  it('a time and a level in front of each record; a line for each class', async () => {
    const log = await opened(
      'service.log',
      logits.map((row) => `2026-01-01 12:00 INFO ${JSON.stringify(row)}`).join('\n'),
    );
    expect(await valuesOf(log)).toEqual(logits);
    const long = logits.flatMap((row, i) => row.map((value, j) => `${i}.jpg,${classes[j]},${value}`));
    const byClass = await opened('long.csv', ['image,class,score', ...long].join('\n'));
    expect(await valuesOf(byClass)).toEqual(logits);
  });

  it('reads NaN as Python writes it', async () => {
    const text = logits.map((row, i) => `{"id": ${i}, "loss": NaN, "logits": [${row.join()}]}`).join('\n');
    expect((await opened('nan.jsonl', text)).rows.cols).toBe(6);
  });

  it('logits cut to the best stand above the least that is shown', async () => {
    const top = logits.map((row) =>
      classes
        .map((label, j) => ({ label, score: row[j] }))
        .sort((a, b) => b.score - a.score)
        .slice(0, 3),
    );
    const log = await opened('top-logits.jsonl', lines(top));
    expect((await fingerprint(log.rows, { features: false })).kind).toBe('truncated');
  });

  it('two logs with their labels in different orders are put in one', async () => {
    const dict = (order: readonly number[]): string =>
      lines(logits.map((row) => Object.fromEntries(order.map((j) => [classes[j], row[j]]))));
    const [a, b] = [
      await opened('a.jsonl', dict([0, 1, 2, 3, 4, 5])),
      await opened('b.jsonl', dict([5, 3, 1, 0, 2, 4])),
    ];
    expect(Array.from(await all(alignColumns(b, a).rows))).toEqual(Array.from(await all(a.rows)));
  });
});

it('a folder of parts, as Spark writes it', async () => {
  const parts = join(folder, 'parts');
  await mkdir(parts);
  await writeFile(join(parts, '_SUCCESS'), '');
  await writeFile(join(parts, '.part-00000.csv.crc'), 'crc');
  for (const k of [0, 1]) {
    const rows = logits.slice(20 * k, 20 * k + 20).map((row) => row.join());
    await writeFile(join(parts, `part-0000${k}.csv`), [classes.join(), ...rows].join('\n'));
  }
  const log = await openRows(parts);
  expect(await valuesOf(log)).toEqual(logits);
  expect(log.notes[0]).toEqual({ kind: 'files', files: 2, first: 'part-00000.csv', last: 'part-00001.csv' });
  await expect(openRows(folder.replace(/$/, '/none'))).rejects.toThrow(coded('not-found'));
});

it('a top K with all of the classes is all outputs', async () => {
  const rows = logits.map((row) => {
    const order = row.map((_, j) => j).sort((a, b) => row[b] - row[a]);
    return [...order, ...order.map((j) => row[j])].join();
  });
  const header = [...classes.map((_, k) => `index_${k}`), ...classes.map((_, k) => `score_${k}`)].join();
  const log = await opened('ranked.csv', [header, ...rows].join('\n'));
  expect(await valuesOf(log)).toEqual(logits);
  expect(log.truncated).toBeUndefined();
});
