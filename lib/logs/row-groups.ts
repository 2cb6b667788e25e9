import type { ColumnTable } from './column-table.js';

/** A column with few values, each in many rows, as the version of a model: rows with one of them may be of one model. */
export interface RowGroups {
  /** Null where the groups are the files of a folder. */
  column: string | null;
  values: readonly string[];
  /** By row the place of its value; −1 where it has none. */
  of: readonly number[];
  /** Whether the column is called as one that says which model answered. */
  ofModels?: boolean;
}

/** Most values that are taken for groups. */
export const mostGroups = 20;

/** Names of columns that say which model answered. */
const ofModels =
  /(^|[^a-z])(version|ver|revision|rev|model|variant|arm|bucket|experiment|exp|treatment|group|deployment|deploy|endpoint|release|build|tag|checkpoint|ckpt|commit|sha|branch|stage|slot|canary|shadow|backend|engine|modell\w*)([^a-z]|$)/i;
/** Names of columns of answers, whose values come with the outputs and not with a model. */
const ofAnswers =
  /(^|[^a-z])(class|classes|label|labels|pred|preds|prediction|predicted|top1|target|truth|gt|category|name|correct|y)([^a-z]|$)/i;

const words = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ');

/** Whether a column is called as one that says which model answered. */
export const isModelName = (name: string): boolean => ofModels.test(words(name));

export const isAnswerName = (name: string): boolean => !isModelName(name) && ofAnswers.test(words(name));

/** Groups by the values of a column, row by row; null where these are too many. A file may have one alone, and the next one another. */
export function groupsBy(column: string | null, of: readonly (string | number | null)[]): RowGroups | null {
  const codes = new Map<string, number>();
  const found: number[] = [];
  for (const value of of) {
    if (value === null) {
      found.push(-1);
      continue;
    }
    const text = String(value);
    const code = codes.get(text) ?? codes.size;
    codes.set(text, code);
    if (codes.size > mostGroups) return null;
    found.push(code);
  }
  return codes.size === 0
    ? null
    : { column, values: [...codes.keys()], of: found, ofModels: column !== null && isModelName(column) };
}

/** The columns of a table that may tell models apart: those called so first. @param outputs columns that are outputs */
export function groupsOf(table: ColumnTable, outputs: readonly number[]): RowGroups[] {
  if (!table.named) return [];
  const taken = new Set(outputs);
  return inOrder(
    table.columns.flatMap(({ name, texts, fractions, words: all, missing }, j) => {
      if (taken.has(j) || fractions > 0 || missing === table.rows || isAnswerName(name)) return [];
      if (texts > missing && (!all || all.names.length > mostGroups)) return [];
      const of = Array.from({ length: table.rows }, (_, i) => {
        const code = all?.rows[i] ?? -1;
        const value = code >= 0 ? all!.names[code] : table.value(i, j);
        return typeof value === 'number' && Number.isNaN(value) ? null : value;
      });
      return groupsBy(name, of) ?? [];
    }),
  );
}

/** Columns called as those of models first. */
export const inOrder = (groups: readonly RowGroups[]): RowGroups[] =>
  [true, false].flatMap((first) => groups.filter(({ column }) => (column === null || isModelName(column)) === first));

/** Groups without some rows. @param left counted from 0 */
export const groupsWithout = (groups: readonly RowGroups[], left: readonly number[]): RowGroups[] => {
  const out = new Set(left);
  return groups.map((each) => ({ ...each, of: each.of.filter((_, i) => !out.has(i)) }));
};

/** Groups of some rows. */
export const groupsAt = (groups: readonly RowGroups[], rows: Int32Array): RowGroups[] =>
  groups.map((each) => ({ ...each, of: Array.from(rows, (i) => each.of[i]) }));
