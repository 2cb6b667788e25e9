import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readPage, root } from './pages.js';

/** Messages that a page quotes, each in the first cell of a table's line, are still said by the library. */

const said = readdirSync(path.join(root, 'dist'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.js'))
  .map((name) => readFileSync(path.join(root, 'dist', name), 'utf8'))
  .join('\n');

test.each([
  ['docs/diagnostics.md', 10],
  ['docs/your-own.md', 20],
  ['docs/logs.md', 4],
])('%s', (name, least) => {
  const cells = [...readPage(name).text.matchAll(/^\| ("[^|]+)\|/gm)].map(([, cell]) => cell);
  const quoted = cells.flatMap((cell) => [...cell.matchAll(/"([^"]+)"/g)].map(([, text]) => text));
  expect(quoted.length).toBeGreaterThanOrEqual(least);
  expect(quoted.filter((text) => !said.includes(text))).toEqual([]);
});
