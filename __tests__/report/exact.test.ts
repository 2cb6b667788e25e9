import type { ModelRecord, ResultRow, Results } from '../../lib/results/index.js';
import { encodeOutcomes } from '../../lib/results/outcomes.js';
import { newcombe } from '../../lib/results/index.js';
import { renderMarkdown, renderReport, renderResults } from '../../lib/report/index.js';
import { intervalNotes, intervalOf } from '../../lib/report/exact.js';
import { naming } from '../support/coded.js';
import { madeRow } from './made.js';

/** What stands for the uncertainty of an agreement, and of the difference between two: intervals, or that they are exact. */

const model = (name: string, featureDim: number, headRank: number): ModelRecord => ({
  ...{ name, digest: name, featureDim, classCount: 100, headRank, headCondition: 10, headError: 2e-6, logitScale: 10 },
  ...{ transform: null, placement: null },
});

const resultsOf = (experiment: number, rows: ResultRow[], models: ModelRecord[]): Results => ({
  ...{ schema: 2, kind: 'experiment', experiment, question: 'How much?', rows, spectra: [], failures: [] },
  environment: {
    ...{ featreconstruct: '0', onnxruntime: '0', node: '0', platform: 'x', cpu: 'x', cores: 1, date: '2026-01-01' },
    ...{ command: null, jointSeconds: null, provider: 'cpu', fitProvider: 'cpu', models, datasets: [] },
  },
});

/** By image: whether the answers are the same. */
const outcomes = (of: (i: number) => boolean, n = 200): string =>
  encodeOutcomes(
    new Int32Array(n),
    Int32Array.from({ length: n }, (_, i) => (of(i) ? 0 : 1)),
  );

describe('an agreement of 100 %', () => {
  const rows = [
    madeRow({ exact: 'in-span' }),
    madeRow({ exact: 'always', prior: 'head' }),
    // Every image happens to agree.
    madeRow({ alpha: 3 }),
  ];
  const results = resultsOf(1, rows, [model('resnet18', 512, 512)]);

  test.each([
    ['terminal', () => Promise.resolve(renderResults(results))],
    ['Markdown', () => Promise.resolve(renderMarkdown(results))],
    ['page', () => renderReport([results])],
  ])('is exact by theorem, or has an interval: %s', async (_, render) => {
    const text = (await render()).replaceAll('\u00a0', ' ');
    for (const row of rows.slice(0, 2)) expect(text).toMatch(new RegExp(`${intervalOf(row)}(?! in|:)`));
    expect(text.match(/99\.96 – 100\.00 %/g)).toHaveLength(1);
    const notes = intervalNotes(rows);
    expect(notes).toHaveLength(2);
    // On a page a note begins with a capital.
    for (const note of notes) expect(text).toContain(note.slice(1));
  });

  test('variations: intervals are said to count images', () => {
    const varied = resultsOf(1, [madeRow({ agreement: 0.9, variations: 4, agreementInterval: [0.8, 0.95] })], []);
    expect(renderResults(varied)).toMatch(naming('intervals', 4));
    expect(intervalNotes(results.rows).join()).not.toContain('intervals');
  });
});

describe('features beside logits', () => {
  const narrow = { source: 'narrow', target: 'other', nTest: 200 };
  const wide = { source: 'wide', target: 'other', nTest: 200 };
  const rows = [
    madeRow({ ...narrow, outcomes: outcomes((i) => i % 2 === 0), agreement: 0.5 }),
    madeRow({ ...narrow, from: 'features', outcomes: outcomes((i) => i % 2 === 0), agreement: 0.5 }),
    madeRow({ ...wide, outcomes: outcomes((i) => i % 4 === 0), agreement: 0.25 }),
    madeRow({ ...wide, from: 'features', outcomes: outcomes((i) => i % 4 < 2), agreement: 0.5 }),
  ];
  const models = [model('narrow', 64, 64), model('wide', 640, 100), model('other', 64, 64)];
  const paired = newcombe({ both: 50, first: 50, second: 0, neither: 100 });
  const cell = `+25.00 (+${(100 * paired.interval[0]).toFixed(2)} to +${(100 * paired.interval[1]).toFixed(2)})`;

  test('experiment 4: a paired interval for each pair, or 0 exactly where the head keeps everything', async () => {
    const results = resultsOf(4, rows, models);
    const text = renderResults(results);
    expect(text).toContain(cell);
    expect(text).toMatch(naming('narrow', 'logits', 'features', 'same'));
    for (const format of [text, renderMarkdown(results), await renderReport([results])]) {
      expect(format).toContain('25.00');
      expect(format).toMatch(naming('W f', '2e-7'));
    }
    expect(await renderReport([results])).toContain('0, exact');
    expect(renderMarkdown(results)).toContain(cell.replace('+25', '+25'));
  });

  test('not exact where an image left the span, a penalty was taken, or the head drops features', () => {
    const changed = (change: Partial<ResultRow>, head = models): string =>
      renderResults(
        resultsOf(
          4,
          rows.slice(0, 2).map((row) => ({ ...row, ...change })),
          head,
        ),
      );
    expect(changed({})).not.toContain('0.00 (');
    expect(changed({ inSpanShare: 0.99 })).toContain('0.00 (');
    expect(changed({ alpha: 1 })).toContain('0.00 (');
    expect(changed({}, [model('narrow', 64, 63)])).toContain('0.00 (');
  });

  test('experiment 5 says both', () => {
    const text = renderResults(resultsOf(5, rows.slice(2), models));
    expect(text).toContain(cell);
    expect(text).toContain('W f');
  });
});
