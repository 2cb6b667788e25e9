import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseHTML } from 'linkedom';
import { parseResults } from '../../lib/results/index.js';
import { renderReport } from '../../lib/report/index.js';
import type { Results } from '../../lib/results/index.js';
import type { Warning } from '../../lib/words/index.js';
import { madeRow } from './made.js';

const fixture = async (name: string): Promise<Results> =>
  parseResults(await readFile(`__tests__/fixtures/report/${name}.json`, 'utf8'));
const three = await fixture('experiment-3');

test('the question, the answer in a sentence, warnings, then figures, charts and the command', async () => {
  const page = await renderReport([three]);
  const { document } = parseHTML(page);
  expect(document.querySelector('h1')!.textContent).toBe('Across data sets: fitted on one, tested on another');
  expect(document.querySelector('.answer')!.textContent).toBe(
    'Features of mobilenet_v1_025 read back from its own logits give the same answer on 100.00 % of 10,000 images of cifar100:test and 99.72 % of 720 images of folder:scenes, with the head as prior on 100.00 %.',
  );
  const notices = [...document.querySelectorAll('.notices li')].map(({ textContent }) => textContent);
  expect(notices.map((text) => text!.slice(0, 16))).toEqual([
    'Collapse: on cif',
    'Outside the span',
    'mobilenet_v1_025',
    'mobilenet_v1_025',
  ]);
  expect([...document.querySelectorAll('h3')].map(({ textContent }) => textContent)).toEqual([
    ...['Figures', 'Agreement by fit', 'Agreement by how clear the answer is'],
    ...['What the maps read, by its eigenvalues', 'How to make it again'],
  ]);
  expect(document.querySelectorAll('svg[role="img"]')).toHaveLength(3);
  expect(document.querySelector('pre')!.textContent).toBe(three.environment.command);
  expect(page.length).toBeLessThan(60_000);
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
  const four = await fixture('experiment-4');
  const { document } = parseHTML(await renderReport([three, four]));
  const answers = [...document.querySelectorAll('.answers-of-all p')].map(({ textContent }) => textContent);
  expect(answers).toEqual([...document.querySelectorAll('.answer')].map(({ textContent }) => textContent));
  for (const link of document.querySelectorAll('nav a, .answers-of-all a')) {
    expect(document.querySelector(link.getAttribute('href')!)).not.toBeNull();
  }
  for (const section of document.querySelectorAll('main > section[id]')) {
    expect(section.querySelector('.answer')!.closest('details')).toBeNull();
    expect(section.querySelector('details.fold.result > summary')).not.toBeNull();
    for (const chart of section.querySelectorAll('svg')) expect(chart.closest('details.result')).not.toBeNull();
  }
});

test('many models are one sentence: the least and the most of them', async () => {
  const rows = ['a', 'b', 'c'].flatMap((name, i) =>
    three.rows
      .filter(({ test }) => test === three.rows[0].test)
      .map((row) => ({ ...row, source: name, target: name, agreement: row.prior === null ? 0.9 + 0.03 * i : 1 })),
  );
  const { document } = parseHTML(await renderReport([{ ...three, experiment: 1, rows }]));
  expect(document.querySelector('.answer')!.textContent).toBe(
    'Read back from their own logits, the features of 3 models give the same answer on 90.00 % to 96.00 % of 10,000 images of cifar100:test (with the head as prior on 100.00 %).',
  );
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
  expect(text).toContain('least squares / ridge α = 0.1');
  expect(text).toContain('sweep --alpha cv');
  expect(text).toContain('2 · Experiment 1');
  // Where a result has several, its own at the same alpha is the one to hold it against.
  const grid = await textOf(of('a', 0, 0.1), of('b', 0.1));
  expect(grid).not.toContain('least squares / ridge');
  expect(grid).not.toContain('No fit of the same kind');
});
