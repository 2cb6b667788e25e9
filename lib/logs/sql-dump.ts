import { FeatReconstructError } from '../base/index.js';
import { some } from '../words/index.js';
import type { BadLines } from './bad-lines.js';
import { decodedText } from './log-text.js';

/** `COPY public.predictions (id, scores) FROM stdin;`, as pg_dump writes it above the rows of a table. */
const copy = /^COPY\s+(\S+|"[^"]+")\s*(?:\(([^)]*)\)\s*)?FROM\s+stdin\b/i;
const starts = /^(--|\/\*|(SET|BEGIN|START|PRAGMA|CREATE|DROP|ALTER|LOCK|USE|COPY|INSERT)\s|SELECT pg_)/i;
const named = /^(--|\/\*).*\b(PostgreSQL|MySQL|MariaDB|SQL) (database )?dump/i;

/** Whether these are the first lines of a database's dump in SQL. */
export function isSqlDump(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== '') ?? '';
  return (
    starts.test(first) && lines.some((line) => copy.test(line) || /^INSERT\s+INTO\s/i.test(line) || named.test(line))
  );
}

/**
 * The rows of the only table of a dump by pg_dump, below their names and separated by tabs; other lines are empty, so that numbers of
 * lines stay.
 * @throws FeatReconstructError for other dumps, and for one that ends within its rows
 */
export async function* rowsOfDump(path: string, bad: BadLines): AsyncGenerator<string> {
  await checkDump(path);
  let line = 0;
  let inside = false;
  /** The last line of a table: names below which no row stands are left out, and so is a row behind which the dump ends. */
  let last: { text: string; isNames: boolean } | null = null;
  const out: string[] = [];
  for await (const text of linesOf(path)) {
    line++;
    const isEnd: boolean = inside && text === '\\.';
    if (last !== null) out.push(last.isNames && isEnd ? '' : last.text);
    const found: RegExpExecArray | null = inside ? null : copy.exec(text);
    last = null;
    if (found) last = { text: namesOf(found[2] ?? ''), isNames: true };
    else if (!inside || isEnd) out.push('');
    else last = { text: unescaped(text), isNames: false };
    inside = found !== null || (inside && !isEnd);
    if (out.length > 256) yield `${out.splice(0).join('\n')}\n`;
  }
  if (inside) bad.add(line, () => cutShort(path, bad.hint), true);
  yield `${out.join('\n')}\n`;
}

const namesOf = (columns: string): string =>
  columns
    .split(',')
    .map((name) => name.trim().replace(/^"|"$/g, ''))
    .join('\t');

async function* linesOf(path: string): AsyncGenerator<string> {
  let held = '';
  for await (const piece of decodedText(path)) {
    const lines = (held + piece).split('\n');
    held = lines.pop()!;
    yield* lines;
  }
  if (held !== '') yield held;
}

/** A row in COPY's text format: a backslash before what would end a cell. */
const unescaped = (text: string): string =>
  text.includes('\\') ? text.replace(/\\([\\tnr])/g, (_, sign: string) => (sign === '\\' ? '\\' : ' ')) : text;

async function checkDump(path: string): Promise<void> {
  const tables: string[] = [];
  let inside: string | null = null;
  let rows = 0;
  for await (const text of linesOf(path)) {
    const found: RegExpExecArray | null = inside === null ? copy.exec(text) : null;
    if (found) [inside, rows] = [found[1], 0];
    else if (inside !== null && text === '\\.') {
      if (rows > 0) tables.push(inside);
      inside = null;
    } else if (inside !== null) rows++;
  }
  if (inside !== null && rows > 0) tables.push(inside);
  if (tables.length === 1) return;
  const what =
    tables.length === 0
      ? 'an SQL dump without rows that COPY reads'
      : `an SQL dump of ${tables.length} tables (${some(tables, 4)})`;
  throw new FeatReconstructError(
    `Expected the rows of one table in '${path}', found ${what}: export the table as CSV (psql: \\copy TABLE to 'FILE.csv' csv header), or dump it alone (pg_dump --table TABLE).`,
    { code: tables.length === 0 ? 'not-outputs' : 'ambiguous' },
  );
}

const cutShort = (path: string, hint: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected the rows of the dump '${path}' to end with \\., found none: the file is cut short; write it again${hint}.`,
    { code: 'damaged' },
  );
