import type { ColumnTable } from './column-table.js';
import { areIds, isIdWord } from './id-words.js';

/** What a column calls the rows of a log: null where a row has no such name. */
export interface RowIds {
  column: string;
  of: readonly (string | number | null)[];
}

/** Names of columns that tell requests and images apart, and of those that count or time them. */
const ofRequests =
  /(^|[^a-z])(id|ids|uuid|guid|request|req|image|img|file|filename|path|key|url|uri|hash|sha256|sha1|md5|bild\w*|datei\w*|anfrage\w*)([^a-z]|$)/i;
const ofOthers =
  /(class|label|categor|time|date|index|idx|^row|^no$|^nr$|user|session|model|trace|worker|thread|process|host)/i;

/** Whether a column is called as one that tells requests or images apart. */
export const isIdName = (name: string): boolean => {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2');
  return ofRequests.test(words) && !ofOthers.test(words);
};

/** An id as it is compared; null for what is none. Beyond 2^53 two numbers may look like one. */
export const idOf = (value: unknown): string | number | null =>
  typeof value === 'string' && value.trim() !== ''
    ? value.trim()
    : Number.isSafeInteger(value)
      ? (value as number)
      : null;

/**
 * The ids of a table: of columns that are called so, and where the file names none, of those whose words look like ids.
 * @param outputs columns that are outputs
 */
export function idsOf(table: ColumnTable, outputs: readonly number[]): RowIds[] {
  const taken = new Set(outputs);
  return table.columns.flatMap(({ name, texts, words, missing }, j) => {
    if (taken.has(j) || missing === table.rows || (texts > missing && !words)) return [];
    if (table.named ? !isIdName(name) : texts === missing) return [];
    const of = Array.from({ length: table.rows }, (_, i) => {
      const code = words?.rows[i] ?? -1;
      return idOf(code >= 0 ? words!.names[code] : table.value(i, j));
    });
    const isOf = table.named || (areIds(of) && of.every((id) => id === null || isIdWord(String(id).replace(/:$/, ''))));
    return isOf ? [{ column: name, of }] : [];
  });
}

/** Ids of some rows. */
export const idsAt = (ids: readonly RowIds[], rows: Int32Array): RowIds[] =>
  ids.map(({ column, of }) => ({ column, of: Array.from(rows, (i) => of[i]) }));

/** Ids without those of some rows. @param left counted from 0 */
export const idsWithout = (ids: readonly RowIds[], left: readonly number[]): RowIds[] => {
  const out = new Set(left);
  return ids.map(({ column, of }) => ({ column, of: of.filter((_, i) => !out.has(i)) }));
};
