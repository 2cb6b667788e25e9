import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { refusal } from './cli.js';
import { pageNames, readPage, root, type CodeBlock } from './pages.js';
import { Scratch } from './scratch.js';
import { parseShell } from './shell.js';
import { typeErrors } from './types.js';

/**
 * Code in the written pages. A comment in front of a block, which no reader sees, says how it is tested:
 *
 *     <!-- run -->                                     as it stands, in the page's scratch folder
 *     <!-- run: A → B; C → D; prints: TEXT -->         with B for every A; what it prints has TEXT in it
 *     <!-- not run: REASON -->
 *
 * Where it is not run, TypeScript is type-checked and commands are parsed by the command line all the same.
 */

const pages = pageNames.map(readPage);
const nameOf = (page: string, { line }: CodeBlock): string => `${page}:${line}`;
const blocks = pages.flatMap(({ name, blocks }) =>
  blocks.map((block) => ({ name: nameOf(name, block), page: name, block })),
);
const code = blocks.filter(({ block }) => block.language !== 'text');
const shell = code.filter(({ block }) => block.language === 'sh');

test.each(pages.map(({ name, indented }) => [name, indented]))('%s: blocks have fences', (_, indented) => {
  expect(indented).toEqual([]);
});

test.each(code.map(({ name, block }) => [name, block]))('%s says how it is tested', (_, { language, note }) => {
  expect(language).toMatch(/^(sh|ts|python)$/);
  expect(note).toMatch(language === 'python' ? /^not run: \w/ : /^run$|^run: \S|^not run: \w/);
});

test('blocks of TypeScript have no type errors', () => {
  const texts = code
    .filter(({ block }) => block.language === 'ts')
    .map(({ name, block }) => [name, block.text] as const);
  expect(typeErrors(new Map(texts))).toEqual([]);
}, 60_000);

test.each(shell.map(({ name, block }) => [name, block]))('%s: commands exist', async (_, { text }) => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: object };
  for (const { words } of parseShell(text)) {
    const [program, ...args] = words[0] === 'npx' ? words.slice(1) : words;
    if (program === 'featreconstruct') expect([text, await refusal(args)]).toEqual([text, null]);
    if (program === 'npm' && args[0] === 'run') expect(Object.keys(scripts)).toContain(args[1]);
    const file = /^(node|python3?)$/.test(program) && args.find((word) => /^[\w/.-]+\.(ts|mjs|js|py)$/.test(word));
    if (file) expect(`${file}: ${existsSync(path.join(root, file))}`).toBe(`${file}: true`);
  }
});

const run = code.filter(({ block }) => block.note?.startsWith('run'));
const scratches = new Map<string, Scratch>();

beforeAll(async () => {
  for (const { page } of run) {
    if (scratches.has(page)) continue;
    const scratch = new Scratch();
    scratches.set(page, scratch);
    await scratch.fill();
  }
}, 300_000);
afterAll(() => scratches.forEach((scratch) => scratch.remove()));

test.each(run.map(({ name, page, block }) => [name, page, block] as const))(
  '%s runs',
  (_, page, { language, text, note }) => {
    const { replaced, prints } = readNote(note!, text);
    const printed = scratches.get(page)!.run(language, replaced);
    for (const expected of prints) expect(printed).toContain(expected);
  },
  300_000,
);

function readNote(note: string, text: string): { replaced: string; prints: string[] } {
  const prints: string[] = [];
  let replaced = text;
  for (const part of note
    .replace(/^run:? ?/, '')
    .split('; ')
    .filter(Boolean)) {
    const [, expected] = /^prints: (.+)$/.exec(part) ?? [];
    const [, from, to] = /^(.+) → (.+)$/.exec(part) ?? [];
    if (expected !== undefined) prints.push(expected);
    else if (from !== undefined && replaced.includes(from)) replaced = replaced.replaceAll(from, to);
    else throw new Error(`expected 'A → B' with A in the block, or 'prints: TEXT', found '${part}'`);
  }
  return { replaced, prints };
}
