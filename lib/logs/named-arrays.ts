import { areIds } from './id-words.js';
import type { RowIds } from './row-ids.js';

const ofArray = /^(.+)(\[\d+\])$/s;

/** The name of the one array of a row, with how many numbers it has; null where it has none, or several. */
function arrayOf(names: readonly string[]): { name: string; size: number } | null {
  let [name, size]: [string | null, number] = [null, 0];
  for (const each of names) {
    const stem = ofArray.exec(each)?.[1];
    if (stem === undefined) continue;
    if (name !== null && stem !== name) return null;
    name = stem;
    size++;
  }
  return name === null ? null : { name, size };
}

/**
 * Rows of which each has one array, called otherwise in each: the name is what the row is of, as in `photo-17.jpg: [0.1, 0.9]`.
 * @returns the fields with one name for all arrays, and the ids; null for other rows
 */
export function namedByRow(rows: readonly (readonly string[])[]): { names: string[][]; ids: RowIds } | null {
  const arrays = rows.map(arrayOf);
  const first = arrays[0];
  if (!first || first.size < 2 || arrays.some((array) => array?.size !== first.size)) return null;
  const of = arrays.map((array) => array!.name);
  if (!areIds(of)) return null;
  let last: string[] = [];
  const names = rows.map((row) => {
    const own = row.map((name) => name.replace(ofArray, 'array$2'));
    // As a rule rows have the same names: these are kept once.
    last = own.length === last.length && own.every((name, k) => name === last[k]) ? last : own;
    return last;
  });
  return { names, ids: { column: 'word -1', of } };
}
