import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseResults, readResults, type Results } from '../../lib/results/index.js';
import { coded } from '../support/coded.js';

const text = await readFile('__tests__/fixtures/report/experiment-3.json', 'utf8');
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- wrong on purpose, and at any depth
type Loose = any;
/** The fixture with one thing changed. */
const changed = (change: (results: Loose) => void): string => {
  const results = JSON.parse(text);
  change(results);
  return JSON.stringify(results);
};

test('a folder and a file are read alike', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'featreconstruct-test-'));
  try {
    const file = path.join(folder, 'results.json');
    await writeFile(file, text);
    expect(await readResults(folder)).toEqual(await parseResults(text));
    expect(await readResults(file)).toEqual(await parseResults(text));
    await expect(readResults(path.join(folder, 'none'))).rejects.toThrow(coded('not-found'));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each<[string, string, Error]>([
  ['no JSON', 'rows: 3', coded('damaged', 'JSON', 'results.json')],
  ['a NaN, as Python writes it', text.replace(/"mse":[^,]+/, '"mse":NaN'), coded('damaged', 'NaN')],
  ['nothing', 'null', coded('bad-input', 'file:', 'object', 'null')],
  ['a later schema', changed((r) => (r.schema = 3)), coded('version', 'schema', 3)],
  [
    'a schema that is no number',
    changed((r) => Object.assign(r, { schema: 'x', kind: 'audit' })),
    coded('bad-input', 'schema:', 2, '"x"'),
  ],
  ['a missing figure', changed((r) => delete r.rows[1].mse), coded('bad-input', 'rows[1].mse:')],
  [
    'a text for a figure',
    changed((r) => (r.rows[0].kappa = 'high')),
    coded('bad-input', 'rows[0].kappa:', 'number', 'null', '"high"'),
  ],
  ['a share above one', changed((r) => (r.rows[0].agreement = 1.5)), coded('bad-input', 'agreement:', 1, '1.5')],
  [
    'half an interval',
    changed((r) => (r.rows[0].agreementInterval = [1])),
    coded('bad-input', 'agreementInterval:', 2, 1),
  ],
  ['a field too many', changed((r) => (r.rows[2].colour = 'red')), coded('bad-input', 'rows[2].colour:')],
  [
    'a wrong option',
    changed((r) => (r.rows[0].from = 'images')),
    coded('bad-input', 'from:', '"logits"', '"features"'),
  ],
  [
    'a wrong field inside of an option',
    changed((r) => (r.environment.models[0].transform.mean = [1, 2])),
    coded('bad-input', 'models[0].transform.mean:', 3, 2),
  ],
  [
    'outputs shown in no way that there is',
    changed((r) => (r.rows[1].observe = 'probs+nonsense')),
    coded('bad-input', 'rows[1].observe:', "'nonsense'"),
  ],
  ['too many rows', changed((r) => (r.rows = Array(100_001).fill(null))), coded('too-large', 100000, 100001)],
])('%s is a clear error', async (_, bad, message) => {
  await expect(parseResults(bad)).rejects.toThrow(message);
  await expect(parseResults(bad)).rejects.toMatchObject({ name: 'FeatReconstructError', exitCode: 1 });
});

describe('results of schema 1', () => {
  test.each([
    ['experiment-3', 'experiment'],
    ['experiment-4', 'experiment'],
    ['audit', 'audit'],
  ])('%s opens as a result of kind %s, with the same figures', async (name, kind) => {
    const old = JSON.parse(await readFile(`__tests__/fixtures/report/${name}.json`, 'utf8')) as Loose;
    expect(old.schema).toBe(1);
    const found = await parseResults(JSON.stringify(old));
    expect(found).toMatchObject({ schema: 2, kind });
    const without = ({ rows, leaks, ...rest }: Loose): Loose => ({
      ...{ ...rest, schema: null, kind: null, failures: null },
      leaks: leaks && {
        ...leaks,
        verdict: { ...leaks.verdict, sentences: undefined, findings: undefined },
        fingerprint: { ...leaks.fingerprint, reasons: leaks.fingerprint.reasons.length },
      },
      rows: rows.map((row: Loose) => ({ ...row, warnings: null })),
    });
    expect(without(found)).toEqual(without(old));
    expect(found.leaks?.verdict.findings).toEqual(
      old.leaks?.verdict.sentences.map((text: string) => ({ kind: 'text', text })),
    );
    expect(found.leaks?.fingerprint.reasons).toEqual(
      old.leaks?.fingerprint.reasons.map((text: string) => ({ kind: 'text', text })),
    );
    expect(found.rows.map(({ warnings }) => warnings.length)).toEqual(
      old.rows.map((row: Loose) => row.warnings.length),
    );
    // What it was read as is a result of today.
    expect(await parseResults(JSON.stringify(found))).toEqual(found);
  });

  const old = (change: (results: Loose) => void): Promise<Results> => parseResults(changed(change));
  const more = 'Something else.';

  test('sentences that the row tells itself are recognised, in whatever words; others are texts', async () => {
    const collapse =
      "x gives 59.6 % of the images of y one class: agreement is then easy. Kappa counts that out; the transform 'upsample' spreads the answers.";
    const { rows } = await old((r) => {
      Object.assign(r.rows[0], { majorityShare: 0.596, overlap: 3, inSpanShare: 1 });
      const overlap = '3 of the 720 images of a are in b too: they were not held out.';
      const span =
        '2 of the 720 images of a leave the span of the training logits of c: there the data say nothing, and the smallest map is taken.';
      r.rows[0].warnings = [collapse, overlap, more, span];
    });
    expect(rows[0].warnings).toMatchObject([
      { kind: 'collapse', share: 0.596 },
      { kind: 'not-held-out', overlap: 3 },
      { kind: 'text', text: more },
      // The figures know nothing of it.
      { kind: 'text' },
    ]);
  });

  test('failed checks, reasons and the choice of a penalty are read, and an edge of the grid is known as one', async () => {
    const [edge, rounding] = [
      'The best alpha, 1000, is the largest of the grid: a still larger one may be better.',
      'The errors of 2 alphas are within rounding of 0: they count as equal, and the first in the grid is taken.',
    ];
    const record = { source: 'a', target: 'b', train: 'c', from: 'logits', prior: null, alpha: 1000, select: 'mse' };
    const curve = [{ alpha: 1000, mse: 1, perFold: [1] }];
    const found = await old((r) => {
      r.failures = [more];
      Object.assign(r.rows[0], { observe: 'probs', notKnown: more });
      r.crossValidations = [`${edge} ${rounding}`, edge, rounding, null].map((warning) => ({
        ...{ ...record, folds: 5, shuffle: null, curve, warning },
      }));
    });
    expect(found).toMatchObject({ kind: 'sweep', failures: [{ kind: 'text', text: more }] });
    expect(found.rows[0].notKnown).toEqual({ kind: 'text', text: more });
    const known = { kind: 'edge-of-grid', alpha: 1000, edge: 'largest' };
    expect(found.crossValidations!.map(({ warning }) => warning)).toEqual([
      [known, { kind: 'text', text: rounding }],
      [known],
      [{ kind: 'text', text: rounding }],
      null,
    ]);
  });

  test.each<[string, (r: Loose) => void]>([
    ['a number among the warnings', (r) => (r.rows[0].warnings = [3])],
    ['no list of warnings', (r) => (r.rows[0].warnings = 'x')],
    ['no warnings', (r) => delete r.rows[0].warnings],
    ['no list of rows', (r) => (r.rows = 3)],
    ['a row that is null', (r) => (r.rows = [null])],
    ['no failures', (r) => delete r.failures],
    ['a reason that is a number', (r) => (r.rows[0].notKnown = 3)],
    ['leaks that are null', (r) => (r.leaks = null)],
    ['leaks without a verdict', (r) => (r.leaks = {})],
  ])('%s is refused as before', async (_, change) => {
    await expect(old(change)).rejects.toMatchObject({ name: 'FeatReconstructError', code: 'bad-input' });
  });
});

test.each(['', ' \n', '\uFEFF'])('an empty file is called so', async (nothing) => {
  await expect(parseResults(nothing, 'a.json')).rejects.toThrow(coded('bad-input', 'a.json', 'empty'));
});
