import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { all, numbers } from '../leaks/data.js';
import { coded } from '../support/coded.js';

/** Tables in which a server writes between the scores, as nginx, gunicorn, uvicorn and Python's logging do. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'talk-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function opened(lines: readonly string[], end = '\n'): ReturnType<typeof openRows> {
  const path = join(folder, `log${files++}.csv`);
  await writeFile(path, lines.join('\n') + end);
  return openRows(path);
}

const [rows, classes] = [40, 6];
const { normal } = numbers(5);
const shares = Array.from({ length: rows }, () => {
  const powers = Array.from({ length: classes }, () => Math.exp(normal()));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => Number((value / sum).toFixed(6)));
});
const time = (i: number): string =>
  `2026-11-01T00:${String(Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}Z`;
const id = (i: number): string => `req-${String(i).padStart(6, '0')}`;
const names = Array.from({ length: classes }, (_, j) => `p${j}`);

/** A line an image: `id,time,p0,…,p5`. */
const wide = [`id,time,${names.join()}`, ...shares.map((row, i) => `${id(i)},${time(i)},${row.join()}`)];
/** The best three with their classes. */
const best = [
  'id,time,class1,class2,class3,prob1,prob2,prob3',
  ...shares.map((row, i) => {
    const order = Array.from(row.keys())
      .sort((a, b) => row[b] - row[a])
      .slice(0, 3);
    return `${id(i)},${time(i)},${order.map((j) => `"class ${j}, a name"`).join()},${order.map((j) => row[j]).join()}`;
  }),
];
/** Scores alone, without names. */
const bare = shares.map((row) => row.join());

/** A log with lines put before those of these numbers, counted from 1. */
const withLines = (log: readonly string[], said: Record<number, string | string[]>): string[] => {
  const out: string[] = [];
  for (const line of log) {
    while (said[out.length + 1] !== undefined) out.push(...[said[out.length + 1]].flat());
    out.push(line);
  }
  return out;
};

const nginx =
  '2024/01/22 11:17:26 [error] 27#27: *16 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 10.0.0.2, server: api.example.org, request: "POST /predict HTTP/1.1", upstream: "http://127.0.0.1:8000/predict", host: "api.example.org"';
const empty = (i: number): string => `${id(i)},${time(i)}${','.repeat(classes)}`;
const traceback = [
  'Traceback (most recent call last):',
  '  File "/app/main.py", line 42, in predict',
  '    outputs = session.run(None, {name: batch})',
  'onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument: [ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Got invalid dimensions for input: index: 2 Got: 223 Expected: 224',
];

describe('lines without any score are left out and counted', () => {
  const cases: [string, string[], number[], number?][] = [
    ['a message of a server', withLines(wide, { 22: `${time(9)} ERROR 503 upstream timeout` }), [22]],
    ["nginx's errors, with separators in them", withLines(wide, { 9: nginx, 30: nginx }), [9, 30]],
    [
      'a worker of gunicorn that ran out of time',
      withLines(wide, { 12: '[2016-04-13 06:27:41 -0400] [23657] [CRITICAL] WORKER TIMEOUT (pid:23670)' }),
      [12],
    ],
    [
      "uvicorn's first lines",
      [
        'INFO:     Started server process [1]',
        'INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)',
        ...wide,
      ],
      [1, 2],
    ],
    [
      "uvicorn's access lines between scores without names",
      withLines(bare, { 7: 'INFO:     127.0.0.1:57173 - "POST /predict HTTP/1.1" 500 Internal Server Error' }),
      [7],
    ],
    [
      "Python's logging, whose time has a comma",
      withLines(best, { 5: '2026-11-01 00:02:20,123 ERROR root: model not ready' }),
      [5],
    ],
    ['a traceback of several lines', withLines(wide, { 15: traceback }), [15, 16, 17, 18]],
    [
      'answers that are empty, as pandas writes them',
      [...wide.slice(0, 8), empty(7), empty(8), ...wide.slice(10)],
      [9, 10],
      rows - 2,
    ],
    [
      'answers that are empty, of the best classes',
      [...best.slice(0, 5), `${id(4)},${time(4)},,,,,,`, ...best.slice(6)],
      [6],
      rows - 1,
    ],
    [
      'an answer that is empty first, and one that is a message',
      [wide[0], empty(0), ...wide.slice(2, 20), `${id(19)},${time(19)},timeout,,,,,`, ...wide.slice(21)],
      [2, 21],
      rows - 2,
    ],
    ['a message as the last line, with its line end', [...wide, 'Killed'], [42]],
    ['a line of fields with a status', withLines(wide, { 6: `${time(5)},ERROR,503,upstream timeout` }), [6]],
  ];
  it.each(cases)('%s', async (_, log, lines, left = rows) => {
    const file = await opened(log);
    expect(file.rows.rows).toBe(left);
    expect(file.notes).toContainEqual({ kind: 'lines-without-scores', lines });
    expect((await all(file.rows)).every(Number.isFinite)).toBe(true);
  });

  it('JSON in cells of which some are empty', async () => {
    const cell = (row: number[]): string =>
      `"${JSON.stringify(row.map((score, j) => ({ label: `c${j}`, score }))).replace(/"/g, '""')}"`;
    const file = await opened(['id,answer', ...shares.map((row, i) => `${id(i)},${i % 10 === 9 ? '' : cell(row)}`)]);
    expect(file.rows.rows).toBe(rows - 4);
    expect(file.notes).toContainEqual({ kind: 'lines-without-scores', lines: [11, 21, 31, 41] });
  });
});

describe('what is cut stops', () => {
  const cases: [string, string[], string, Error | string][] = [
    [
      'within the scores',
      [...wide.slice(0, 20), wide[20].slice(0, -15), ...wide.slice(21)],
      '\n',
      coded('damaged', 8, 21),
    ],
    [
      'within a number',
      [...wide.slice(0, 20), `${id(19)},${time(19)},0.`, ...wide.slice(21)],
      '\n',
      coded('damaged', 8, 21),
    ],
    ['the last line, before its scores', [...wide, `${id(40)},${time(40)}`], '', coded('damaged', 8, 42)],
    ['the last line, within its id', [...wide, 'req-'], '', coded('damaged', 8, 42)],
    ['the last line, with a line end that an editor put there', [...wide, 'req-00'], '\n', coded('damaged', 8, 42)],
    ['a last line that may be anything', [...wide, 'Kill'], '', coded('damaged', 8, 42)],
    [
      'names that are not quoted',
      withLines(best, { 8: `${id(6)},${time(6)},class 1, a name,class 2,class 3,0.5,0.2,0.1` }),
      '\n',
      coded('damaged', 8, 8),
    ],
    [
      'several lines, which are counted',
      withLines(wide, { 5: '0.1,0.2', 9: '0.3,0.4', 12: '0.5' }),
      '\n',
      coded('damaged', 8, 3, 2, 5),
    ],
    [
      'a score that is missing',
      [...wide.slice(0, 20), wide[20].replace(/,[^,]*$/, ','), ...wide.slice(21)],
      '\n',
      coded('bad-input', 21),
    ],
    [
      'scores that are missing, which are counted',
      wide.map((line, i) => (i % 10 === 5 ? line.replace(/,[^,]*$/, ',') : line)),
      '\n',
      coded('bad-input', 6, 4),
    ],
    ['another header', withLines(wide, { 20: `id,time,${[...names].reverse().join()}` }), '\n', coded('bad-input', 20)],
    [
      'more lines without scores than with',
      withLines(wide, { 10: Array.from({ length: rows + 1 }, (_, i) => `${time(i)} ERROR 503`) }),
      '\n',
      coded('not-outputs', rows + 1, 10),
    ],
    [
      'a class of several lines without its score',
      [
        'image,label,score',
        ...shares.flatMap((row, i) => row.map((value, j) => `${id(i)},c${j},${i === 7 && j === 2 ? '' : value}`)),
      ],
      '\n',
      coded('bad-input', 'score', 2 + 7 * classes + 2),
    ],
  ];
  it.each(cases)('%s', async (_, log, end, error) => {
    await expect(opened(log, end)).rejects.toThrow(error);
  });
});
