import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { proseAssertions } from '../support/prose.js';

/** Sentences are free to change: only the tests of those that make them for people hold them. */
const allowed = ['words', 'cli', 'docs'];

/** What is still to be replaced by codes, kinds and names: these counts may only fall. */
const left: Record<string, number> = {
  leaks: 44,
};

const tests = path.resolve(import.meta.dirname, '..');

test('no assertion on prose outside the rooms that make sentences', () => {
  const counts: Record<string, number> = {};
  const places: string[] = [];
  for (const name of readdirSync(tests, { recursive: true, encoding: 'utf8' }).sort()) {
    const [room] = name.split(path.sep);
    if (!name.endsWith('.ts') || allowed.includes(room)) continue;
    for (const { line, text } of proseAssertions(name, readFileSync(path.join(tests, name), 'utf8'))) {
      counts[room] = (counts[room] ?? 0) + 1;
      places.push(`${name}:${line}: ${text}`);
    }
  }
  const over = Object.entries(counts).filter(([room, count]) => count > (left[room] ?? 0));
  expect(places.filter((place) => over.some(([room]) => place.startsWith(`${room}${path.sep}`)))).toEqual([]);
  expect(counts).toEqual(left);
});
