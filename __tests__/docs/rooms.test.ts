import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const lib = path.join(root, 'lib');

/** Every source file with what it imports of ours, types included. */
const imports = new Map(
  readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((name): [string, string[]] => {
      const file = path.join(lib, name);
      const found = readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g);
      return [file, [...found].map(([, to]) => `${path.resolve(path.dirname(file), to)}.ts`)];
    }),
);

const short = (file: string): string => path.relative(lib, file);

/** The first circle that is met from a file, or none. */
function circle(from: string, done: Set<string>, way: readonly string[] = []): string[] | undefined {
  if (way.includes(from)) return [...way.slice(way.indexOf(from)), from];
  if (done.has(from)) return undefined;
  done.add(from);
  for (const to of imports.get(from) ?? []) {
    const found = circle(to, done, [...way, from]);
    if (found) return found;
  }
  return undefined;
}

it('no file of lib imports itself by way of others', () => {
  const done = new Set<string>();
  const circles = [...imports.keys()].map((file) => circle(file, done)?.map(short).join(' -> '));
  expect(circles.filter((each) => each !== undefined)).toEqual([]);
});

it('every import of ours leads to a file', () => {
  const lost = [...imports].flatMap(([file, all]) =>
    all.filter((to) => !imports.has(to)).map((to) => `${short(file)}: ${short(to)}`),
  );
  expect(lost).toEqual([]);
});

it("the linter's rooms are those of lib and of docs/design.md, in the same order", () => {
  const linted = /const rooms = \[([^\]]*)\]/.exec(readFileSync(path.join(root, 'eslint.config.js'), 'utf8'))![1];
  const rooms = [...linted.matchAll(/'([^']+)'/g)].map(([, room]) => room);
  const folders = readdirSync(lib, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect([...rooms].sort()).toEqual(folders.map(({ name }) => name).sort());
  const table = readFileSync(path.join(root, 'docs/design.md'), 'utf8').split('## Rooms')[1].split('##')[0];
  expect([...table.matchAll(/^\| `([^`]+)`/gm)].map(([, room]) => room)).toEqual(rooms);
});

/** What is loaded with a compiled file before anything is run: how many files, of which rooms. */
function loaded(entry: string): { files: number; rooms: string[] } {
  const all = new Set<string>();
  const open = (file: string): void => {
    if (all.has(file)) return;
    all.add(file);
    const found = readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s[^;]*?from '(\.[^']+)'/gm);
    for (const [, to] of found) open(path.resolve(path.dirname(file), to));
  };
  open(path.join(root, 'dist', entry));
  const rooms = new Set([...all].map((file) => path.relative(path.join(root, 'dist'), file).split(path.sep)[0]));
  return { files: all.size, rooms: [...rooms].sort() };
}

it('--help loads the command line alone, and a figure is formatted by words alone', () => {
  expect(loaded('cli/main.js').rooms).toEqual(['base', 'cli']);
  expect(loaded('cli/main.js').files).toBeLessThanOrEqual(60);
  expect(loaded('words/index.js').rooms).toEqual(['base', 'words']);
});

it('a report of finished results loads no models, fits or data sets', () => {
  const { files, rooms } = loaded('report/index.js');
  expect(rooms).toEqual(['base', 'bytes', 'images', 'report', 'results', 'words']);
  // A new file of these rooms counts: what must not come in are the other rooms, which the line above holds.
  expect(files).toBeLessThanOrEqual(160);
});
