import { wrap } from '../../lib/base/index.js';
import { brief, count, rankNote, rSquared, seconds, share } from '../../lib/words/index.js';
import { fittedAndTested } from '../../lib/results/index.js';
import { renderResults, renderTable } from '../../lib/report/index.js';
import type { DatasetRecord, ModelRecord, ResultRow, Results } from '../../lib/results/index.js';
import { naming } from '../support/coded.js';
import { madeRow } from './made.js';

test.each<[number | null, string]>([
  [0.99237, '99.24 %'],
  [1, '100.00 %'],
  [0.99999, '>99.99 %'], // never all of them unless it is
  [0, '0.00 %'],
  [0.00001, '<0.01 %'],
  [null, '–'],
])('share %d is %s', (value, text) => expect(share(value)).toBe(text));

test.each<[number | null, string]>([
  [0.5, '0.5000'],
  [-2.25, '-2.2500'],
  [0.9998, '0.9998'],
  [0.999999998, '1 − 2e-9'],
  [1, '1'],
  [null, '–'],
])('R² %d is %s', (value, text) => expect(rSquared(value)).toBe(text));

test('counts, brief numbers and seconds', () => {
  expect(count(1234567)).toBe('1,234,567');
  expect([0, 12.345, 0.00012345, 1.5e7, null].map(brief)).toEqual(['0', '12.3', '1.2e-4', '1.5e+7', '–']);
  expect([0.04, 9.94, 61.6].map(seconds)).toEqual(['0.0 s', '9.9 s', '62 s']);
});

test('tables: figures flush right, text flush left, nothing at the end of a line', () => {
  const rows = [
    { name: 'a', value: 1 },
    { name: 'longer', value: 1000 },
  ];
  const table = renderTable(
    [
      { heading: 'name', cell: (row) => row.name },
      { heading: 'value', align: 'right', cell: (row) => count(row.value) },
    ],
    rows,
  );
  expect(table.split('\n')).toEqual(['name    value', '──────  ─────', 'a           1', 'longer  1,000']);
});

const row = madeRow();
const aside = 'The rate 0.1 is above the limit 0.09.';
const diverged: ResultRow = {
  ...row,
  ...{ agreed: null, agreement: null, agreementInterval: null, topkAgreement: {}, inSpanShare: null, kappa: null },
  ...{ mse: null, mseTotal256: null, r2: null, r2RowSpace: null, rank: null, alpha: null, solver: 'sgd' },
  sgd: { epochs: 100, batchSize: 256, learningRate: 0.1, momentum: 0.9, shuffle: false },
  warnings: [{ kind: 'text', text: aside }],
};
const results = (rows: ResultRow[], failures: string[] = []): Results => ({
  ...{ schema: 2, kind: 'experiment', experiment: 1, question: 'How much?', rows, spectra: [] },
  failures: failures.map((text) => ({ kind: 'text', text })),
  environment: { models: [] as ModelRecord[], datasets: [] as DatasetRecord[] } as Results['environment'],
});

test('a table for each pair and data set, with the published figure of that kind of pair', () => {
  const other: ResultRow = { ...row, test: 'folder:/data/scenes', nTest: 720, inSpanShare: 0.9, agreementInSpan: 1 };
  const text = renderResults(results([row, { ...row, prior: 'head' }, diverged, other]));
  const lines = text.split('\n');
  expect(lines[0]).toMatch(naming('resnet18', '100.00 %'));
  expect(lines).toContain(`resnet18   ${fittedAndTested(row)}`);
  expect(text).toContain('folder:scenes (720)');
  const line = (start: string): string => lines.find((each) => each.startsWith(start))!;
  expect(line('least squares ')).toMatch(/100\.00 % +99\.96 – 100\.00 % +99\.24 % .* 512 +1\.5 s$/);
  expect(line('least squares, head as prior')).toMatch(/100\.00 %/);
  expect(line('SGD, 100 epochs')).toMatch(/ diverged +– +99\.24 %/);
  expect(text).toMatch(naming('resnet18 → resnet18', 'cifar100:train → cifar100:test', 'SGD', '0.224'));
  expect(lines).toContain(`! ${aside}`);
  // The share within the span is set beside its agreement only where some images are outside.
  expect(lines.filter((each) => each.includes('agreement there'))).toHaveLength(1);
  expect(text).not.toContain('FAILED');
});

test('failed checks come last', () => {
  expect(
    renderResults(results([row], ['resnet18: wrong.']))
      .split('\n')
      .at(-1),
  ).toMatch(naming('FAILED', 'resnet18: wrong.'));
});

test.each<[number, number, number, RegExp | null]>([
  [64, 64, 1000, null],
  [191, 192, 40_000, naming(191, 192, 'LayerNorm')],
  [60, 64, 1000, naming(60, 64, 4)],
  [99, 192, 100, naming(99, 192, 100, 'images')],
])('rank %i of %i from %i images: %s', (rank, most, n, text) => {
  const note = rankNote(rank, most, n);
  if (text === null) expect(note).toBeNull();
  else expect(note).toMatch(text);
});

test('the reason of a rank stands below the table of a model on its own logits, and nowhere else', () => {
  const models = [{ name: row.source, featureDim: 192, headRank: 192 } as ModelRecord];
  const rendered = (change: Partial<ResultRow>): string => {
    const changed = { ...row, rank: 191, ...change };
    return renderResults({
      ...results([changed]),
      environment: { models, datasets: [] as DatasetRecord[] } as Results['environment'],
    });
  };
  expect(rendered({ target: row.source })).toMatch(/^rank 191 of 192: one/m);
  expect(rendered({ target: row.source, rank: 192 })).not.toContain('rank 192 of');
  expect(rendered({ target: row.source, observe: 'probs' })).not.toContain('rank 191 of');
  expect(rendered({ target: 'another' })).not.toContain('rank 191 of');
});

describe('what a terminal has room for', () => {
  const wide = renderResults(results([row, { ...row, prior: 'head' }, diverged]));
  const longest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

  test.each([60, 80, 100])('%i characters: no line is longer, and what matters most is there', (width) => {
    const text = renderResults(results([row, { ...row, prior: 'head' }, diverged]), { width, wide: false });
    expect(longest(text)).toBeLessThanOrEqual(width);
    expect(text).toMatch(/^fit +[a-z]/m);
    expect(text).toMatch(/^! \S.* 0\.1 /m);
    for (const detail of ['kappa', 'MSE ', 'rank', 'transforms']) expect(text).not.toMatch(new RegExp(`  ${detail}`));
    expect(text).not.toMatch(/\d\n%/);
  });

  test('the same words as in the page', () => {
    expect(wide.match(/Agreement: the share/g)).toHaveLength(1);
  });

  test.each([60, 80, 100])('%i characters: twelve models in tables below each other', (width) => {
    const names = Array.from({ length: 12 }, (_, i) => `model_number_${i}`);
    const rows = names.flatMap((source) => names.map((target) => madeRow({ source, target, agreement: 0.5 })));
    const text = renderResults({ ...results(rows), experiment: 4 }, { width, wide: false });
    expect(longest(text)).toBeLessThanOrEqual(width);
    expect(text.match(/^source \\ target/gm)!.length).toBeGreaterThan(1);
    expect(text.match(/50\.0 %/g)!.length).toBeGreaterThanOrEqual(144);
  });
});

test('a figure is not parted from its % where a line is wrapped', () => {
  for (let width = 4; width < 40; width++) {
    for (const line of wrap('the same answer on 100.00 % of 2,000 images and 99.7 % of 5', width)) {
      expect(line).not.toMatch(/^%/);
    }
  }
});
