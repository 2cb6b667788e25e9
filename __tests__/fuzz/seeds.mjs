/** The files that a reader begins with: fixtures, and faults that were mended. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readers } from './readers.mjs';

const fixtures = join(import.meta.dirname, '..', 'fixtures');

export function filesOf(name) {
  const corpus = join(import.meta.dirname, 'corpus', name.replace(/\W/g, '-'));
  return [
    ...readers[name].seeds.flatMap((seed) => matching(join(fixtures, seed))),
    ...(existsSync(corpus) ? readdirSync(corpus).map((file) => join(corpus, file)) : []),
  ];
}

/** Files of a pattern with `*` in its name. */
function matching(pattern) {
  const name = new RegExp(`^${basename(pattern).replace(/[.]/g, '\\.').replace('*', '.*')}$`);
  return readdirSync(dirname(pattern), { withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(dirname(pattern), entry.name));
}
