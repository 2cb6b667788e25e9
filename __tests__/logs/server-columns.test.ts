import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { all, numbers } from '../leaks/data.js';
import { coded } from '../support/coded.js';

/** Numbers that a server logs beside its answers: they are no outputs. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'server-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function opened(
  header: string | null,
  line: (i: number) => readonly (string | number)[],
  options: Parameters<typeof openRows>[2] = { columns: null },
): ReturnType<typeof openRows> {
  const path = join(folder, `log${files++}.csv`);
  const lines = Array.from({ length: rows }, (_, i) => line(i).join());
  await writeFile(path, [...(header === null ? [] : [header]), ...lines].join('\n'));
  return openRows(path, 'logits', options);
}

const rows = 60;
const animals = ['cat', 'dog', 'bird', 'frog', 'horse', 'deer'];
const { normal } = numbers(11);
const logits = Array.from({ length: rows }, () => animals.map(() => Number((2 * normal()).toFixed(5))));
const best = logits.map((row) => row.indexOf(Math.max(...row)));
const shares = logits.map((row) => {
  const powers = row.map(Math.exp);
  return powers.map((value) => value / powers.reduce((a, b) => a + b, 0));
});
const label = (i: number): string => animals[best[i]];
const score = (i: number): string => shares[i][best[i]].toFixed(4);
const second = (i: number): number => shares[i].indexOf([...shares[i]].sort((a, b) => b - a)[1]);
const latency = (i: number): string => (3 + ((i * 37) % 101) / 1.7).toFixed(2);
const seconds = (i: number): string => (((i * 53) % 97) / 300 + 0.01).toFixed(4);
const time = (i: number): string => (1760000000 + i * 3.71).toFixed(3);

describe('the score of a label beside what a server says of itself is the best class alone', () => {
  it.each<[string, string, (i: number) => (string | number)[], string]>([
    ['a latency', 'label,score,latency_ms', (i) => [label(i), score(i), latency(i)], 'score'],
    ['a status and bytes', 'id,status,label,score,bytes', (i) => [i, 200, label(i), score(i), 900 + i * i], 'score'],
    ['a time stamp in seconds', 'ts,label,score', (i) => [time(i), label(i), score(i)], 'score'],
    ['seconds below 1', 'id,class,probability,took', (i) => [i, label(i), score(i), seconds(i)], 'probability'],
    [
      'two times of nginx',
      'label,score,request_time,upstream_response_time',
      (i) => [label(i), score(i), seconds(i), seconds(i + 5)],
      'score',
    ],
    [
      'load, with a score that classes are seldom called like',
      'image,pred,conf,cpu_load,gpu_mem_gb',
      (i) => [`${i}.jpg`, label(i), score(i), seconds(i), latency(i)],
      'conf',
    ],
    ['a number of the class', 'image,class_id,score,x', (i) => [`${i}.jpg`, best[i], score(i), latency(i)], 'class_id'],
    ['a box', 'label,score,x1,y1,x2,y2', (i) => [label(i), score(i), ...[1, 2, 3, 4].map((k) => latency(i * k))], ''],
    ['a place', 'label,score,north,east', (i) => [label(i), score(i), latency(i), seconds(i)], 'score'],
    ['no label', 'id,score,latency_ms', (i) => [i, score(i), latency(i)], 'score'],
    ['another form of it', 'label,score,score_pct', (i) => [label(i), score(i), 100 * Number(score(i))], 'score_pct'],
    [
      'the second best',
      'label,score,second_label,second_score,took',
      (i) => [label(i), score(i), animals[second(i)], shares[i][second(i)].toFixed(4), latency(i)],
      'second_score',
    ],
  ])('%s', async (_, header, line, named) => {
    await expect(opened(header, line)).rejects.toThrow(coded('not-outputs', named, 'columns'));
    // Who cannot name columns is not told to.
    await expect(opened(header, line, {})).rejects.toThrow(coded('not-outputs', named));
  });
});

describe('outputs beside what a server says of itself', () => {
  it.each<[string, string, (i: number) => (string | number)[]]>([
    ['logits of classes that labels name', `label,${animals.join()},took`, (i) => [label(i), ...logits[i], latency(i)]],
    [
      'logits that are numbered',
      `label,${animals.map((_, j) => `logit_${j}`).join()},price`,
      (i) => [label(i), ...logits[i], latency(i)],
    ],
    [
      'the score of the label, too',
      `label,score,${animals.join()},took`,
      (i) => [label(i), score(i), ...shares[i], latency(i)],
    ],
    ['a time of another order', `label,${animals.join()},at`, (i) => [label(i), ...logits[i], time(i)]],
  ])('%s', async (_, header, line) => {
    const { columns, rows: source, notes } = await opened(header, line);
    expect([columns?.length, source.cols]).toEqual([animals.length, animals.length]);
    expect(notes.map(({ kind }) => kind)).toEqual(['columns']);
  });

  it('two logits with a true and a predicted label are no scores of these', async () => {
    const { columns } = await opened('true_label,pred_label,logit_0,logit_1', (i) => [
      label(i),
      label(i),
      ...logits[i].slice(0, 2),
    ]);
    expect(columns).toEqual(['logit_0', 'logit_1']);
  });
});

describe('what does not show is said', () => {
  it.each<[string, string | null, (i: number) => (string | number)[], string, string]>([
    ['a column many times larger', null, (i) => [label(i), score(i), latency(i)], 'column 3', 'size'],
    [
      'one that is not numbered',
      animals.map((_, j) => `z${j}`).join() + ',humidity',
      (i) => [...logits[i], latency(i)],
      'humidity',
      'other-name',
    ],
    [
      'one that no row is labelled with',
      `label,${animals.join()},humidity`,
      (i) => [label(i), ...logits[i], latency(i)],
      'humidity',
      'no-label',
    ],
    [
      'one of a name that outputs seldom have',
      'north,south,east,west,energy',
      (i) => [...logits[i].slice(0, 4), logits[(i + 1) % rows][5]],
      'energy',
      'name',
    ],
  ])('%s', async (_, header, line, name, why) => {
    const { notes } = await opened(header, line);
    expect(notes).toContainEqual({ kind: 'columns-in-doubt', columns: [{ name, why }], asks: true });
  });
});

describe('columns that somebody names', () => {
  const header = `label,${animals.join()},price`;
  const line = (i: number): (string | number)[] => [label(i), ...logits[i], latency(i)];

  it.each<[string, string[], string[]]>([
    ['a range', ['cat..frog'], ['cat', 'dog', 'bird', 'frog']],
    ['one by one, in the order of the table', ['price', 'dog'], ['dog', 'price']],
    ['both', ['cat..dog', 'deer'], ['cat', 'dog', 'deer']],
  ])('%s', async (_, columns, expected) => {
    const { columns: found, rows: source, notes } = await opened(header, line, { columns });
    expect(found).toEqual(expected);
    const places = expected.map((name) => header.split(',').indexOf(name));
    expect(Array.from(await all(source)).slice(0, expected.length)).toEqual(places.map((j) => Number(line(0)[j])));
    expect(notes).toEqual([expect.objectContaining({ kind: 'columns', columns: expected.length })]);
  });

  it('of labels with a score beside a latency are taken as they are', async () => {
    const { columns } = await opened('label,score,latency_ms', (i) => [label(i), score(i), latency(i)], {
      columns: ['score', 'latency_ms'],
    });
    expect(columns).toEqual(['score', 'latency_ms']);
  });

  it.each<[string, string[], Error]>([
    ['a name that is not there', ['cat..tiger'], coded('usage', 'tiger')],
    ['one column', ['cat'], coded('usage', 1)],
    ['text', ['label', 'cat'], coded('bad-input', 'label')],
  ])('refuses %s', async (_, columns, error) => {
    await expect(opened(header, line, { columns })).rejects.toThrow(error);
  });

  it('refuses columns of a file without', async () => {
    const path = join(folder, 'scores.jsonl');
    const record = (i: number): string =>
      JSON.stringify(animals.map((name, j) => ({ label: name, score: shares[i][j] })));
    await writeFile(path, shares.map((_, i) => record(i)).join('\n'));
    await expect(openRows(path, 'logits', { columns: ['cat'] })).rejects.toThrow(coded('usage', 'columns'));
  });
});
