import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseHTML } from 'linkedom';
import { definitions, fitName, noticesOf, parseResults } from '../../lib/results/index.js';
import { renderReport } from '../../lib/report/index.js';
import type { ResultRow, Results } from '../../lib/results/index.js';
import { noticeInWords, type Warning } from '../../lib/words/index.js';
import { naming } from '../support/coded.js';
import { madeRow } from './made.js';

const fixture = async (name: string): Promise<Results> =>
  parseResults(await readFile(`__tests__/fixtures/report/${name}.json`, 'utf8'));
const three = await fixture('experiment-3');
const four = await fixture('experiment-4');
const audit = await fixture('audit');

type Document = ReturnType<typeof parseHTML>['document'];

/** What stands at a place of a page, with ordinary blanks. */
const textAt = (document: Document, place: string): string =>
  document.querySelector(place)!.textContent!.replaceAll('\u00a0', ' ').replace(/\s+/g, ' ').trim();
const pageOf = async (...results: Results[]): Promise<Document> => parseHTML(await renderReport(results)).document;

const sgdOf = (epochs: number): NonNullable<ResultRow['sgd']> => ({
  ...{ epochs, batchSize: 256, learningRate: 0.1, momentum: 0.9 },
  shuffle: false,
});

test('the question, the answer in a sentence, warnings, then figures, charts and the command', async () => {
  const page = await renderReport([three]);
  const { document } = parseHTML(page);
  expect(document.querySelector('h1')!.textContent).toBe(definitions.find(({ id }) => id === 3)!.title);
  expect(textAt(document, '.answer')).toMatch(
    naming('mobilenet_v1_025', '100.00 %', '10,000', 'cifar100:test', '99.72 %', '720', 'folder:scenes', '100.00 %'),
  );
  const notices = [...document.querySelectorAll('.notices li')].map(({ textContent }) => textContent);
  const found = noticesOf(three);
  expect(found.map(({ kind }) => kind)).toEqual([...['collapse', 'outside-span', 'cropped', 'unstated-transform']]);
  expect(notices).toEqual(found.map((notice) => noticeInWords(notice).replace(/(\d) %/g, '$1\u00a0%')));
  expect([...document.querySelectorAll('h3')].map(({ textContent }) => textContent!.split(' ')[0])).toEqual([
    ...['Figures', 'Agreement', 'Agreement', 'What', 'How'],
  ]);
  // Of these two are drawn again for a phone.
  expect(document.querySelectorAll('svg[role="img"]')).toHaveLength(7);
  expect(document.querySelectorAll('.narrow svg[role="img"]')).toHaveLength(2);
  expect(document.querySelector('pre')!.textContent).toBe(three.environment.command);
  expect(page.length).toBeLessThan(80_000);
});

test('nothing is loaded from anywhere, and only the one script may run', async () => {
  const page = await renderReport([three]);
  const { document } = parseHTML(page);
  const scripts = [...document.querySelectorAll('script:not([type])')];
  expect(scripts).toHaveLength(1);
  const hash = createHash('sha256').update(page.split('<script>')[1].split('</script>')[0]).digest('base64');
  const policy = document.querySelector('meta[http-equiv]')!.getAttribute('content')!;
  expect(policy.split('; ')).toEqual([
    ...["default-src 'none'", "style-src 'unsafe-inline'", 'img-src data:', `script-src 'sha256-${hash}'`],
  ]);
  expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|@import|url\(/);
});

test('names out of a file stay names', async () => {
  const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>]]>&lt;\u0001`;
  const evilWarnings: Warning[] = [
    { kind: 'text', text: evil },
    { kind: 'collapse', target: evil, test: evil, share: 0.9, variations: false },
    { kind: 'embeddings-far', model: evil, cosine: 0.1, byChance: 0.2 },
  ];
  const hostile: Results = {
    ...three,
    ...{ question: evil, failures: [{ kind: 'text', text: evil }] },
    rows: three.rows.map((row) => ({ ...row, source: evil, target: evil, test: evil, warnings: evilWarnings })),
    environment: {
      ...{ ...three.environment, command: evil, cpu: evil },
      models: three.environment.models.map((model) => ({ ...model, name: evil, digest: evil })),
    },
  };
  for (const experiment of [3, 4, 99]) {
    const page = await renderReport([{ ...hostile, experiment }]);
    const { document } = parseHTML(page);
    expect(document.querySelectorAll('script:not([type])')).toHaveLength(1);
    expect(document.querySelectorAll('img, [onerror]')).toHaveLength(0);
    expect(document.querySelector('.question')!.textContent).toBe(evil.replace('\u0001', '\\x01'));
    expect(page.match(/<script/g)!.length).toBe(page.match(/<\/script/g)!.length);
  }
});

test('of several results the answers stand first, and what is behind them is folded', async () => {
  const { document } = parseHTML(await renderReport([three, four]));
  const answers = [...document.querySelectorAll('.answers-of-all p')].map(({ textContent }) => textContent);
  expect(answers).toEqual([...document.querySelectorAll('section .answer')].map(({ textContent }) => textContent));
  for (const link of document.querySelectorAll('nav a, .answers-of-all a')) {
    expect(document.querySelector(link.getAttribute('href')!)).not.toBeNull();
  }
  for (const section of document.querySelectorAll('main > section[id]')) {
    expect(section.querySelector('.answer')!.closest('details')).toBeNull();
    expect(section.querySelector('details.fold.result > summary')).not.toBeNull();
    // The first picture alone is in sight.
    for (const chart of section.querySelectorAll('figure > svg, .charted')) {
      expect(chart.closest('details.result, .pictures, .matrix')).not.toBeNull();
    }
  }
});

test('many models are one sentence: the least and the most of them', async () => {
  const rows = ['a', 'b', 'c'].flatMap((name, i) =>
    three.rows
      .filter(({ test }) => test === three.rows[0].test)
      .map((row) => ({ ...row, source: name, target: name, agreement: row.prior === null ? 0.9 + 0.03 * i : 1 })),
  );
  const { document } = parseHTML(await renderReport([{ ...three, experiment: 1, rows }]));
  const answer = textAt(document, '.answer');
  expect(answer).toMatch(naming(3, '90.00 %', '96.00 %', '10,000', 'cifar100:test', '100.00 %'));
  expect(answer.match(/\.(?!\d)/g)).toHaveLength(1);
});

test('side by side: a fit stands beside that at another alpha, and results of one name are told apart', async () => {
  const of = (command: string, ...alphas: number[]): Results => ({
    ...three,
    experiment: 1,
    rows: alphas.map((alpha) => madeRow({ alpha })),
    environment: { ...three.environment, command },
  });
  const textOf = async (...results: Results[]): Promise<string> =>
    parseHTML(await renderReport(results)).document.body.textContent!;
  const text = await textOf(of('sweep --alpha 0', 0), of('sweep --alpha cv', 0.1));
  const both = [0, 0.1].map((alpha) => fitName(madeRow({ alpha }))).join(' / ');
  expect(text).toContain(both);
  expect(text).toContain('sweep --alpha cv');
  expect(text).toContain('2 · Experiment 1');
  // Where a result has several, its own at the same alpha is the one to hold it against.
  const grid = await textOf(of('a', 0, 0.1), of('b', 0.1));
  expect(grid).not.toContain(both);
  expect(grid).not.toMatch(/\bNo\b/);
});

test('the first screen has the answer, one number, and a picture from 0 to 100', async () => {
  const one = await pageOf({
    ...three,
    experiment: 1,
    rows: [madeRow(), madeRow({ sgd: sgdOf(10), agreement: 0.993 })],
  });
  expect(textAt(one, '.headline b')).toBe('100 %');
  const [agreement, r2] = [...one.querySelectorAll('.pictures svg')].map((svg) => svg.textContent!);
  for (const text of [agreement, r2]) expect(text).toMatch(/0\s*20\s*40\s*60\s*80\s*100/);
  expect(agreement).toContain('SGD, 10 epochs');
  expect(agreement).toContain('99.3 %');
  expect(textAt(await pageOf(four), '.headline span')).toMatch(/median .*\d+/);
  expect((await pageOf(audit)).querySelector('.pictures, .verdict')).not.toBeNull();
});

test('the lowest of several is the number where they differ; what is not known is none', async () => {
  const rows = ['a', 'b'].map((name, i) => madeRow({ source: name, target: name, agreement: 1 - 0.1 * i }));
  expect(textAt(await pageOf({ ...three, experiment: 1, rows }), '.headline')).toMatch(/^90\.0 % .*lowest/);
  const across = [madeRow({ source: 'b', target: 'a', agreement: 0.777 }), madeRow({ source: 'a', target: 'a' })];
  expect(textAt(await pageOf({ ...three, experiment: 2, rows: across }), '.headline b')).toBe('77.7 %');
  const unknown = [madeRow({ agreement: null, agreed: null, agreementInterval: null })];
  expect((await pageOf({ ...three, experiment: 1, rows: unknown })).querySelector('.headline')).toBeNull();
  const worse = [madeRow({ source: 'b', target: 'a', agreement: 0.1, r2: -0.312 })];
  expect(textAt(await pageOf({ ...three, experiment: 2, rows: worse }), '.pictures figure:nth-of-type(2)')).toContain(
    '−31.2 %',
  );
});

test('several results begin with one picture, and the same fit in two is told apart', async () => {
  const at = (alpha: number, agreement: number): Results => ({
    ...three,
    experiment: 1,
    rows: [madeRow({ alpha, agreement })],
  });
  const twice = await pageOf(at(0, 1), at(10, 0.9));
  const picture = textAt(twice, '.pictures');
  expect(picture).toContain('resnet18, result 1');
  expect(picture).toContain('resnet18, result 2');
  const other = await pageOf(
    { ...three, experiment: 1, rows: [madeRow()] },
    { ...three, experiment: 2, rows: [madeRow(), madeRow({ source: 'b', agreement: 0.5 })] },
  );
  expect(textAt(other, '.answer')).toMatch(naming('100 %', '50.0 %'));
  expect(textAt(other, '.pictures .wide').match(/resnet18/g)!.length).toBe(2);
  expect((await pageOf(four, audit)).querySelector('main > .pictures, main > .first')).not.toBeNull();
});

test('a range that is said of other models’ logits is of all pairs of the page and of all test sets', async () => {
  const pair = { source: 'a', target: 'b' };
  const two: Results = { ...three, experiment: 2, rows: [madeRow({ ...pair, agreement: 0.588 })] };
  const matrix = (test: string, agreement: number): ResultRow[] => [
    ...['a', 'b'].map((name) => madeRow({ source: name, target: name, test })),
    ...[pair, { source: 'b', target: 'a' }].map((each) => madeRow({ ...each, test, agreement })),
  ];
  const all: Results = { ...four, rows: [...matrix('cifar10:test', 0.518), ...matrix('folder:x/scenes', 0.49)] };
  expect(textAt(await pageOf(two, all), '.answer')).toMatch(naming('49.0', '58.8'));
  const alone = await pageOf(all);
  expect(textAt(alone, '.answer')).toMatch(naming('51.8', 'cifar10:test', '49.0', 'folder:scenes'));
  expect(textAt(alone, '.headline')).toMatch(naming('51.8', 'cifar10:test'));
  const otherLogits = { ...all, rows: all.rows.slice(0, 4) };
  expect(textAt(await pageOf(otherLogits), '.answer')).not.toMatch(naming('cifar10:test'));
});

test('folders are of another kind where experiment 3 was asked, and not beside it', async () => {
  const folders = { train: 'folder:a', test: 'folder:b' };
  const one: Results = { ...three, experiment: 1, rows: [madeRow({ ...folders, agreement: 0.99 })] };
  const shifted: Results = { ...three, rows: [madeRow({ train: 'folder:a', test: 'hf:x/y:test', agreement: 0.7 })] };
  expect(textAt(await pageOf(one, shifted), '.answer')).toMatch(naming('99.0', ';', '70.0'));
  const asked = { ...shifted, rows: [...shifted.rows, madeRow({ ...folders, agreement: 0.99 })] };
  const own = { ...three, experiment: 2, rows: [madeRow()] };
  expect(textAt(await pageOf(own, asked), '.answer')).toMatch(naming('100', ';', '70.0', '99.0'));
});

test('a warning of several results is said once, and a term is explained once', async () => {
  const at = (experiment: number): Results => ({ ...three, experiment });
  const document = await pageOf(at(1), at(3), four);
  const notices = [...document.querySelectorAll('.notices li')].map(({ textContent }) => textContent!);
  const body = document.body.textContent!;
  expect(notices.length).toBeGreaterThan(0);
  for (const text of notices) expect(body.split(text.replace(/ \(results? [^)]*\)$/, '')).length).toBe(2);
  for (const term of ['Agreement', 'Features', 'In span']) {
    expect(
      [...document.querySelectorAll('.glossary b')].filter(({ textContent }) => textContent === term),
    ).toHaveLength(1);
  }
});

test('results of different experiments are not set side by side', async () => {
  expect((await pageOf(three, four)).querySelector('[aria-label="Results side by side"]')).toBeNull();
  const mixed = await pageOf({ ...three, experiment: 1 }, { ...three, experiment: 1 }, four);
  const headings = [...mixed.querySelectorAll('[aria-label="Results side by side"] th[scope=col]')].map(
    (th) => th.textContent,
  );
  expect(headings.filter((text) => text!.startsWith('result'))).toEqual(['result 1', 'result 2']);
});

test('no figure is parted from its %', async () => {
  for (const results of [[three], [three, four], [audit]]) {
    const { document } = parseHTML(await renderReport(results));
    for (const element of document.querySelectorAll('.first, td, .notices li, .note, figcaption')) {
      expect(element.textContent).not.toMatch(/\d %/);
    }
  }
});

test('a failed check stands above the answer', async () => {
  const document = await pageOf({ ...three, failures: [{ kind: 'text', text: 'wrong' }] });
  const order = [...document.querySelectorAll('.notices.failed, .first')].map((each) => each.className);
  expect(order[0]).toBe('notices failed');
});
