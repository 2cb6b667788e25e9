import { extname } from 'node:path';
import { openBytes } from '../bytes/index.js';
import { BadLines } from './bad-lines.js';
import { fromGathered, readCsv, type AskedColumns, type LoggedOutputs } from './csv.js';
import { decodedText } from './log-text.js';
import { isDocument, readJson } from './log-json.js';
import { readLines } from './log-lines.js';
import { readParquet } from './log-parquet.js';
import { isTextAround } from './payloads.js';
import { isSqlDump, rowsOfDump } from './sql-dump.js';

/**
 * Reads outputs as a service, a tool or a script logs them: CSV with any separator, JSON and JSON Lines, each compressed with
 * gzip or zstd or not, and Parquet. The first bytes tell which it is.
 * @param skipBadLines leaves out lines that cannot be read; undefined where whoever reads cannot ask for it
 * @param columns the columns of a table that are outputs
 * @throws FeatReconstructError when the file is another kind, damaged, or no outputs are in it
 */
export async function readLog(path: string, skipBadLines?: boolean, columns?: AskedColumns): Promise<LoggedOutputs> {
  const bad = new BadLines(path, skipBadLines);
  const read = await readKind(path, bad, columns);
  return { ...read, notes: [...read.notes, ...bad.notes(read.rows.rows)] };
}

async function readKind(path: string, bad: BadLines, columns: AskedColumns): Promise<LoggedOutputs> {
  if (await isParquet(path)) return fromGathered(await readParquet(path, bad), columns);
  const kind = await kindOf(path);
  if (kind === 'json') return fromGathered(await readJson(path, bad), columns);
  if (kind === 'sql') return readCsv(path, bad, columns, rowsOfDump(path, bad));
  return kind === 'lines' ? fromGathered(await readLines(path, bad), columns) : readCsv(path, bad, columns);
}

async function isParquet(path: string): Promise<boolean> {
  const file = await openBytes(path).catch(() => null);
  if (!file) return false;
  try {
    return file.size > 12 && Buffer.from(await file.read(0, 4)).toString('latin1') === 'PAR1';
  } finally {
    await file.close();
  }
}

/** Lines, and characters, that are looked at to find out what a text is. */
const linesAhead = 50;
const charactersAhead = 2 ** 22;

/**
 * What a text is, by its first lines: JSON, lines of text that hold JSON or arrays, a dump of a database, or a table. In a file that is called a table, a
 * line of numbers in brackets is an array in a cell.
 */
export async function kindOf(path: string): Promise<'json' | 'lines' | 'sql' | 'table'> {
  const table = /\.(csv|tsv|txt)$/i.test(extname(path.replace(/\.(gz|zst|zstd)$/i, '')));
  let text = '';
  for await (const piece of decodedText(path)) {
    text += piece;
    const start = text.replace(/^\uFEFF/, '').trimStart();
    if (start === '') continue;
    const [first] = start.split('\n', 1);
    if (
      table ? /^(\{\s*"|\[\s*\{\s*")/.test(start) : /^[[{]/.test(start) ? !isBehindBrackets(first) : isDocument(first)
    )
      return 'json';
    if (text.length > charactersAhead || text.split('\n', linesAhead + 1).length > linesAhead) break;
  }
  const lines = text.split('\n');
  // The last may be cut where the piece ends.
  const whole = lines.length > 1 ? lines.slice(0, -1) : lines;
  if (isSqlDump(whole)) return 'sql';
  return isTextAround(whole.filter((line) => line.trim() !== '').slice(0, linesAhead)) ? 'lines' : 'table';
}

/** Whether a line begins with brackets that hold no data, as `[2026-10-01 12:00:00] INFO …`. */
const isBehindBrackets = (line: string): boolean => /^\[[^[\]{}"]*[\p{L}:][^[\]{}"]*\]\s*[^\s,]/u.test(line);
