import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { formatNames } from '../../lib/datasets/index.js';
import { pageNames, readPage, root, type Page } from './pages.js';

const pages = new Map(pageNames.map((name) => [name, readPage(name)]));

test.each(pageNames)('%s: every link leads somewhere', (name) => {
  const page = pages.get(name)!;
  expect(
    page.links.flatMap(({ line, target }) => whatIsWrong(page, target).map((text) => `${name}:${line} ${text}`)),
  ).toEqual([]);
});

test.each(['README.md', 'docs/commands.md'])('%s names every kind of data set', (name) => {
  const text = pages.get(name)!.text;
  // The README has the usual ones.
  const rare = name === 'README.md' ? ['imagefolder', 'synthetic-shift'] : [];
  const left = formatNames.filter((format) => !rare.includes(format) && !text.includes(`\`${format}:`));
  expect(left).toEqual([]);
});

test('a page of docs/ can be reached from the README', () => {
  const seen = new Set<string>();
  const open = ['README.md'];
  for (const name of open) {
    if (seen.has(name) || !pages.has(name)) continue;
    seen.add(name);
    for (const { target } of pages.get(name)!.links) {
      if (!/^https?:/.test(target)) open.push(path.posix.join(path.posix.dirname(name), target.split('#')[0]));
    }
  }
  expect(pageNames.filter((name) => !seen.has(name))).toEqual([]);
});

/** Why a link is dead; nothing where it is not. Other people's sites are not asked. */
function whatIsWrong(page: Page, target: string): string[] {
  if (/^https?:/.test(target)) return URL.canParse(target) ? [] : [`${target} is no address`];
  if (/^[a-z]+:/i.test(target)) return [`${target}: expected a relative path or https`];
  const [file, anchor] = target.split('#');
  const name = file === '' ? page.name : path.posix.join(path.posix.dirname(page.name), file);
  if (name.startsWith('..')) return [`${target} leaves the repository`];
  const found = path.join(root, name);
  if (!existsSync(found)) return [`${target} leads to nothing`];
  if (anchor === undefined) return [];
  const other = file === '' ? page : (pages.get(name) ?? (name.endsWith('.md') ? readPage(name) : null));
  if (!other || statSync(found).isDirectory()) return [`${target}: an anchor in what is no page`];
  return other.headings.some((heading) => heading.anchor === anchor) ? [] : [`${target}: no such heading`];
}
