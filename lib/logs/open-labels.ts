import { aroundOutputs } from './around.js';
import { BadLines } from './bad-lines.js';
import { readTable } from './csv.js';
import type { ColumnTable } from './column-table.js';
import { checkNotEmpty } from './empty-file.js';
import { eachRecord } from './log-json.js';
import { decodedText } from './log-text.js';
import { kindOf } from './log.js';
import type { NotedRows } from './opened-rows.js';
import { RowFields } from './row-fields.js';
import { labelScoresOf, scoresOf, type LabelScores } from './label-scores.js';
import { topsOf } from './tops.js';
import { idsOf, isIdName, type RowIds } from './row-ids.js';
import { labelPlace } from './label-names.js';

/** The class that each row of a log names as its best, where a log has that alone. */
export interface LoggedLabels {
  path: string;
  /** The column of the labels. */
  column: string;
  labels: readonly string[];
  /** By row the labels that are as good as its label, which the log ties. Absent where none are. */
  tied?: ReadonlyMap<number, readonly string[]>;
  /** The score of each label. Absent where none are found. */
  scores?: LabelScores;
  /** Columns called as scores, of which it does not show which is the label's. Absent where there are none. */
  unclear?: readonly string[];
  ids: readonly RowIds[];
}

/** The labels of a log that has the best class of each row alone, in a CSV or in JSON; null where no column is called like that. */
export async function openLabels(path: string): Promise<LoggedLabels | null> {
  await checkNotEmpty(path);
  return (await kindOf(path)) === 'json'
    ? inJson(path)
    : inTable(path, await readTable(path, new BadLines(path), decodedText(path)));
}

function inTable(path: string, table: ColumnTable): LoggedLabels | null {
  const { columns, rows } = table;
  if (!table.named) return null;
  const found = best(
    columns.flatMap(({ name, fractions, missing, words, texts }, j) =>
      fractions === 0 && missing < rows && (texts === 0 || words !== null) ? [{ name, j }] : [],
    ),
  );
  if (!found) return null;
  const { words } = columns[found.j];
  const labels = Array.from({ length: rows }, (_, i) => {
    const code = words?.rows[i] ?? -1;
    const value = code >= 0 ? words!.names[code] : table.value(i, found.j);
    return typeof value === 'number' && Number.isNaN(value) ? '' : String(value);
  });
  const numbers = columns.flatMap(({ name, texts, missing }, j) =>
    j !== found.j && texts <= missing && missing < rows && !isIdName(name)
      ? [{ name, of: Array.from({ length: rows }, (_, i) => table.value(i, j)) }]
      : [],
  );
  return labelled({ path, column: found.name, labels, ids: idsOf(table, [found.j]), ...withScores(numbers) });
}

async function inJson(path: string): Promise<LoggedLabels | null> {
  const values = new Map<string, Map<number, string>>();
  const numbers = new Map<string, Map<number, number>>();
  const fields = new RowFields();
  let rows = 0;
  await eachRecord(path, new BadLines(path), (record, { before }) => {
    const around = before === undefined ? undefined : aroundOutputs(before);
    for (const value of Array.isArray(record) ? record : [record]) {
      look(value, '', (name, found) => {
        if (typeof found === 'number') put(numbers, name, rows, found);
        if ((typeof found === 'string' || Number.isInteger(found)) && labelPlace(name) < Infinity) {
          put(values, name, rows, String(found));
        }
      });
      fields.add(value, around);
      rows++;
    }
  });
  const found = best([...values.keys()].map((name) => ({ name })));
  if (!found) return null;
  const labels = Array.from({ length: rows }, (_, i) => values.get(found.name)!.get(i) ?? '');
  const beside = [...numbers].flatMap(([name, of]) =>
    name === found.name || isIdName(name)
      ? []
      : [{ name, of: Array.from({ length: rows }, (_, i) => of.get(i) ?? NaN) }],
  );
  return labelled({ path, column: found.name, labels, ids: fields.ids(), ...withScores(beside) });
}

function put<T>(all: Map<string, Map<number, T>>, name: string, row: number, value: T): void {
  if (!all.has(name)) all.set(name, new Map());
  all.get(name)!.set(row, value);
}

function withScores(columns: Parameters<typeof labelScoresOf>[0]): Pick<LoggedLabels, 'scores' | 'unclear'> {
  const { scores, unclear } = labelScoresOf(columns);
  return { ...(scores ? { scores } : {}), ...(unclear.length > 0 ? { unclear } : {}) };
}

/** The texts and numbers of a record; of lists those of one item. */
function look(value: unknown, before: string, take: (name: string, found: string | number) => void): void {
  const one = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return;
  for (const [name, inner] of Object.entries(one) as [string, unknown][]) {
    if (typeof inner === 'object') look(inner, `${before}${name}.`, take);
    else if (typeof inner === 'string' || typeof inner === 'number') take(`${before}${name}`, inner);
  }
}

function best<T extends { name: string }>(columns: readonly T[]): T | null {
  const likely = columns.filter(({ name }) => labelPlace(name) < Infinity);
  return likely.sort((a, b) => labelPlace(a.name) - labelPlace(b.name))[0] ?? null;
}

/** Without the rows that have no label, as messages of a server. */
function labelled({ labels, ids, scores, ...log }: LoggedLabels): LoggedLabels | null {
  const kept = labels.flatMap((label, i) => (label.trim() === '' ? [] : [i]));
  if (kept.length === 0) return null;
  return {
    ...log,
    labels: kept.map((i) => labels[i].trim()),
    ...(scores ? { scores: { ...scores, of: kept.map((i) => scores.of[i]) } } : {}),
    ids: ids.map(({ column, of }) => ({ column, of: kept.map((i) => of[i]) })),
  };
}

/** The best class of each row of outputs, by name, or by number where the columns have none. */
export async function labelsOf({ rows, columns, path, ids }: NotedRows): Promise<LoggedLabels> {
  const labels: string[] = [];
  const tied = new Map<number, string[]>();
  const largest: number[] = [];
  const { cols, about } = rows;
  const step = Math.max(1, Math.floor(2 ** 20 / cols));
  for (let start = 0; start < rows.rows; start += step) {
    const block = await rows.read(start, Math.min(rows.rows, start + step));
    for (let at = 0; at < block.length; at += cols) {
      const i = labels.length;
      const tops = topsOf(block.subarray(at, at + cols), about?.listed?.(i), about?.ranked);
      const named = tops.map((top) => columns?.[top] ?? String(top));
      labels.push(named[0]);
      largest.push(block[at + tops[0]]);
      if (named.length > 1) tied.set(i, named);
    }
  }
  return {
    path,
    column: 'the largest output',
    labels,
    ...(tied.size > 0 ? { tied } : {}),
    scores: scoresOf(null, largest),
    ids: ids ?? [],
  };
}
