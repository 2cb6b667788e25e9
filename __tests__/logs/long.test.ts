import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../../lib/base/index.js';
import { openRows } from '../../lib/logs/index.js';
import { all } from '../leaks/data.js';
import { coded } from '../support/coded.js';

/** Files with a line for each class of an image, as databases, dashboards and data frames write them. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'long-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function opened(content: string, ending = 'csv'): ReturnType<typeof openRows> {
  const path = join(folder, `log${files++}.${ending}`);
  await writeFile(path, content);
  return openRows(path);
}

const names = ['tench', 'crane, a bird', 'maillot', 'bell cote', 'orca', 'zebra', 'ant', 'cow'];
const [images, classes] = [30, names.length];
const { normal } = random(7, 1);
const logits = Array.from({ length: images }, () => Array.from({ length: classes }, () => 2 * normal()));
const shares = logits.map((row) => {
  const sum = row.reduce((total, z) => total + Math.exp(z), 0);
  return row.map((z) => Math.exp(z) / sum);
});

interface Line {
  image: number;
  rank: number;
  label: number;
  score: number;
}

/** The best k classes of each image, a line each. */
const best = (k: number, of = shares): Line[] =>
  of.flatMap((row, image) =>
    Array.from(row.keys())
      .sort((a, b) => row[b] - row[a])
      .slice(0, k)
      .map((label, place) => ({ image, rank: place + 1, label, score: row[label] })),
  );
/** All classes of each image in their order. */
const full = (of: number[][]): Line[] =>
  of.flatMap((row, image) => row.map((score, label) => ({ image, rank: label + 1, label, score })));

const id = (image: number): string => `d5e34124-5c6e-4337-15ba-${String(image).padStart(12, '0')}`;
const time = (image: number): string => `2026-11-03T08:00:${String(image % 60).padStart(2, '0')}.251Z`;
const quoted = (name: string): string => (name.includes(',') ? `"${name}"` : name);
const table = (
  header: string | null,
  lines: readonly Line[],
  cells: (line: Line) => (string | number)[],
  by = ',',
): string => [...(header === null ? [] : [header]), ...lines.map((line) => cells(line).join(by))].join('\n');
const german = (value: number, decimals = 6): string => value.toFixed(decimals).replace('.', ',');

/** Rows as they were made, and as they were read. */
async function expectBest(log: Awaited<ReturnType<typeof opened>>, k: number, digits = 5): Promise<void> {
  expect([log.rows.rows, log.truncated]).toEqual([images, true]);
  await expectValues(log, digits, (row) => [...row].sort((a, b) => b - a)[k - 1]);
}

async function expectValues(
  { rows, columns }: Awaited<ReturnType<typeof opened>>,
  digits: number,
  least: (row: number[]) => number,
  truth = shares,
): Promise<void> {
  const flat = await all(rows);
  for (let i = 0; i < images; i++) {
    for (const [label, name] of names.entries()) {
      const column = columns!.includes(name) ? columns!.indexOf(name) : columns!.indexOf(String(label));
      const value = truth[i][label] < least(truth[i]) ? 0 : truth[i][label];
      if (column < 0) expect(value).toBe(0);
      else expect(flat[i * rows.cols + column]).toBeCloseTo(value, digits);
    }
  }
}

describe('a line for each of the best classes', () => {
  const cases: [string, string][] = [
    [
      'German, with a time, a request and a rank',
      table(
        'Zeit;Anfrage;Rang;Klasse;Wert',
        best(5),
        (l) => [time(l.image), id(l.image), l.rank, names[l.label], german(l.score)],
        ';',
      ),
    ],
    [
      'English, with an image and a rank',
      table('image_id,rank,class,probability', best(5), (l) => [
        l.image,
        l.rank,
        quoted(names[l.label]),
        l.score.toFixed(6),
      ]),
    ],
    [
      'ranks from 0',
      table('file,position,label,score', best(5), (l) => [
        `${l.image}.jpg`,
        l.rank - 1,
        quoted(names[l.label]),
        l.score,
      ]),
    ],
    ['no rank', table('request_id,label,score', best(5), (l) => [id(l.image), quoted(names[l.label]), l.score])],
    [
      'no request, a rank that begins again',
      table('rank,label,score', best(5), (l) => [l.rank, quoted(names[l.label]), l.score]),
    ],
    ['the label first', table('label,score,request', best(5), (l) => [quoted(names[l.label]), l.score, id(l.image)])],
    [
      'numbers of classes beside their names, and a latency',
      table('ts,req,latency_ms,class_id,class_name,score', best(5), (l) => [
        time(l.image),
        id(l.image),
        20 + l.image / 8,
        l.label,
        quoted(names[l.label]),
        l.score,
      ]),
    ],
    ['numbers of classes alone', table('image\tclass\tconfidence', best(5), (l) => [l.image, l.label, l.score], '\t')],
    [
      'percents',
      table(
        'Bild;Rang;Bezeichnung;Wahrscheinlichkeit',
        best(5),
        (l) => [`bild ${l.image}`, l.rank, names[l.label], `${german(100 * l.score)} %`],
        ';',
      ),
    ],
    ['without a header', table(null, best(5), (l) => [id(l.image), l.rank, quoted(names[l.label]), l.score])],
    [
      'JSON Lines, a prediction a line',
      best(5)
        .map((l) => JSON.stringify({ request_id: id(l.image), rank: l.rank, label: names[l.label], score: l.score }))
        .join('\n'),
    ],
    [
      'JSON Lines, wrapped, without a rank',
      best(5)
        .map((l) =>
          JSON.stringify({
            ts: time(l.image),
            request: { id: id(l.image) },
            prediction: { class: names[l.label], confidence: l.score },
          }),
        )
        .join('\n'),
    ],
    [
      'one document of records, as pandas writes it',
      JSON.stringify(best(5).map((l) => ({ image: `${l.image}.jpg`, label: names[l.label], probability: l.score }))),
    ],
  ];
  it.each(cases)('%s', async (name, content) => {
    const ending = name.startsWith('JSON') ? 'jsonl' : name.startsWith('one document') ? 'json' : 'csv';
    const log = await opened(content, ending);
    await expectBest(log, 5);
    expect(log.notes[0]).toMatchObject({ kind: 'line-a-class', images });
  });

  it('lists of different lengths, as a threshold makes them', async () => {
    const some = best(5).filter(({ score, rank }) => score > 0.05 || rank === 1);
    const log = await opened(table('request,label,score', some, (l) => [id(l.image), quoted(names[l.label]), l.score]));
    expect([log.rows.rows, log.truncated]).toEqual([images, true]);
  });

  it('more requests than there are labels of classes', async () => {
    const many = Array.from({ length: 31_000 }, (_, i) => `${id(i)},a,0.5\n${id(i)},b,0.25\n${id(i)},${i % 3},0.1`);
    const log = await opened(`request,label,score\n${many.join('\n')}`);
    expect([log.rows.rows, log.rows.cols]).toEqual([31_000, 5]);
  });
});

describe('a line for each class', () => {
  const never = (): number => -Infinity;
  it.each([
    [
      'logits by their names',
      table('image,class,logit', full(logits), (l) => [`${l.image}.jpg`, quoted(names[l.label]), l.score]),
    ],
    ['logits by their numbers', table('image,class_index,logit', full(logits), (l) => [l.image, l.label, l.score])],
    [
      'class by class, as melt makes it',
      table(
        'image,variable,value',
        [...full(logits)].sort((a, b) => a.label - b.label || a.image - b.image),
        (l) => [`${l.image}.jpg`, quoted(names[l.label]), l.score],
      ),
    ],
  ])('%s', async (_, content) => {
    const log = await opened(content);
    expect([log.rows.rows, log.rows.cols, log.truncated]).toEqual([images, classes, undefined]);
    await expectValues(log, 9, never, logits);
  });
});

describe('what is no such table is not read as one', () => {
  it('places without classes, and one score beside counts', async () => {
    await expect(
      opened(table('Anfrage;Rang;Wert', best(5), (l) => [id(l.image), l.rank, german(l.score)], ';')),
    ).rejects.toThrow(coded('not-outputs', "'Rang'", "'Wert'"));
    const counts = Array.from({ length: 30 }, (_, i) => `${(i * 7) % 13},${(i * 5) % 11},0.${100 + i}`);
    await expect(opened(['bytes,hops,score', ...counts].join('\n'))).rejects.toThrow(coded('too-few-rows', '1 column'));
  });

  it('the best class alone of the requests of some users', async () => {
    const lines = best(1).map(({ image, label, score }) => ({ user: `user ${image % 4}`, label: names[label], score }));
    await expect(opened(lines.map((line) => JSON.stringify(line)).join('\n'), 'jsonl')).rejects.toThrow(
      coded('not-outputs'),
    );
    const text = ['user,label,score', ...lines.map(({ user, label, score }) => `${user},"${label}",${score}`)];
    await expect(opened(text.join('\n'))).rejects.toThrow(coded('too-few-rows'));
  });

  it('two classes, a column each, beside ids that repeat', async () => {
    const lines = shares.map((row, i) => `${i % 5},${row[0]},${1 - row[0]}`);
    const log = await opened(['user,no,yes', ...lines].join('\n'));
    expect([log.rows.rows, log.rows.cols]).toEqual([images, 2]);
  });
});
