import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rowWarnings } from '../../lib/results/index.js';
import { warningInWords } from '../../lib/words/index.js';
import { columnsFor } from '../../lib/report/columns.js';
import { madeRow } from '../report/made.js';
import { readPage, root } from './pages.js';

/** docs/diagnostics.md explains all that a result holds, by the schema and by what the code says. */

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
}

const schema = JSON.parse(readFileSync(path.join(root, 'assets', 'results.schema.json'), 'utf8')) as Schema & {
  definitions: Record<string, Schema>;
};
const page = readPage('docs/diagnostics.md');
const named = (text: string): Set<string> => new Set([...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
const row = schema.properties!.rows.items!;
const headed = new Set(page.headings.flatMap(({ text }) => text.split(', ')));

test.each(Object.keys(row.properties!))('%s of a row has a heading of its own', (field) => {
  expect([...headed]).toContain(field);
});

const plain = new Set(['schema', 'experiment', 'question', 'rows']);

test.each(Object.keys(schema.properties!).filter((field) => !plain.has(field)))(
  '%s has a heading of its own',
  (field) => {
    expect([...headed]).toContain(field);
  },
);

test('every field inside them is named', () => {
  const names = new Set([...named(page.text), ...headed]);
  const { rows, spectra, crossValidations, samples, leaks, environment } = schema.properties!;
  const fields = [
    rows,
    spectra,
    crossValidations,
    samples,
    leaks,
    environment,
    ...Object.values(schema.definitions),
  ].flatMap(fieldsIn);
  // What a transform consists of is explained where one brings one's own.
  const elsewhere = new Set(['steps', 'scale', 'mean', 'std', 'channels']);
  expect([...new Set(fields)].filter((field) => !names.has(field) && !elsewhere.has(field))).toEqual([]);
});

function fieldsIn({ properties = {}, items, oneOf = [] }: Schema): string[] {
  return [
    ...Object.keys(properties),
    ...[...Object.values(properties), ...oneOf, ...(items ? [items] : [])].flatMap(fieldsIn),
  ];
}

test('what a row warns of is quoted', () => {
  const warnings = rowWarnings(madeRow({ majorityShare: 0.9, inSpanShare: 0.5, overlap: 3 }));
  expect(warnings).toHaveLength(3);
  const quoted = [...page.text.matchAll(/"([^"]+)"/g)].map(([, text]) => text);
  for (const warning of warnings)
    expect(quoted.filter((text) => warningInWords(warning).includes(text))).not.toEqual([]);
});

test('every heading of the table is there', () => {
  const accuracy = { original: 0.8, reconstructed: 0.7, n: 10 };
  const rows = [madeRow({ observe: 'probs', from: 'features', inSpanShare: 0.5, accuracy }), madeRow()];
  const headings = [...columnsFor(1, rows), ...columnsFor(1, [])].map(({ heading }) => heading);
  expect(headings).toEqual(expect.arrayContaining(['accuracy', 'published', 'agreement there']));
  const table = page.text.slice(page.text.indexOf('## Headings in tables'));
  expect(headings.filter((heading) => !named(table).has(heading))).toEqual([]);
});
