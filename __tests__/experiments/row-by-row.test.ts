import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareRows } from '../../lib/experiments/index.js';
import type { RowByRow } from '../../lib/words/index.js';
import { alignAll, openRows, pairRows } from '../../lib/logs/index.js';
import { numbers } from '../leaks/data.js';

/** Two logs of the same requests, whose rows are paired by their ids and never by their places. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ids-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function opened(text: string, ending = 'csv'): ReturnType<typeof openRows> {
  const path = join(folder, `log${files++}.${ending}`);
  await writeFile(path, text);
  return openRows(path);
}

const [rows, classes] = [60, 8];
const names = Array.from({ length: classes }, (_, j) => `class ${j}`);

/** Probabilities of images, of one version of a model or of the next. */
function sharesOf(images: number, version = 0): number[][] {
  const { normal } = numbers(images);
  const { normal: change } = numbers(77);
  return Array.from({ length: rows }, () => {
    const powers = names.map(() => Math.exp(2 * normal() + 0.3 * version * change()));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((value) => value / sum);
  });
}

type Id = (i: number) => string | number;
const request: Id = (i) => `req-${1000 + ((i * 37) % 997)}`;

const wide = (
  shares: number[][],
  id: Id,
  { order = (i: number): number => i, decimals = 9, column = 'request_id' } = {},
): string =>
  [
    [column, ...names].join(),
    ...shares.map((_, k) => [id(order(k)), ...shares[order(k)].map((value) => value.toFixed(decimals))].join()),
  ].join('\n');

const best = (shares: number[][], id: Id, order = (i: number): number => i): string =>
  shares
    .map((_, k) => {
      const row = shares[order(k)];
      const top = names.map((label, j) => ({ label, score: row[j] })).sort((a, b) => b.score - a.score);
      return JSON.stringify({ request_id: id(order(k)), predictions: top.slice(0, 3) });
    })
    .join('\n');

async function compared(
  one: Awaited<ReturnType<typeof opened>>,
  other: Awaited<ReturnType<typeof opened>>,
  decimals: [number | null, number | null] = [null, null],
): Promise<RowByRow | null> {
  const [a, b] = alignAll([one, other]);
  const { paired: pairs } = await pairRows(a, b);
  const unit = 'probabilities';
  return pairs && compareRows([a.rows, b.rows], pairs, [0, 1].map((i) => ({ unit, decimals: decimals[i] })) as never);
}

const backwards = (i: number): number => rows - 1 - i;

describe('rows of two logs with one id', () => {
  it('are the same where one model wrote both, in whatever order', async () => {
    const shares = sharesOf(1);
    const found = await compared(
      await opened(wide(shares, request)),
      await opened(wide(shares, request, { order: backwards })),
    );
    expect(found).toMatchObject({ column: 'request_id', rows, sameTop: rows, kappa: 1, sameNumbers: rows });
    expect(found!.byChance.likelihood).toBeLessThan(1e-3);
  });

  it('are the same to the rounding of the coarser file', async () => {
    const shares = sharesOf(1);
    const [fine, coarse] = [await opened(wide(shares, request)), await opened(wide(shares, request, { decimals: 3 }))];
    expect(await compared(fine, coarse, [null, 3])).toMatchObject({ sameNumbers: rows });
    const next = await opened(wide(sharesOf(1, 1), request, { decimals: 3 }));
    expect((await compared(fine, next, [null, 3]))!.sameNumbers).toBe(0);
  });

  it('are the same in percent, to the rounding of the coarser file', async () => {
    const [shares, next] = [sharesOf(1), sharesOf(1, 1)];
    const hundreds = (of: number[][]): number[][] => of.map((row) => row.map((value) => 100 * value));
    const unit = 'probabilities';
    for (const [other, same] of [
      [shares, rows],
      [next, 0],
    ] as const) {
      const [a, b] = alignAll([
        await opened(wide(shares, request)),
        await opened(wide(hundreds(other), request, { decimals: 2 })),
      ]);
      const { paired } = await pairRows(a, b);
      const written: Parameters<typeof compareRows>[2] = [
        { unit, decimals: null },
        { unit, decimals: 2, percent: true },
      ];
      expect(await compareRows([a.rows, b.rows], paired!, written)).toMatchObject({ rows, sameNumbers: same });
    }
  });

  it('are others where the next version wrote one, and mostly of one class', async () => {
    const found = await compared(await opened(wide(sharesOf(1), request)), await opened(wide(sharesOf(1, 1), request)));
    expect(found).toMatchObject({ rows, sameNumbers: 0 });
    expect(found!.sameTop).toBeLessThan(rows);
    expect(found!.kappa).toBeGreaterThan(0.5);
  });

  it('are no more alike than by chance where each log counts its own requests', async () => {
    const count: Id = (i) => i;
    const found = await compared(await opened(wide(sharesOf(1), count)), await opened(wide(sharesOf(2), count)));
    expect(found!.kappa).toBeLessThan(0.3);
    expect(found!.byChance.likelihood).toBeGreaterThan(1e-3);
  });

  it('are found in JSON of the best classes, with records that failed between them', async () => {
    const text = best(sharesOf(1), request).split('\n');
    text.splice(7, 0, JSON.stringify({ request_id: 'req-failed', error: 'timeout' }));
    const found = await compared(
      await opened(text.join('\n'), 'jsonl'),
      await opened(best(sharesOf(1), request, backwards), 'jsonl'),
    );
    expect(found).toMatchObject({ rows, sameTop: rows, sameNumbers: rows });
  });

  it('are those that both logs have, of a slice and of a folder of parts', async () => {
    const shares = sharesOf(1);
    const whole = await opened(wide(shares, request));
    const text = wide(shares, request, { order: backwards });
    const part = await openRows(`${(await opened(text)).path}[10:30]`);
    expect(await compared(whole, part)).toMatchObject({ rows: 20, sameNumbers: 20 });
    await mkdir(join(folder, 'parts'));
    const [header, ...lines] = text.split('\n');
    await writeFile(join(folder, 'parts', 'a.csv'), [header, ...lines.slice(0, 25)].join('\n'));
    await writeFile(join(folder, 'parts', 'b.csv'), [header, ...lines.slice(25)].join('\n'));
    expect(await compared(whole, await openRows(join(folder, 'parts')))).toMatchObject({ rows, sameNumbers: rows });
  });

  it.each<[string, Id, string]>([
    ['an id is there twice', (i) => `req-${i >> 1}`, 'request_id'],
    ['ids are too large for a number', (i) => `${9007199254740993n + BigInt(i)}`, 'request_id'],
    ['the column only times them', (i) => `2026-11-01T00:00:${i}Z`, 'timestamp'],
    ['the column only counts lines', (i) => i, 'index'],
    ['the column has no name', (i) => i, ''],
  ])('are not paired where %s', async (_, id, column) => {
    const shares = sharesOf(1);
    const [a, b] = [await opened(wide(shares, id, { column })), await opened(wide(shares, id, { column }))];
    expect((await pairRows(a, b)).paired).toBeNull();
  });
});

describe('rows of a log of the best classes', () => {
  const listed = (shares: number[][], most: number, { decimals = 3 } = {}): string =>
    shares
      .map((row, i) => {
        const all = names.map((label, j) => ({ label, score: row[j] })).sort((a, b) => b.score - a.score);
        const predictions = all.map(({ label, score }) => ({ label, score: Number(score.toFixed(decimals)) }));
        return JSON.stringify({ request_id: request(i), predictions: predictions.slice(0, most) });
      })
      .join('\n');

  it.each([
    ['all', 3, classes, 9],
    ['fewer of them', 4, 2, 3],
  ])('have the numbers of a log of %s, as far as both list them', async (_, one, other, decimals) => {
    const found = await compared(
      await opened(listed(sharesOf(1), one), 'jsonl'),
      await opened(listed(sharesOf(1), other, { decimals }), 'jsonl'),
      [3, decimals === 3 ? 3 : null],
    );
    expect(found).toMatchObject({ rows, sameTop: rows, sameNumbers: rows, cut: true });
  });

  it('have others where another model made the fuller log', async () => {
    const found = await compared(
      await opened(listed(sharesOf(1), 3), 'jsonl'),
      await opened(listed(sharesOf(1, 1), classes, { decimals: 9 }), 'jsonl'),
      [3, null],
    );
    expect(found!.sameNumbers).toBe(0);
  });

  it('have others where one hides a class that the other has clearly above all that are listed', async () => {
    const [a, b] = [sharesOf(1), sharesOf(1)];
    // One class that the first log does not list is second in the other one; all that both list is the same.
    const hidden = a.map((row) => [...row.keys()].sort((x, y) => row[y] - row[x])[5]);
    b.forEach((row, i) => (row[hidden[i]] = Math.max(...row) * 0.99));
    const found = await compared(
      await opened(listed(a, 2, { decimals: 9 }), 'jsonl'),
      await opened(listed(b, 3, { decimals: 9 }), 'jsonl'),
    );
    expect(found!.sameNumbers).toBeLessThan(rows / 4);
  });

  const tied = (first: (i: number) => number): number[][] =>
    Array.from({ length: rows }, (_, i) =>
      names.map((_, j) => (j === first(i) ? 0.4003 : j === 1 || j === 2 ? 0.4001 : 0.03 + j / 1e3)),
    );

  it('have the class as their best that they list first, where numbers are tied', async () => {
    const [a, b] = [tied((i) => 1 + (i % 2)), tied((i) => 1 + ((i >> 1) % 2))];
    const found = await compared(await opened(listed(a, 3), 'jsonl'), await opened(listed(b, 3), 'jsonl'), [3, 3]);
    expect(found).toMatchObject({ sameTop: rows / 2, sameNumbers: rows });
  });

  it('have any of those that are tied where what sorted them did not know the best', async () => {
    const a = tied((i) => 1 + (i % 2)).map((row) => row.map((value) => Number(value.toFixed(3))));
    const b = tied((i) => 1 + (i % 2));
    const found = await compared(
      await opened(listed(a, 3), 'jsonl'),
      await opened(listed(b, 3, { decimals: 9 }), 'jsonl'),
      [3, null],
    );
    expect(found).toMatchObject({ sameTop: rows, sameNumbers: rows });
  });
});

describe('ids are found and paired', () => {
  const shares = sharesOf(1);
  const plain = wide(shares, request);
  const dict = (row: number[]): object => Object.fromEntries(row.map((value, j) => [names[j], value]));
  const json = (record: (row: number[], i: number) => object): string =>
    shares.map((row, i) => JSON.stringify(record(row, i))).join('\n');
  const cell = (value: object): string => `"${JSON.stringify(value).replaceAll('"', '""')}"`;
  const lists = (row: number[]): object[] => row.map((score, j) => ({ label: names[j], score }));

  it.each<[string, string, string, string | undefined]>([
    ['another name of one column', wide(shares, request, { column: 'image' }), 'csv', 'image'],
    ['case and signs', wide(shares, request, { column: 'Request-ID' }), 'csv', 'Request-ID'],
    ['an object', json((row, i) => ({ request: { id: request(i) }, probs: dict(row) })), 'jsonl', 'request.id'],
    [
      'an object beside labels',
      json((row, i) => ({ meta: { request: { id: request(i) } }, predictions: lists(row) })),
      'jsonl',
      'meta.request.id',
    ],
    ['a list of numbers', json((row, i) => ({ request: { id: request(i) }, scores: row })), 'jsonl', 'request.id'],
    [
      'JSON within JSON',
      json((row, i) => ({ message: JSON.stringify({ requestId: request(i), probabilities: row }) })),
      'jsonl',
      'message.requestId',
    ],
    [
      'one document',
      JSON.stringify({ events: shares.map((row, i) => ({ request_id: request(i), scores: row })) }),
      'json',
      undefined,
    ],
    [
      'a column beside JSON in a cell',
      ['request_id,response', ...shares.map((row, i) => `${request(i)},${cell(dict(row))}`)].join('\n'),
      'csv',
      undefined,
    ],
    [
      'a line a class',
      [
        'request_id,class,score',
        ...shares.flatMap((row, i) => row.map((score, j) => [request(i), names[j], score].join())),
      ].join('\n'),
      'csv',
      undefined,
    ],
  ])('in %s', async (_, text, ending, otherColumn) => {
    const found = await compared(await opened(plain), await opened(text, ending));
    expect(found).toMatchObject({ column: 'request_id', rows, sameTop: rows, sameNumbers: rows });
    expect(found!.otherColumn).toBe(otherColumn);
  });

  it('a row that is there again counts once; ids of rows that differ are left out and counted', async () => {
    const lines = plain.split('\n');
    const copies = await opened([...lines, ...lines.slice(1, 8)].join('\n'));
    const same = await compared(copies, await opened(plain));
    expect([same!.rows, same!.sameNumbers, same!.repeated]).toEqual([rows, rows, undefined]);
    const others = lines.slice(1, 4).map((line, i) => [request(i + 10), ...line.split(',').slice(1)].join());
    const mixed = await opened([...lines, ...others].join('\n'));
    const found = await compared(await opened(plain), mixed);
    expect([found!.rows, found!.sameNumbers, found!.repeated]).toEqual([rows - 3, rows - 3, [0, 3]]);
  });

  it('rows without an id are left out', async () => {
    const some: Id = (i) => (i % 4 === 0 ? '' : request(i));
    expect(await compared(await opened(plain), await opened(wide(shares, some)))).toMatchObject({ rows: 45 });
  });

  it('where rows are not paired it is said what there is', async () => {
    const log = await opened(plain);
    const foundOf = async (id: Id, column = 'request_id'): Promise<unknown> =>
      (await pairRows(log, await opened(wide(shares, id, { column })))).found;
    expect(await foundOf((i) => `other-${i}`)).toEqual({ kind: 'none-in-both', columns: ['request_id', 'request_id'] });
    expect(await foundOf((i) => request(i >> 1))).toMatchObject({ kind: 'all-repeated', repeated: [0, rows / 2] });
    expect(await foundOf((i) => i, 'request_no')).toMatchObject({ kind: 'no-ids' });
    expect(await foundOf((i) => i, 'weight')).toEqual({ kind: 'no-ids', columns: [['request_id'], []] });
  });
});
