import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { coded } from '../support/coded.js';

/** Dumps of databases. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sql-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function written(lines: readonly string[]): Promise<string> {
  const path = join(folder, `dump${files++}.sql`);
  await writeFile(path, lines.join('\n') + '\n');
  return path;
}

const shares = Array.from({ length: 20 }, (_, i) => [(i + 1) / 64, (i + 2) / 64, (61 - 2 * i) / 64]);
const top = ['--', '-- PostgreSQL database dump', '--', '', 'SET statement_timeout = 0;', ''];
const rows = shares.map((row, i) => `${i}\tr-${i}\t{${row.join()}}`);
const table = ['COPY public.predictions (id, request_id, scores) FROM stdin;', ...rows, '\\.'];
const other = ['COPY public.users (id, name) FROM stdin;', '1\tAda', '\\.'];
const empty = ['COPY public.notes (id, name) FROM stdin;', '\\.'];

describe('a dump by pg_dump', () => {
  it('of one table with rows is read', async () => {
    const log = await openRows(await written([...top, ...empty, '', ...table, '', '-- done']));
    expect(Array.from(await log.rows.read(0, 20))).toEqual(shares.flat());
    expect(log.columns).toEqual(['scores[0]', 'scores[1]', 'scores[2]']);
    expect(log.ids?.map(({ column }) => column)).toContain('request_id');
    expect(log.rows.about?.place?.(0)).toEqual({ unit: 'line', number: 11 });
  });

  it('of JSON and of a column a class is read', async () => {
    const json = shares.map(
      (row, i) => `${i}\t${JSON.stringify({ scores: row, note: 'a "b"' }).replace(/\\/g, '\\\\')}`,
    );
    const wide = shares.map((row, i) => [i, ...row].join('\t'));
    for (const [columns, lines] of [
      ['id, answer', json],
      ['id, "cat", dog, fox', wide],
    ] as const) {
      const log = await openRows(await written([...top, `COPY p (${columns}) FROM stdin;`, ...lines, '\\.']));
      expect(Array.from(await log.rows.read(0, 20))).toEqual(shares.flat());
    }
  });

  it('of several tables is refused', async () => {
    await expect(openRows(await written([...top, ...other, ...table]))).rejects.toMatchObject(
      coded('ambiguous', 'public.users', 'public.predictions'),
    );
  });

  it('of INSERT statements is refused', async () => {
    const inserts = shares.map((row, i) => `INSERT INTO predictions VALUES (${i}, '{${row.join()}}');`);
    await expect(openRows(await written([...top, ...inserts]))).rejects.toMatchObject(coded('not-outputs', 'SQL'));
  });

  it('that is cut short is refused, or read without its last line', async () => {
    const path = await written([...top, ...table.slice(0, 15)]);
    await expect(openRows(path)).rejects.toMatchObject(coded('damaged'));
    const log = await openRows(path, 'logits', { skipBadLines: true });
    expect(log.rows.rows).toBe(13);
    expect(log.notes).toContainEqual({ kind: 'bad-lines', lines: [21], cutShort: true });
  });
});
