import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseResults, readResults } from '../../lib/results/index.js';

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
    expect(await readResults(folder)).toEqual(JSON.parse(text));
    expect(await readResults(file)).toEqual(JSON.parse(text));
    await expect(readResults(path.join(folder, 'none'))).rejects.toThrow(/none, found none: give a folder that `feat/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each<[string, string, RegExp]>([
  ['no JSON', 'rows: 3', /Expected JSON in results\.json, found something else/],
  ['a NaN, as Python writes it', text.replace(/"mse":[^,]+/, '"mse":NaN'), /NaN and Infinity are not JSON/],
  ['nothing', 'null', /the file: expected object, found null/],
  ['a later schema', changed((r) => (r.schema = 2)), /found schema 2, of a later version: update featreconstruct/],
  ['a schema that is no number', changed((r) => (r.schema = 'x')), /schema: expected 1, found "x"/],
  ['a missing figure', changed((r) => delete r.rows[1].mse), /rows\[1\]\.mse: expected it to be there/],
  [
    'a text for a figure',
    changed((r) => (r.rows[0].kappa = 'high')),
    /rows\[0\]\.kappa: expected number or null, found "high"/,
  ],
  ['a share above one', changed((r) => (r.rows[0].agreement = 1.5)), /agreement: expected at most 1, found 1\.5/],
  [
    'half an interval',
    changed((r) => (r.rows[0].agreementInterval = [1])),
    /agreementInterval: expected 2 items, found 1/,
  ],
  ['a field too many', changed((r) => (r.rows[2].colour = 'red')), /rows\[2\]\.colour: expected no such field/],
  ['a wrong option', changed((r) => (r.rows[0].from = 'images')), /from: expected "logits" or "features"/],
  [
    'a wrong field inside of an option',
    changed((r) => (r.environment.models[0].transform.mean = [1, 2])),
    /models\[0\]\.transform\.mean: expected 3 items, found 2/,
  ],
  ['too many rows', changed((r) => (r.rows = Array(100_001).fill(null))), /at most 100000 rows .* found 100001/],
])('%s is a clear error', async (_, bad, message) => {
  await expect(parseResults(bad)).rejects.toThrow(message);
  await expect(parseResults(bad)).rejects.toMatchObject({ name: 'FeatReconstructError', exitCode: 1 });
});
