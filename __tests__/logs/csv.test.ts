import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alignColumns, openRows } from '../../lib/logs/index.js';
import { fingerprint } from '../../lib/leaks/index.js';
import { numberOf } from '../../lib/logs/cells.js';
import type { LogNote } from '../../lib/words/index.js';
import { all, made, numbers } from '../leaks/data.js';
import { coded } from '../support/coded.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function opened(content: string | Uint8Array): ReturnType<typeof openRows> {
  const path = join(folder, `log${files++}.csv`);
  await writeFile(path, content);
  return openRows(path);
}

/** Logits of a head 8 → 12, and what is made of them. */
const [rows, classes, width] = [120, 12, 8];
let logits: number[][];
let shares: number[][];
beforeAll(async () => {
  const flat = await all(made('silu', rows, width, classes).logits);
  logits = Array.from({ length: rows }, (_, i) => Array.from(flat.subarray(i * classes, (i + 1) * classes)));
  shares = logits.map((row) => {
    const powers = row.map((value) => Math.exp(value));
    const total = powers.reduce((a, b) => a + b, 0);
    return powers.map((value) => value / total);
  });
});

const animals = ['cat', 'dog', 'bird', 'frog', 'horse', 'deer', 'fox', 'owl', 'bee', 'ant', 'cow', 'pig'];
const numbered = (stem: string): string[] => animals.map((_, j) => `${stem}${j}`);
const text = (header: readonly (string | number)[] | null, lines: readonly (readonly (string | number)[])[]): string =>
  [...(header ? [header] : []), ...lines].map((cells) => cells.join()).join('\n');
const best = (row: number[]): number => row.indexOf(Math.max(...row));
const entropy = (row: number[]): number => -row.reduce((sum, p) => sum + p * Math.log(p), 0);

/** By the name of each column that was left out the kind of the reason, or which statistic of the others it is. */
function reasonsOf(note: LogNote): Record<string, string> {
  if (note.kind !== 'columns') throw new Error(note.kind);
  return Object.fromEntries(
    note.leftOut.map(({ name, why }) => [name, why.kind === 'statistic' ? why.statistic : why.kind]),
  );
}

describe('columns are told from their values together with their names', () => {
  const odd = ['id', 'target', 'time', 'class', 'y', 'version', 'row 3', 'no', 'label', 'cat', 'dog', 'fox'];
  const cases: [string, () => string, Record<string, string>?][] = [
    ['all are called pred', () => text(numbered('pred_'), logits)],
    ['classes that are called as no class is, logits', () => text(odd, logits)],
    ['the same, probabilities', () => text(odd, shares)],
    [
      'the same, log-probabilities',
      () =>
        text(
          odd,
          shares.map((row) => row.map(Math.log)),
        ),
    ],
    [
      'percentages',
      () =>
        text(
          animals,
          shares.map((row) => row.map((p) => 100 * p)),
        ),
    ],
    [
      'percent signs',
      () =>
        text(
          animals,
          shares.map((row) => row.map((p) => `${(100 * p).toFixed(9)}%`)),
        ),
    ],
    [
      'arg-max and confidence beside logits',
      () =>
        text(
          ['file', 'top1', 'confidence', ...numbered('logit_')],
          logits.map((row, i) => [`${i}.jpg`, best(row), Math.max(...shares[i]), ...row]),
        ),
      { file: 'text', top1: 'arg-max', confidence: 'largest-probability' },
    ],
    [
      'the same beside probabilities, without a header',
      () =>
        text(
          null,
          shares.map((row, i) => [`${i}.jpg`, best(row), Math.max(...row), ...row]),
        ),
      { 'column 1': 'text', 'column 2': 'arg-max', 'column 3': 'largest' },
    ],
    [
      'the same with a header',
      () =>
        text(
          ['top1', 'max', ...numbered('p')],
          shares.map((row) => [best(row), Math.max(...row), ...row]),
        ),
      { top1: 'arg-max', max: 'largest' },
    ],
    [
      'entropy, margin and energy that no name gives away',
      () =>
        text(
          [...animals, 'H', 'gap', 'E'],
          logits.map((row, i) => {
            const sorted = [...row].sort((a, b) => b - a);
            const total = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
            return [...row, entropy(shares[i]).toFixed(4), sorted[0] - sorted[1], -total];
          }),
        ),
      { H: 'entropy', gap: 'margin', E: 'energy' },
    ],
    [
      'time of day and latency',
      () =>
        text(
          ['ts', 'latency_ms', ...animals],
          logits.map((row, i) => [1.7e9 + i / 3, 3 + ((i * 7) % 11) / 9, ...row]),
        ),
      { ts: 'outside-span', latency_ms: 'outside-span' },
    ],
    [
      'boxes that no name gives away',
      () =>
        text(
          ['u', 'v', ...animals],
          shares.map((row, i) => [((i * 37) % 101) / 2, ((i * 53) % 97) / 4, ...row]),
        ),
      { u: 'whole-without', v: 'whole-without' },
    ],
    [
      'labels, one column a class',
      () =>
        text(
          [...animals.map((x) => `true_${x}`), ...animals.map((x) => `prob_${x}`)],
          shares.map((row, i) => [...animals.map((_, j) => Number(j === i % 12)), ...row]),
        ),
      Object.fromEntries(animals.map((x) => [`true_${x}`, 'whole-without'])),
    ],
    [
      'logits and their probabilities',
      () =>
        text(
          [...animals.map((x) => `${x}_logit`), ...animals.map((x) => `${x}_prob`)],
          logits.map((row, i) => [...row, ...shares[i]]),
        ),
      Object.fromEntries(animals.map((x) => [`${x}_prob`, 'softmax'])),
    ],
    [
      'the top 3 beside all',
      () =>
        text(
          [...animals, 'top1_prob', 'top2_prob', 'top3_prob'],
          shares.map((row) => [...row, ...[...row].sort((a, b) => b - a).slice(0, 3)]),
        ),
      { top1_prob: 'sorted', top2_prob: 'sorted', top3_prob: 'sorted' },
    ],
    [
      'a copy, a constant, a sum',
      () =>
        text(
          [...animals, 'again', 'temperature', 'total'],
          shares.map((row) => [...row, row[3], 0.7, 1]),
        ),
      { again: 'whole-without', temperature: 'whole-without', total: 'whole-without' },
    ],
    [
      'a class that never is',
      () =>
        text(
          [...animals, 'unicorn'],
          shares.map((row) => [...row, 0]),
        ),
      { unicorn: 'always-zero' },
    ],
  ];
  it.each(cases)('%s', async (_, make, reasons = {}) => {
    const { rows: source, notes } = await opened(make());
    const { hiddenWidth, classes: found } = await fingerprint(source, { features: false });
    expect([hiddenWidth, found]).toEqual([width, classes]);
    expect(notes).toEqual([expect.objectContaining({ kind: 'columns', columns: classes })]);
    expect(reasonsOf(notes[0])).toEqual(reasons);
  });

  it.each<[string, () => string, Error]>([
    [
      'scores of the top 5 without their classes',
      () =>
        text(
          ['file', ...[0, 1, 2, 3, 4].map((k) => `prob_${k}`)],
          shares.map((row, i) => [`${i}.jpg`, ...[...row].sort((a, b) => b - a).slice(0, 5)]),
        ),
      coded('not-outputs', 5),
    ],
    [
      'all scores, sorted',
      () =>
        text(
          numbered('score_'),
          shares.map((row) => [...row].sort((a, b) => b - a)),
        ),
      coded('not-outputs', 12),
    ],
    [
      'the top 1',
      () =>
        text(
          ['label', 'score'],
          shares.map((row) => [animals[best(row)], Math.max(...row)]),
        ),
      coded('too-few-rows', 1),
    ],
    [
      'two models side by side',
      () =>
        text(
          [...numbered('a_'), ...numbered('b_')],
          logits.map((row, i) => [...row, ...logits[(i + 1) % rows]]),
        ),
      coded('ambiguous', 2, 12),
    ],
  ])('refuses %s', async (_, make, message) => {
    await expect(opened(make())).rejects.toThrow(message);
  });
});

describe('a header of numbers is no row', () => {
  const range = (from: number): number[] => animals.map((_, j) => j + from);
  it.each<[string, () => string, number]>([
    ['0, 1, 2, …', () => text(range(0), logits), rows],
    ['1, 2, 3, …', () => text(range(1), logits), rows],
    [
      'behind a nameless index',
      () =>
        text(
          ['', ...range(0)],
          logits.map((row, i) => [i, ...row]),
        ),
      rows,
    ],
    [
      'some of many columns',
      () =>
        text(
          range(0).map((j) => 3 * j + 2),
          shares,
        ),
      rows,
    ],
    ['again in the middle', () => `${text(range(0), logits.slice(0, 60))}\n${text(range(0), logits.slice(60))}`, rows],
    [
      'of 8-bit numbers',
      () =>
        text(
          range(0),
          logits.map((row) => row.map((z) => Math.round(9 * z))),
        ),
      rows,
    ],
  ])('%s', async (what, make, expected) => {
    const { rows: source, notes } = await opened(make());
    expect([source.rows, source.cols]).toEqual([expected, classes]);
    const again = /^again/.test(what) ? [{ kind: 'header-repeated', lines: [62] }] : [];
    expect(notes.slice(1)).toEqual([{ kind: 'header-numbered', line: 1 }, ...again]);
  });

  it('but a row of probabilities of 0 and 1 is one', async () => {
    const { rows: source } = await opened('a.jpg,1,0,0\nb.jpg,0.5,0.25,0.25\n');
    expect(source.rows).toBe(2);
  });
});

describe('dialects', () => {
  const values = [
    [0.5, -1.25, 1234.5],
    [-0.75, 2, 3.5e-3],
    [1.5, 0.25, -7],
  ];
  const written = (separator: string, show: (value: number) => string = String): string =>
    values.map((row) => row.map(show).join(separator)).join('\n');
  const german = (value: number): string => value.toLocaleString('de-DE', { maximumFractionDigits: 6 });
  const quoted = (row: number[]): string => `"${JSON.stringify(row)}"`;
  it.each<[string, string | Uint8Array]>([
    ['blanks, several and in front', values.map((row) => row.map((v) => String(v).padStart(9)).join(' ')).join('\n')],
    ['tabs', `a\tb\tc\n${written('\t')}`],
    ['bars', `a|b|c\n${written('|')}`],
    ['decimal commas and points in thousands', `a;b;c\n${written(';', german)}`],
    ['quoted decimal commas', `a,b,c\n${written(',', (value) => `"${String(value).replace('.', ',')}"`)}`],
    ['thousands in quotes', `a,b,c\n${written(',').replace('1234.5', '"1,234.5"')}`],
    ['the line of Excel', `sep=;\na;b;c\n${written(';')}`],
    ['comments', `# model: x\na,b,c\n${written(',').replace('\n', '\n# again\n')}`],
    ['names in a comment, as savetxt writes them', `# a b c\n${written(' ')}`],
    ['UTF-16 with a mark', Buffer.from(`\uFEFFa\tb\tc\n${written('\t')}`, 'utf16le')],
    ['UTF-16 without one', Buffer.from(`a\tb\tc\n${written('\t')}`, 'utf16le')],
    ['line ends of old Macs', `a,b,c\n${written(',')}`.replace(/\n/g, '\r')],
    ['a mark, line ends of Windows and separators behind', `\uFEFFa;b;c;\r\n${written(';').replace(/\n|$/g, ';\r\n')}`],
    [
      'line breaks and quotes in quotes',
      `t,a,b,c\n${values.map((row) => `"a ""cat"",\nasleep",${row.join()}`).join('\n')}`,
    ],
    ['an array in a cell', `f,x\n${values.map((row, i) => `${i}.jpg,${quoted(row)}`).join('\n')}`],
    [
      'a tensor in a cell',
      `f,x\n${values.map((row, i) => `${i}.jpg,"tensor(${JSON.stringify(row)}, device='cuda:0')"`).join('\n')}`,
    ],
    [
      'an array of NumPy, over two lines',
      `f,x\n${values.map((row, i) => `${i}.jpg,"[${row[0]} ${row[1]}\n ${row[2]}]"`).join('\n')}`,
    ],
    ['lists of Python, one a line', values.map((row) => JSON.stringify(row)).join('\n')],
    [
      "R's row names without a name",
      `"a" "b" "c"\n${values.map((row, i) => `"${i + 1}" ${row.join(' ')}`).join('\n')}`,
    ],
    ["Fortran's exponents", `a,b,c\n${written(',', (value) => value.toExponential(6).replace('e', 'D'))}`],
    ['hexadecimal ids', `h,a,b,c\n${values.map((row, i) => `0x${i}f,${row.join()}`).join('\n')}`],
  ])('%s', async (_, content) => {
    const { rows: source } = await opened(content);
    expect(Array.from(await all(source))).toEqual(values.flat());
  });

  it.each<[string, string | Uint8Array, string | Error]>([
    ['a workbook', Buffer.from('PK\x03\x04 and more'), 'a workbook'],
    ['gzip that is damaged', Uint8Array.of(0x1f, 0x8b, 8, 0), coded('damaged')],
    ['Parquet', 'PAR1....', 'Parquet'],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\n', coded('bad-input', 'LFS')],
    ['a web page', '<!DOCTYPE html>', coded('bad-input', 'web')],
    ['zeros', `a,b\n1.5,2\n${'\0'.repeat(50)}`, coded('bad-input', 'zero')],
    ['an array that NumPy shortened', 'f,x\na.jpg,"[0.5 1.5 ... 2.5]"\nb.jpg,"[0.5 1.5 ... 2.5]"\n', 'shortened'],
    ['labels and scores as JSON', `f,x\na.jpg,"[{'label': 'cat', 'score': 0.5}]"\n`, coded('too-few-rows', 'row')],
    ['an array of another length', 'f,x\na.jpg,"[0.5, 1.5]"\nb.jpg,"[0.5, 1.5, 2.5]"\n', coded('bad-input', 2, 3)],
    ['a quote that is never closed', `a,b\n"1,2\n${'3,4.5\n'.repeat(11_500_000)}`, coded('too-large', 'quote')],
    ['no line end', '0.123456,'.repeat(7_500_000), coded('too-large', 'ends')],
    ['what is no number', 'a,b\n1.5,2\n3,nan\n4,5\n', coded('bad-input', "'nan'", 3)],
    ['a header alone', 'a,b,c\n', coded('too-few-rows', 'a, b, c')],
  ])('refuses %s', async (_, content, message) => {
    await expect(opened(content)).rejects.toThrow(message);
  });
});

describe('columns of two files', () => {
  it('are put in one order by their names', async () => {
    const { normal } = numbers(3);
    const order = animals.map((_, j) => j).sort(() => normal());
    const one = await opened(text(animals, logits));
    const two = await opened(
      text(
        order.map((j) => animals[j]),
        logits.map((row) => order.map((j) => row[j])),
      ),
    );
    const aligned = alignColumns(two, one);
    expect(await all(aligned.rows)).toEqual(await all(one.rows));
    expect(aligned.notes).toEqual([...two.notes, { kind: 'other-order', than: one.name }]);
  });

  it('are refused where some are others', async () => {
    const one = await opened(text(animals, logits));
    const two = await opened(text(['yak', ...animals.slice(1)], logits));
    expect(() => alignColumns(two, one)).toThrow(coded('mismatch'));
  });
});

it('a cell with a percent sign is a hundredth, also beside cells without one', () => {
  expect(['12.5%', ' 3 %', '0.5', '100%'].map((cell) => numberOf(cell, '.'))).toEqual([0.125, 0.03, 0.5, 1]);
  expect(numberOf('12,5 %', ',')).toBe(0.125);
});

it('columns are put in the order of another file, round a circle of three', async () => {
  const first = await opened('cat,dog,emu\n0.25,0.5,0.25\n0.5,0.125,0.375\n');
  const second = await opened('dog,emu,cat\n0.25,0.625,0.125\n0.75,0,0.25\n');
  const aligned = alignColumns(second, first);
  expect(aligned.columns).toEqual(['cat', 'dog', 'emu']);
  expect(Array.from(await all(aligned.rows))).toEqual([0.125, 0.25, 0.625, 0.25, 0.75, 0]);
});
