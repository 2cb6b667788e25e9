import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { proseAssertions } from '../support/prose.js';

/** Sentences are free to change: only the tests of those that make them for people hold them. */
const allowed = ['words', 'cli', 'docs'];

const tests = path.resolve(import.meta.dirname, '..');

test('no assertion on prose outside the tests of words, of the command line and of the pages', () => {
  const found: string[] = [];
  for (const name of readdirSync(tests, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.ts') || allowed.includes(name.split(path.sep)[0])) continue;
    for (const { line, text } of proseAssertions(name, readFileSync(path.join(tests, name), 'utf8'))) {
      found.push(`${name}:${line}: ${text}`);
    }
  }
  expect(found).toEqual([]);
});

test.each([
  ["await expect(f()).rejects.toThrow('cut short at byte 7');", 1],
  ['expect(text).toMatch(/found .* a folder/);', 1],
  ["expect(error).toEqual(coded('damaged', 'is cut'));", 1],
  ["test.each([['a b', 'no images'], ['c', 'x.png']])('%s', (_, said) => expect(f).toThrow(said));", 1],
  ["for (const [, said] of [[1, 'no images']]) expect(f).toThrow(said);", 1],
  ["expect({ message }).toMatchObject({ message: expect.stringContaining('give its path') });", 1],
  ["expect(f(path.join('a b', 'c d'))).toThrow(coded('damaged', 'x y.tar', 7));", 0],
  ["expect(names).toEqual(['white shark']);", 0],
])('%s', (source, count) => expect(proseAssertions('x.ts', source)).toHaveLength(count));
