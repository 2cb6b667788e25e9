import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import {
  onlyKnown,
  publishedFor,
  type ModelRecord,
  type ResultRow,
  type Results,
  parseResults,
} from '../../lib/results/index.js';
import { makeTransform } from '../../lib/images/index.js';
import { chartsOf, renderCsv, renderMarkdown, renderReport, renderResults } from '../../lib/report/index.js';
import { inWords, notKnownInWords, share } from '../../lib/words/index.js';
import { naming } from '../support/coded.js';
import { madeRow } from './made.js';

const three = await parseResults(await readFile('__tests__/fixtures/report/experiment-3.json', 'utf8'));
const four = await parseResults(await readFile('__tests__/fixtures/report/experiment-4.json', 'utf8'));

const why = notKnownInWords({ kind: 'few-images', images: 160, numbers: 1000 });
const marked = new RegExp(`known: ${why}`);
const known = madeRow({ agreement: 0.74, r2: 0.85, rank: 159, nTrain: 160 });
const unknown = madeRow({
  ...{ observe: 'probs+topk:5', agreement: 0.4783, agreed: 22, agreementInterval: [0.34, 0.62], kappa: 0.44 },
  ...{
    r2: -1060.25,
    r2RowSpace: -1060.25,
    mse: 31.5,
    mseTotal256: 31.5,
    notKnown: { kind: 'few-images', images: 160, numbers: 1000 },
    nTrain: 160,
  },
});
const sweep = (rows: ResultRow[]): Results => ({ ...three, experiment: 1, rows, spectra: [], samples: [] });

test('what is not known is an empty line of the curve, below what is known, and says why', async () => {
  const [chart] = await chartsOf(sweep([unknown, known, madeRow({ observe: 'probs', r2: 0.9, agreement: 0.9 })]));
  const svg = chart.svg.text;
  expect(svg.match(/<circle/g)).toHaveLength(2);
  expect(svg).toMatch(marked);
  expect([...svg.matchAll(/>((?:all|the top)[^<]*)</g)].map(([, name]) => name)).toEqual([
    ...['probs', 'logits', 'probs+topk:5'].map(inWords),
  ]);
  // Nothing stands at 0.
  const left = Math.min(...[...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x)));
  expect(left).toBeGreaterThan(chart.width / 2);
  expect(chart.description).toMatch(naming(`${inWords('probs+topk:5')}:`, `${why}.`));
});

test('a result of before, without a reason: an R² of 0 or less is no leak of 0 either', async () => {
  const old = madeRow({ observe: 'probs+topk:1', r2: -0.13, agreement: 0.8 });
  const [chart] = await chartsOf(sweep([known, old]));
  expect(chart.svg.text.match(/<circle/g)).toHaveLength(1);
  expect(chart.svg.text).toContain(notKnownInWords({ kind: 'no-better-than-mean' }));
});

test('nor is it a figure in a table, in Markdown or in CSV, where the reason stands', async () => {
  const results = sweep([known, unknown]);
  const page = await renderReport([results]);
  const line = [...parseHTML(page).document.querySelectorAll('tr')].find(({ textContent }) =>
    textContent!.includes('topk:5'),
  )!.textContent!;
  expect(line).toContain('known');
  const markdown = renderMarkdown(results);
  const terminal = renderResults(results);
  for (const text of [page.replace(/<script.*<\/script>/s, ''), markdown, terminal]) {
    expect(text).not.toMatch(/1060|47\.83|31\.5/);
    expect(text.toLowerCase()).toMatch(marked);
  }
  const [names, , row] = renderCsv([results])
    .split('\r\n')
    .map((text) => text.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));
  const cell = (name: string): string => row[names.indexOf(name)];
  expect(cell('notKnown')).toBe(`"${why}"`);
  for (const name of ['agreement', 'agreed', 'kappa', 'r2', 'r2RowSpace', 'mse']) expect(cell(name)).toBe('');
  expect(cell('observe')).toBe('probs+topk:5');
});

test('SGD that diverged is an empty line of the forest, and a fit without an interval has no bar', async () => {
  const sgd = { epochs: 9, batchSize: 256, learningRate: 1, momentum: 0.9, shuffle: false } as const;
  const diverged = madeRow({ sgd, alpha: null, agreement: null, agreementInterval: null, r2: null, agreed: null });
  const bare = madeRow({ agreement: 0.5, agreementInterval: null, prior: 'head' });
  const charts = await chartsOf(sweep([known, diverged, bare]));
  const { svg } = charts.find(({ name }) => name === 'agreement')!;
  expect(svg.text).toMatch(naming('SGD', 'diverged'));
  // The legend's are smaller.
  expect(svg.text.match(/<circle[^>]* r="5"/g)).toHaveLength(2);
  expect(renderResults(sweep([known, diverged, bare]))).toMatch(/^SGD, 9 \S+ +diverged/m);
});

test('a value below 0 has no place on a scale of colours that begins there', async () => {
  const rows = four.rows.map((row, i) => (i === 0 ? { ...row, r2: -1060, kappa: -0.01 } : row));
  const heatmap = async (of: ResultRow[], id: string): Promise<string> =>
    (await chartsOf({ ...four, rows: of })).find(({ name }) => name === `heatmap-${id}`)!.svg.text;
  for (const id of ['r2', 'kappa']) {
    const empty = async (of: ResultRow[]): Promise<number> =>
      (await heatmap(of, id)).split('fill="var(--panel)"').length - 1;
    expect((await empty(rows)) - (await empty([...four.rows]))).toBe(1);
  }
});

test.each([
  [0.9996, 1, '>99.9 %'],
  [0.59651, 1, '59.7 %'],
  [0.996, 0, '>99 %'],
  [0.0004, 1, '<0.1 %'],
  [1, 0, '100 %'],
  [0, 0, '0 %'],
])('one way to write a share: %d with %i decimals', (value, decimals, text) =>
  expect(share(value, decimals)).toBe(text),
);

test('a published figure stands beside its own model, data and kind of fit alone', () => {
  const row = (changes: Partial<ResultRow>): ResultRow => madeRow({ train: 'cifar100:train', ...changes });
  const agreement = (experiment: number, changes: Partial<ResultRow>): number | null | undefined =>
    publishedFor(experiment, row(changes))?.agreement;
  expect(agreement(1, {})).toBe(0.9924);
  expect(agreement(1, { train: 'cifar100:train[0:5000]' })).toBe(0.9924);
  for (const other of [
    { source: 'mobilenet', target: 'mobilenet' },
    { test: 'cifar10:test' },
    { train: 'cifar10:train' },
    { observe: 'probs+topk:5' },
    { prior: 'head' as const },
    { target: 'resnet50' },
  ]) {
    expect(agreement(1, other)).toBeUndefined();
  }
  const accuracy = (target: string, test: string): number | undefined =>
    publishedFor(5, row({ target, test }))?.accuracy;
  expect(accuracy('ViT-B-32', 'cifar100:test')).toBe(0.7555);
  expect(accuracy('ViT-B-32.image', 'cifar100:test')).toBe(0.7555);
  expect(accuracy('ViT-B-16.image', 'cifar100:test')).toBeUndefined();
  expect(accuracy('demo_image_tower', 'cifar100:test')).toBeUndefined();
  expect(accuracy('ViT-B-32', 'folder:scenes')).toBeUndefined();
});

const modelSeen = (spec: Parameters<typeof makeTransform>[0]): ModelRecord =>
  ({ ...three.environment.models[0], name: 'resnet18', transform: makeTransform(spec, [224, 224]) }) as ModelRecord;
const noticesWith = async (model: ModelRecord, row: Partial<ResultRow> = {}): Promise<string> => {
  const results = { ...sweep([madeRow(row)]), environment: { ...three.environment, models: [model] } };
  return parseHTML(await renderReport([results])).document.querySelector('.notices')?.textContent ?? '';
};

test('a mean and a deviation that were given are not called ImageNet’s', async () => {
  expect(await noticesWith(modelSeen('protocol'))).toContain('ImageNet’s');
  const own = await noticesWith(modelSeen({ name: 'protocol', mean: [0.5071, 0.4866, 0.4409], std: 0.25 }));
  expect(own).not.toContain('ImageNet');
  expect(own).toMatch(naming('0.507, 0.487, 0.441', '0.25'));
});

test('another transform is advised only where it is another than was used', async () => {
  const collapsed = { majorityShare: 0.9 };
  expect(await noticesWith(modelSeen('protocol'), collapsed)).toContain('‘upsample’');
  expect(await noticesWith(modelSeen('upsample'), collapsed)).not.toContain('‘upsample’');
  expect(await noticesWith(modelSeen('timm'), collapsed)).not.toContain('‘upsample’');
  const stated = { ...modelSeen('protocol'), ownTransform: makeTransform('protocol', [224, 224]) };
  expect(await noticesWith(stated, collapsed)).not.toContain('‘upsample’');
});

test('variations are no images: their number stands beside that of the images', () => {
  const text = renderResults(sweep([madeRow({ nTrain: 2480, nTest: 720, variations: 16 })]));
  expect(text).toMatch(naming(155, 16));
  expect(text).not.toMatch(/2,480/);
});

test('names only show: in a terminal, in Markdown and on a page', async () => {
  const evil = 'a\u001b]0;pwned\u0007|b`*[x](http://e.vil)\u202egpj.exe\nwww.e.vil @me $x$ \u2028';
  const rows = [
    madeRow({
      source: evil,
      target: evil,
      test: `folder:/a/e.vil${evil.replaceAll('/', '')}`,
      warnings: [{ kind: 'text', text: evil }],
    }),
  ];
  const results = { ...sweep(rows), question: evil };
  const acts = /[\u0000-\u0009\u000b-\u001f\u007f\u2028\u202e]/;
  const texts = [renderResults(results), renderMarkdown(results), await renderReport([results])];
  for (const text of texts) expect(text.replaceAll('\t', '')).not.toMatch(acts);
  const [, markdown] = texts;
  const body = markdown.split('\n\n').slice(0, -1).join('\n');
  // The end of a folder's name is not taken for a name behind a backslash.
  expect(body).toContain('folder:e.vil');
  expect(body).not.toMatch(/(?<!\\)[`[\]]|(?<!\\):\/\/|www\.|(?<!\\)[@$]/);
  // As many cells in each line of a table as it has headings.
  const cells = markdown.split('\n').flatMap((line) => (line.startsWith('|') ? line.match(/(?<!\\)\|/g)!.length : []));
  expect(new Set(cells).size).toBe(1);
});

test('the edge of a grid is named with the fit that it is of, and not where all penalties are exact', async () => {
  const grid = (changes: Partial<ResultRow>, errors: readonly number[]): ResultRow[] =>
    errors.map((mse, i) => madeRow({ ...changes, alpha: [0, 1, 1000][i], mse }));
  const exact = grid({ prior: 'head', r2: 1 - 1e-13 }, [4.6e-13, 4.5e-13, 3.6e-13]);
  const page = async (rows: ResultRow[]): Promise<string> =>
    parseHTML(await renderReport([sweep(rows)])).document.querySelector('.notices')?.textContent ?? '';
  expect(await page(exact)).not.toContain('Alpha');
  const far = grid({ prior: 'head', r2: 0.9 }, [3, 2, 1]);
  expect(await page(far)).toMatch(naming('logits', 'head', 'cifar100:test', 'α = 1000'));
});

test('of every field it is decided whether it says something where the outputs do not', async () => {
  const schema = JSON.parse(await readFile('assets/results.schema.json', 'utf8')) as {
    properties: { rows: { items: { properties: Record<string, unknown> } } };
  };
  const fields = Object.keys(schema.properties.rows.items.properties);
  // What the fit is of, what it was fitted on, and what is true of the images and models whatever was fitted.
  const stay = new Set([
    ...['source', 'target', 'train', 'test', 'from', 'observe', 'nTrain', 'nTest', 'variations', 'overlap'],
    ...['alpha', 'prior', 'solver', 'sgd', 'rank', 'gap', 'condition', 'reading', 'exact', 'notKnown', 'warnings'],
    ...['inSpanShare', 'majorityShare', 'distinctClasses', 'ties', 'rawAgreement', 'pinvAgreement', 'variance'],
    ...['cka', 'procrustesError', 'seconds'],
  ]);
  const filled = {
    ...unknown,
    ...Object.fromEntries(fields.filter((name) => !stay.has(name)).map((name) => [name, 0.5])),
  };
  const empty = new Map<string, unknown>(Object.entries(onlyKnown(filled)));
  const left = fields.filter((name) => !stay.has(name) && empty.get(name) === 0.5);
  expect(left).toEqual([]);
  expect([...stay].filter((name) => !fields.includes(name))).toEqual([]);
});
