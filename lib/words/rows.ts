/** Rows by their numbers, or by where they stand in a log. */
import type { RowPlace } from '../base/index.js';
import { some } from './some.js';

/** Most files whose lines are named. */
const mostFiles = 3;
const mostNumbers = 8;

/** `line 12`, `lines 12, 14 and 20 more`, `lines 3 and 4 of a.csv, line 9 of b.csv`. */
export function placesInWords(places: readonly RowPlace[]): string {
  const groups = new Map<string, { unit: string; file: string | undefined; numbers: number[] }>();
  for (const { unit, number, file } of places) {
    const key = `${unit} ${file ?? ''}`;
    const group = groups.get(key) ?? { unit, file, numbers: [] };
    // Several images may stand in one record.
    if (!group.numbers.includes(number)) group.numbers.push(number);
    groups.set(key, group);
  }
  const most = groups.size > 1 ? mostNumbers / 2 : mostNumbers;
  const all = [...groups.values()].map(({ unit, file, numbers }) => {
    const named = `${unit}${numbers.length === 1 ? '' : 's'} ${some(numbers, most)}`;
    return file === undefined ? named : `${named} of ${file}`;
  });
  const rest = all.length - mostFiles;
  return (
    all.slice(0, mostFiles).join(', ') + (rest > 0 ? ` and more in ${rest} other ${rest === 1 ? 'file' : 'files'}` : '')
  );
}

/** `row 7 (counted from 0)`, `rows 7, 9 (counted from 0)`, or by their places in a log, counted from 1. */
export const namedRows = (rows: readonly number[], places?: readonly RowPlace[]): string =>
  places ? placesInWords(places) : `${rows.length === 1 ? 'row' : 'rows'} ${some(rows)} (counted from 0)`;

/** Rows by their numbers, at the start of a sentence; by their places in the log where these are known. */
export function rowsInWords(rows: readonly number[], places?: readonly RowPlace[]): string {
  if (!places)
    return rows.length === 1
      ? `Row ${rows[0]} (counted from 0)`
      : `${rows.length} rows (${some(rows)}, counted from 0)`;
  const named = placesInWords(places);
  return rows.length === 1 ? named[0].toUpperCase() + named.slice(1) : `${rows.length} rows (${named})`;
}
