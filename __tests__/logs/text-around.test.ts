import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { numbers } from '../leaks/data.js';
import { coded } from '../support/coded.js';

/** Lines of text that hold JSON or arrays of numbers, as loggers, proxies and databases write them. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'around-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function opened(lines: readonly string[], ending = 'log', end = '\n'): ReturnType<typeof openRows> {
  const path = join(folder, `log${files++}.${ending}`);
  await writeFile(path, lines.join('\n') + end);
  return openRows(path);
}

const [rows, classes] = [60, 7];
const { normal } = numbers(11);
const shares = Array.from({ length: rows }, () => {
  const powers = Array.from({ length: classes }, () => Math.exp(2 * normal()));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => Number((value / sum).toFixed(7)));
});
const id = (i: number): string => `20057-${i}`;
const at = (i: number): string => `2026-10-01T00:00:${String(i).padStart(2, '0')}.123Z`;
const json = (row: readonly number[]): string => JSON.stringify({ scores: row });

const shapes: [name: string, line: (row: readonly number[], i: number) => string, ending?: string, head?: string[]][] =
  [
    ['slog, body={…}', (row, i) => `${at(i)} INFO predict req=${id(i)} body=${json(row)}`],
    ['glog', (row, i) => `I1001 00:00:${i}.123456   12345 predict.go:12] scores=[${row.join(' ')}]`],
    ['glog, a comma between', (row, i) => `I1001 00:00:${i}.123456   12345 predict.go:12] scores: [${row.join(', ')}]`],
    [
      'zap console',
      (row, i) => `${at(i)}\tINFO\tapi/predict.go:12\tpredict\t{"req": "${id(i)}", "scores": [${row.join()}]}`,
    ],
    [
      'logfmt, an array',
      (row, i) => `ts=${at(i)} level=info msg=predict req=${id(i)} latency=12.5 payload=[${row.join()}]`,
    ],
    [
      'logfmt, an array in quotes',
      (row, i) => `ts=${at(i)} level=info msg="a request" scores="[${row.join()}]" ms=${i}`,
    ],
    ['logfmt, no brackets', (row, i) => `ts=${at(i)} level=info scores=${row.join()} req=${id(i)}`],
    ['logfmt, a name a class', (row) => `level=info ${row.map((value, j) => `p_${j}=${value}`).join(' ')}`],
    [
      'nginx, $request_body as it escapes it',
      (row, i) =>
        `10.0.3.${i} - - [01/Oct/2026:00:00:00 +0000] "POST /v1 HTTP/1.1" 200 612 "${json(row).replace(/"/g, '\\x22')}"`,
    ],
    [
      'nginx, escape=json',
      (row, i) =>
        `10.0.3.${i} - - [01/Oct/2026:00:00:00 +0000] "POST /v1 HTTP/1.1" 200 612 "${json(row).replace(/"/g, '\\"')}"`,
    ],
    ['syslog', (row, i) => `<134>Oct  1 00:00:${i} web-1 api[4711]: ${json(row)}`],
    ['docker', (row, i) => `${at(i)} ${json(row)}`],
    ['kubectl, with its stream', (row, i) => `${at(i)} stdout F ${json(row)}`],
    ['compose', (row) => `api-1  | ${json(row)}`],
    ['a level in brackets', (row, i) => `[${at(i)}] [INFO] [12, 13] predict ${json(row)}`],
    ['psql \\copy', (row, i) => `${i}\t${id(i)}\t7\t{${row.join()}}`, 'tsv', ['id\trequest_id\tmodel_version\tscores']],
    ['psql \\copy, the array alone', (row) => `{${row.join()}}`, 'tsv', ['scores']],
    ['PostgreSQL, CSV of arrays', (row, i) => `${i},${id(i)},"{${row.join()}}"`, 'csv', ['id,request_id,scores']],
    [
      'psql as it prints',
      (row, i) => ` ${i} | ${id(i)} | {${row.join()}}`,
      'txt',
      [' id | request_id | scores', '----+------------+--------'],
    ],
    ["Python's list", (row, i) => `${at(i)} predict ${id(i)} [${row.join(', ')}]`],
    ["Python's dict", (row, i) => `${at(i)} {'id': '${id(i)}', 'scores': [${row.join(', ')}]}`],
    ["Python's logging", (row, i) => `2026-10-01 00:00:00,123 - api - INFO - ${id(i)} [${row.join(', ')}]`],
    ["NumPy's print", (row) => `INFO:api:[${row.join(' ')}]`],
    ["NumPy's print over two lines", (row) => `INFO:api:[${row.slice(0, 4).join(' ')}\n ${row.slice(4).join('  ')}]`],
    ["NumPy's array", (row, i) => `${at(i)} probs: array([${row.join(', ')}], dtype=float32)`],
    ["torch's tensor", (row, i) => `${at(i)} out=tensor([[${row.join(', ')}]])`],
    ["Java's map", (row) => `INFO result={${row.map((value, j) => `c${j}=${value}`).join(', ')}}`],
    ['names within cells', (row, i) => `id=${i},${row.map((value, j) => `p${j}=${value}`).join()}`, 'csv'],
    [
      'the best class beside all',
      (row, i) => `${at(i)} label=cat_${i % 7} conf=${Math.max(...row)} ms=12.${i} probs=[${row.join()}]`,
    ],
    [
      "NumPy's print on lines of its own",
      (row) => `INFO probs:\n[${row.slice(0, 4).join(' ')}\n ${row.slice(4).join(' ')}]`,
    ],
    ["Rust's debug", (row, i) => `DEBUG Prediction { id: ${i}, scores: [${row.join(', ')}] }`],
    ["Go's %+v", (row, i) => `2026/10/01 00:00:${i} {ID:${i} Scores:[${row.join(' ')}]}`],
    ['another array beside, by its name', (row) => `features=[${row.join()}, 1.5, 2.5] probs=[${row.join()}]`],
    ['a table of lists', (row, i) => `${id(i)},"[${row.join(', ')}]"`, 'csv', ['id,scores']],
    ['text before a list in a cell', (row, i) => `${id(i)},"scores=[${row.join(', ')}]"`, 'csv', ['id,message']],
  ];

describe('lines with text around their numbers', () => {
  it.each(shapes)('%s: no class is lost', async (_, line, ending = 'log', head = []) => {
    const log = await opened([...head, ...shares.map(line)], ending);
    expect([log.rows.rows, log.rows.cols]).toEqual([rows, classes]);
    expect(Array.from(await log.rows.read(0, rows))).toEqual(shares.flat());
  });

  it('leaves out and counts lines that say something else', async () => {
    const lines = shares.map((row, i) => `${at(i)} INFO predict body=${json(row)}`);
    lines.splice(2, 0, 'I am starting', `${at(3)} GET /healthz 200`);
    const log = await opened(lines);
    expect(log.rows.rows).toBe(rows);
    expect(log.notes).toContainEqual({ kind: 'lines-without-scores', lines: [3, 4] });
  });

  it('keeps what tells requests apart', async () => {
    const log = await opened(shares.map((row, i) => `${at(i)} INFO predict req=${id(i)} body=${json(row)}`));
    expect(log.ids).toEqual([{ column: 'req', of: shares.map((_, i) => id(i)) }]);
  });

  it('refuses a line that is cut', async () => {
    const lines = shares.map((row, i) => `${at(i)} INFO predict body=${json(row)}`);
    await expect(opened([...lines, lines[0].slice(0, -20)])).rejects.toMatchObject(coded('damaged'));
    lines.splice(7, 0, lines[0].slice(0, -20));
    await expect(opened(lines)).rejects.toMatchObject(coded('damaged'));
  });

  it('refuses several arrays that could be the outputs', async () => {
    const line = (row: readonly number[], i: number): string => `${at(i)} [${row.join()}] and [${row.join()}]`;
    await expect(opened(shares.map(line))).rejects.toMatchObject(coded('ambiguous'));
  });

  it('refuses an array with text that is no name around it, rather than to lose its ends', async () => {
    const line = (row: readonly number[], i: number): string => `${id(i)}<${row.join()}>`;
    const open = (row: readonly number[], i: number): string => `${id(i)} "${row.join()} end of request ${i}`;
    for (const each of [line, open]) await expect(opened(shares.map(each))).rejects.toMatchObject(coded('not-outputs'));
  });
});

it('the best class beside all scores of a record is not all that is taken', async () => {
  const lines = shares.map((row, i) =>
    JSON.stringify({ label: `c${i % 7}`, confidence: Math.max(...row), probs: row }),
  );
  const log = await opened(lines, 'jsonl');
  expect(Array.from(await log.rows.read(0, rows))).toEqual(shares.flat());
});

it('JSON in the cells of a table is read as before, with what tells its rows apart', async () => {
  const cell = (row: readonly number[], i: number): string =>
    JSON.stringify({ requestId: id(i), scores: row }).replace(/"/g, '""');
  const lines = shares.flatMap((row, i) => [
    `${at(i)},"${cell(row, i)}",app/1`,
    `${at(i)},END RequestId: ${id(i)},app/1`,
  ]);
  const log = await opened(['@timestamp,@message,@logStream', ...lines], 'csv');
  expect(log.notes[0]).toEqual({ kind: 'json-column', column: '@message' });
  expect(log.columns).toHaveLength(classes);
  expect(log.ids).toEqual([{ column: 'requestId', of: shares.map((_, i) => id(i)) }]);
});
