import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const { exports: all } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};
const entries = Object.entries(all).flatMap(([name, to]) => (typeof to === 'string' ? [] : [{ name, ...to }]));
const texts = [
  ...[path.join(root, 'README.md')],
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => /\.(md|ts)$/.test(name))
      .map((name) => path.join(root, folder, name)),
  ),
].map((file) => readFileSync(file, 'utf8'));
/** What pages and examples import, by entry point: a word that also means something else does not show a name. */
const shown = texts.flatMap((text) =>
  [...text.matchAll(/^import (?!type )\{([^}]*)\} from 'featreconstruct([^']*)'/gm)].map(([, names, entry]) => ({
    entry: `.${entry}`,
    names: names.split(',').map((name) => name.trim()),
  })),
);

test('there are three entry points', () => {
  expect(entries.map(({ name }) => name)).toEqual(['.', './leaks', './statistics']);
});

test.each(entries)('$name: every value is imported in a page or an example', async ({ name, default: file }) => {
  const values = Object.keys((await import(path.join(root, file))) as object);
  expect(values.length).toBeGreaterThan(5);
  const known = new Set(shown.filter(({ entry }) => entry === name).flatMap(({ names }) => names));
  expect(values.filter((value) => !known.has(value))).toEqual([]);
});

test('no value has two entry points', async () => {
  const values: string[] = [];
  for (const { default: file } of entries) {
    values.push(...Object.keys((await import(path.join(root, file))) as object));
  }
  expect(values.filter((value, i) => values.indexOf(value) !== i)).toEqual([]);
});
