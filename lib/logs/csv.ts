import { count, evenly, FeatReconstructError, option, UsageError } from '../base/index.js';
import type { RowSource } from '../tensor/index.js';
import { some, type LogNote } from '../words/index.js';
import type { BadLines } from './bad-lines.js';
import { isMissing, numberOf } from './cells.js';
import { isOdd } from './column-names.js';
import { chooseColumns, choiceNotes, type Ranked } from './choose-columns.js';
import type { TableColumn, ColumnTable } from './column-table.js';
import { wholeOf, type RowSample } from './derived-columns.js';
import { dialectOf, csvRecords, separatorLine, type Dialect } from './csv-dialect.js';
import { Table } from './csv-table.js';
import { emptyFile } from './empty-file.js';
import { imagesOf } from './log-images.js';
import { LabelledScores, placedAt } from './log-labels.js';
import { groupsAt, groupsOf, groupsWithout, type RowGroups } from './row-groups.js';
import { idsAt, idsOf, idsWithout, type RowIds } from './row-ids.js';
import { longOutputs } from './long-table.js';
import { namedColumns } from './named-columns.js';
import { LogRecords, type Gathered } from './log-records.js';
import { decodedText, wholeRecords } from './log-text.js';

/** Names of the columns that are outputs; `null` where nobody named them, undefined where whoever reads cannot. */
export type AskedColumns = readonly string[] | null | undefined;

/** The outputs in a log, and what was left out of it. */
export interface LoggedOutputs {
  rows: RowSource;
  /** Names of the columns kept (`column 3`, counted from 1, where there is no header). */
  columns: string[];
  /** Whether the file names its columns. */
  named: boolean;
  /** Only the best classes of each image are in the log; the others have the value 0, or the least that is shown. */
  truncated: boolean;
  /** The columns are in the order of their names, which need not be the model's. */
  byName: boolean;
  /** Columns of two classes of one name, where it does not show which score is of which. */
  mixed: number[];
  /** Columns that may tell rows apart. */
  ids: RowIds[];
  /** Columns that may say which model answered. */
  groups: RowGroups[];
  /** What was taken, what was left out and why. */
  notes: LogNote[];
}

/** Lines that are looked at before separators and decimal mark are decided on. */
const linesAhead = 50;

/**
 * Reads outputs as a web service, a spreadsheet or a script logs them: one line an image, with or without a header. Separator,
 * decimal mark and encoding are found from the text, the columns that are outputs from their values and names. Held in memory as
 * float64.
 * @param asked the columns that are outputs, where somebody names them
 * @param pieces the text of the file, where it is not all of it
 * @throws FeatReconstructError when the file is no text or no table, a number is missing, or no outputs are in it
 */
export async function readCsv(
  path: string,
  bad: BadLines,
  asked: AskedColumns,
  pieces: AsyncIterable<string> = decodedText(path),
): Promise<LoggedOutputs> {
  const table = await readTable(path, bad, pieces);
  return (Array.isArray(asked) ? null : jsonInCells(table)) ?? outputsOf(table, asked);
}

/** Outputs that are JSON in the cells of one column, as in a data frame of responses; null where there are none. */
function jsonInCells(table: ColumnTable): LoggedOutputs | null {
  const { path, columns, rows } = table;
  const column = columns.find(
    ({ words, texts, missing }) =>
      words !== null && (texts - missing) * 2 > rows && /^(\{\s*"|\[\s*\{\s*")/.test(words.names[0]),
  );
  if (!column) return null;
  const { names, rows: codes } = column.words!;
  const records = new LogRecords(path, table.bad, 'line');
  const [ids, groups] = [idsOf(table, []), groupsOf(table, [])];
  for (let i = 0; i < rows; i++) {
    const text = names[codes[i] ?? -1];
    const beside = [
      ...ids.map(({ column: name, of }) => [name, of[i]]),
      ...groups.map(({ column: name, values, of }) => [name, values[of[i]]]),
    ];
    records.add(
      text === undefined ? [] : imagesOf(text),
      { ...Object.fromEntries(beside), [column.name]: text },
      table.at(i),
    );
  }
  const found = fromGathered(records.finish(), undefined);
  return { ...found, notes: [{ kind: 'json-column', column: column.name }, ...found.notes] };
}

/** The outputs of records. @throws FeatReconstructError as `readCsv` does */
export function fromGathered(gathered: Gathered, asked?: AskedColumns): LoggedOutputs {
  if (!('table' in gathered)) {
    if (asked) throw noTable();
    return { ...gathered.labelled, named: true };
  }
  const found = outputsOf(gathered.table, asked);
  // Fields within objects are no columns of the table, but where it has them by their last name.
  const more = <T extends { column: string | null }>(own: readonly T[], nested: readonly T[]): T[] => [
    ...own,
    ...nested.filter(({ column, ...each }) => {
      const { length } = (each as unknown as { of: readonly unknown[] }).of;
      return length === found.rows.rows && !own.some((known) => `.${column}`.endsWith(`.${known.column}`));
    }),
  ];
  return { ...found, ids: more(found.ids, gathered.ids), groups: more(found.groups, gathered.groups) };
}

const noTable = (): UsageError =>
  new UsageError(
    `Expected ${option('columns')} with a table that has a column for each class, found scores with their labels: leave it out.`,
  );

/** Takes the outputs among the columns of a table: those that are named, or chosen. @throws FeatReconstructError as `readCsv` does */
export function outputsOf(table: ColumnTable, asked?: AskedColumns): LoggedOutputs {
  const { columns, rows, path } = table;
  if (asked) {
    const kept = namedColumns(columns, asked, path);
    const leftOut = columns.flatMap((_, column) =>
      kept.includes(column) ? [] : [{ column, why: { kind: 'not-named' } as const }],
    );
    return taken(table, kept, choiceNotes({ kept, leftOut, inDoubt: [] }, columns, true));
  }
  const asks = asked === null;
  const long = longOutputs(table);
  if (long) return { ...long, named: true };
  const sample = sampleOf(table);
  const numbers = columns.filter(({ texts }) => texts * 2 <= rows);
  if (rows === 0 || numbers.length < 2) throw noOutputs(table, numbers.length);
  const choice = chooseColumns(columns, sample, path, { named: table.named, asks });
  if (choice.ranked) return rankedOutputs(table, choice.ranked);
  const { kept } = choice;
  // Ranks, ids or counts beside one score are no further classes.
  const lone =
    rows >= manyRows &&
    kept.filter((j) => columns[j].fractions > 0).length === 1 &&
    kept.every((j) => columns[j].fractions > 0 || isCount(columns[j]));
  if (kept.length < 2 || lone) throw noOutputs(table, lone ? 1 : kept.length);
  checkAround(table, kept, sample);
  return taken(table, kept, choiceNotes(choice, columns, asks));
}

/** Outputs of some columns of a table. @throws FeatReconstructError where a row lacks one of them */
function taken(table: ColumnTable, kept: number[], notes: readonly LogNote[]): LoggedOutputs {
  const { columns } = table;
  const good = withNumbers(table, kept);
  return {
    rows: chosenColumns(table, kept, good),
    columns: kept.map((j) => columns[j].name),
    named: table.named,
    truncated: false,
    byName: false,
    mixed: [],
    ids: good ? idsAt(idsOf(table, kept), good) : idsOf(table, kept),
    groups: good ? groupsAt(groupsOf(table, kept), good) : groupsOf(table, kept),
    notes: [...notes, ...table.notes],
  };
}

/**
 * The rows that have all of their numbers, where others are to be left out; null for all.
 * @throws FeatReconstructError where a row lacks some, and none is to be left out
 */
function withNumbers(table: ColumnTable, kept: readonly number[]): Int32Array | null {
  const { columns, rows } = table;
  const lacking = kept.filter((j) => columns[j].firstText !== null);
  if (lacking.length === 0) return null;
  const good: number[] = [];
  const bad: number[] = [];
  for (let i = 0; i < rows; i++) (lacking.every((j) => Number.isFinite(table.value(i, j))) ? good : bad).push(i);
  const lines = bad.map((i) => table.at(i));
  for (const line of lines) table.bad.add(line, () => noNumber(table, lacking, lines));
  return Int32Array.from(good);
}

function noNumber(
  { columns, path, unit, bad }: ColumnTable,
  lacking: readonly number[],
  lines: readonly number[],
): FeatReconstructError {
  const { name, firstText } =
    columns[lacking.reduce((a, b) => (columns[b].firstText!.line < columns[a].firstText!.line ? b : a))];
  const found = firstText!.cell === '' ? 'none' : `'${firstText!.cell.slice(0, 40)}'`;
  const where =
    lines.length === 1
      ? `${unit} ${firstText!.line}; leave that ${unit} out`
      : `${unit} ${firstText!.line}, the first of ${count(lines.length)} such ${unit}s (${some(lines)}); leave these ${unit}s out`;
  return new FeatReconstructError(
    `Expected a number in every ${unit} of '${name}' in '${path}', found ${found} in ${where}${bad.skips === undefined ? '' : ` (${option('skipBadLines')} does)`}.`,
  );
}

const fraction = String.raw`[-+]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[-+]?\d+)?`;
/** A fraction behind an open bracket or a quote, or behind a name; and one before a closing bracket, a quote or a word. */
const behindText = new RegExp(String.raw`(?:([[({<"'])|([\p{L}_][\p{L}\p{N}_.-]*)["']?\s*[=:>]?)\s*${fraction}$`, 'iu');
const beforeText = new RegExp(String.raw`^${fraction}(?:\s*[\])}>"']|\s+\p{L})`, 'iu');
/** Characters of a cell that are looked at. */
const looked = 100;
/** Fewer different texts than these are no scores, such as `version=1.2`. */
const fewest = 3;

/** @throws FeatReconstructError where the text before the first output, or behind the last, has a number of the row at its end */
function checkAround({ columns, path, unit }: ColumnTable, kept: readonly number[], sample: RowSample): void {
  const isKept = new Set(kept);
  // Where a class is missing, shares do not sum to one.
  const lacking = wholeOf(sample, kept) === null;
  const shares = kept.every((j) => columns[j].min >= 0);
  for (const [j, { texts, words, firstText }] of columns.entries()) {
    if (isKept.has(j) || texts * 2 <= sample.total || !firstText) continue;
    if (words && words.names.length < Math.min(fewest, sample.total)) continue;
    const [, bracket, name] = (isKept.has(j + 1) && behindText.exec(firstText.cell.slice(-looked))) || [];
    const after = isKept.has(j - 1) ? beforeText.exec(firstText.cell.slice(0, looked))?.[0] : undefined;
    // A number behind a name, or before a word, may be another one than a score: `latency: 12.5`, `12.5 ms`.
    const isAfter = after !== undefined && (!/\p{L}$/u.test(after) || (lacking && shares));
    const isBefore = bracket !== undefined || (name !== undefined && lacking && !isOdd(name));
    if (!isAfter && !isBefore) continue;
    const cell = firstText.cell.length > 60 ? `…${firstText.cell.slice(-60)}` : firstText.cell;
    throw new FeatReconstructError(
      `Expected numbers alone in the columns of '${path}', found text around the array of each ${unit}, such as ${cell}: a class would be lost with it. Cut the text off (with sed or jq), or write JSON, a record a line.`,
      { code: 'not-outputs' },
    );
  }
}

/** Rows of which some outputs of a model would be fractions. */
const manyRows = 20;

/** Whole numbers beyond 0 and 1. */
const isCount = ({ fractions, min, max }: TableColumn): boolean => fractions === 0 && (max > 1 || min < 0);

/** Scores sorted from the largest, each put in the column of its class. */
function rankedOutputs(table: ColumnTable, { scores, labels }: Ranked): LoggedOutputs {
  const { columns } = table;
  const gathered = new LabelledScores();
  const values = new Float64Array(scores.length);
  for (let i = 0; i < table.rows; i++) {
    if (table.bad.skips && !scores.every((j) => Number.isFinite(table.value(i, j)))) {
      table.bad.add(table.at(i), () => noNumber(table, scores, [table.at(i)]));
      continue;
    }
    const row = labels.map((j) => {
      const { words } = columns[j];
      return words ? words.names[words.rows[i]] : table.value(i, j);
    });
    scores.forEach((j, k) => (values[k] = table.value(i, j)));
    gathered.add(row, values, table.at(i));
  }
  const [first, last] = [columns[labels[0]].name, columns[labels[labels.length - 1]].name];
  const labelled = gathered.finish([first, last], table.places);
  return {
    ...labelled,
    named: true,
    ids: idsWithout(idsOf(table, [...scores, ...labels]), labelled.left),
    groups: groupsWithout(groupsOf(table, [...scores, ...labels]), labelled.left),
    notes: [...labelled.notes, ...table.notes],
  };
}

/** Most numbers of a sample, as long as it has 64 rows. */
const mostSampled = 2e7;

/** Some rows of a table, evenly spread, to find out what its columns are. Rows that lack a number that most have say nothing. */
function sampleOf(table: ColumnTable): RowSample {
  const cols = table.columns.length;
  const whole = wholeRows(table);
  const rows = Math.min(whole.length, 1000, Math.max(64, Math.floor(mostSampled / Math.max(cols, 1))));
  const values = new Float64Array(rows * cols);
  const from = Array.from(evenly(whole.length, rows), (k) => whole[k]);
  let to = 0;
  for (const row of from) {
    for (let j = 0; j < cols; j++) values[to++] = table.value(row, j);
  }
  return { rows, total: table.rows, row: (i) => from[i], value: (i, j) => values[i * cols + j] };
}

function wholeRows(table: ColumnTable): Int32Array {
  const some = table.columns.flatMap(({ texts, infinite }, j) =>
    texts + infinite > 0 && (texts + infinite) * 10 <= table.rows ? [j] : [],
  );
  const all = Int32Array.from({ length: table.rows }, (_, i) => i);
  const whole = all.filter((i) => some.every((j) => Number.isFinite(table.value(i, j))));
  return whole.length * 2 < all.length ? all : whole;
}

/** A line under the names, as psql and Markdown draw it: `----+----`. */
const isRule = (cells: readonly string[]): boolean =>
  cells.length === 1
    ? /^[\s|]*:?-{3,}[-+|:\s]*$/.test(cells[0])
    : cells.every((cell) => /^(\s*:?-{3,}:?\s*|)$/.test(cell));

/** The table of a CSV file. @throws FeatReconstructError as `readCsv` does, but for what is in it */
export async function readTable(path: string, bad: BadLines, pieces: AsyncIterable<string>): Promise<Table> {
  let table: Table | undefined;
  let dialect: Dialect | undefined;
  let comment: string | undefined;
  let line = 1;
  const read = (text: string): void => {
    let body = text;
    if (!dialect) {
      dialect = dialectOf(text);
      table = new Table(path, dialect, bad);
      body = text.replace(separatorLine, '');
      if (body !== text) line++;
    }
    // Only quoted cells hold line ends.
    const quoted = body.includes('"');
    const records = csvRecords(body, dialect.separator);
    for (const [i, cells] of records.entries()) {
      const start = line++;
      const open = i === records.length - 1 && !body.endsWith('\n');
      if (quoted) for (const cell of cells) line += cell.split('\n').length - 1;
      if (cells.every((cell) => cell.trim() === '') || isRule(cells)) continue;
      // A column may be called '#', above numbers of rows.
      const first = cells[0].replace(/^\uFEFF/, '').trim();
      if (first.startsWith('#') && (first !== '#' || dialect.separator === ' ')) {
        comment ??= cells.join(dialect.separator);
      } else table!.add(cells, start, open);
    }
    // The parser sees an empty record behind the last line end.
    if (body.endsWith('\n')) line--;
  };
  let held = '';
  for await (const text of wholeRecords(pieces, path)) {
    held += text;
    if (!dialect && held.split('\n', linesAhead + 1).length <= linesAhead) continue;
    read(held);
    held = '';
  }
  if (held !== '') read(held);
  table ??= new Table(path, { separator: ',', mark: '.' }, bad);
  table.finish();
  if (table.columns.length === 0) throw emptyFile(path, comment === undefined ? 'space' : 'comments');
  if (comment !== undefined) {
    // A comment of nothing names nothing.
    const [cells = []] = csvRecords(comment.replace(/^\uFEFF?#\s*/, ''), table.dialect.separator);
    const names = cells.map((name) => name.trim());
    if (names.length > 0 && names.every((name) => Number.isNaN(numberOf(name, '.')) && !isMissing(name)))
      table.nameColumns(names);
  }
  return table;
}

function noOutputs({ path, columns, rows }: ColumnTable, numbers: number): FeatReconstructError {
  if (rows === 0)
    return emptyFile(path, { header: some(columns.map(({ name }) => name.slice(0, 40).replace(/\s+/g, ' '))) });
  const text = columns.find(({ firstText }) => /^\s*[[{]/.test(firstText?.cell ?? ''))?.firstText?.cell.trim();
  const what =
    text === undefined
      ? numbers === 1 && columns.length > 1
        ? isLong(columns, rows)
          ? ': one line a class; make it one line an image (pandas: frame.pivot(index=IMAGE, columns=CLASS, values=SCORE))'
          : ': one number an image is the top 1 alone'
        : ''
      : /\.\.\.|…/.test(text)
        ? `: ${shown(text)} is an array that NumPy shortened when it was printed`
        : `: ${shown(text)} is no row of numbers${/^[[(]*\{\s*'/.test(text) ? ', but what Python prints (json.dumps writes JSON)' : ''}`;
  return new FeatReconstructError(
    `Expected '${path}' to hold a line of at least 2 numbers for each image, found ${rows} line${rows === 1 ? '' : 's'} and ${numbers} column${numbers === 1 ? '' : 's'} of numbers${what}; write the outputs of all classes as CSV, .npy or .safetensors.`,
    { code: 'too-few-rows' },
  );
}

/** Whether there is a line for each class of each image: as many lines as images times classes. */
const isLong = (columns: readonly TableColumn[], rows: number): boolean => {
  const sizes = columns.flatMap(({ words }) => (words && words.rows.length === rows ? [words.names.length] : []));
  return sizes.some((a, i) => sizes.some((b, k) => i < k && a > 1 && b > 1 && a * b === rows));
};

const shown = (cell: string): string => `'${cell.slice(0, 40).replace(/\s+/g, ' ')}${cell.length > 40 ? '…' : ''}'`;

/** Some columns of a table as rows, without a copy of the whole. @param good the rows that are taken; null for all */
function chosenColumns(table: ColumnTable, kept: readonly number[], good: Int32Array | null): RowSource {
  const cols = kept.length;
  const rows = good?.length ?? table.rows;
  const of = (i: number): number => (good ? good[i] : i);
  return {
    rows,
    cols,
    dtype: 'float64',
    ...placedAt((i) => table.at(of(i)), rows, table.places),
    async read(start, end) {
      const out = new Float64Array((end - start) * cols);
      for (let i = start, to = 0; i < end; i++) {
        const row = of(i);
        for (const j of kept) out[to++] = table.value(row, j);
      }
      return out;
    },
  };
}
