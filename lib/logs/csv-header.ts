import { arrayOf, isMissing, numberOf, type DecimalMark } from './cells.js';

/**
 * Whether the first record names the columns, as a line of words does, and one of different whole numbers (pandas' `to_csv`
 * without names writes 0,1,2,…) above lines of another kind.
 */
export function isHeader(first: readonly string[], rest: readonly (readonly string[])[], mark: DecimalMark): boolean {
  if (first.some((cell) => arrayOf(cell) !== null)) return false;
  const values = first.map((cell) => numberOf(cell, mark));
  const numbers = values.filter((value) => !Number.isNaN(value));
  if (numbers.length === 0) return first.some((cell) => !isMissing(cell));
  if (numbers.some((value) => !Number.isInteger(value) || value < 0)) return false;
  if (new Set(numbers).size < numbers.length) return false;
  const words = first.flatMap((cell, j) => (Number.isNaN(values[j]) && !isMissing(cell) ? [j] : []));
  // Words above numbers, or above another kind of words, are names.
  if (rest.some((cells) => words.some((j) => !Number.isNaN(numberOf(cells[j] ?? '', mark))))) return true;
  if (words.length > 0 && rest.some((cells) => words.every((j) => isAlike(first[j], cells[j] ?? '')))) return false;
  if (words.length > 0 && rest.length === 0) return true;
  const counted = numbers.every((value, i) => value === numbers[0] + i) && numbers[0] <= 1;
  if (counted && numbers.length > 2) return true;
  // Numbers of columns of which some were dropped: the lines below then have hardly any whole numbers.
  const below = rest.flatMap((cells) => cells.filter((_, j) => !Number.isNaN(values[j])));
  const fractions = below.filter((cell) => !Number.isInteger(numberOf(cell, mark))).length;
  return below.length > 0 && fractions >= 0.9 * below.length && (counted || numbers.length >= 4);
}

/** Whether two words are of one kind, as two file names are. */
function isAlike(a: string, b: string): boolean {
  const ending = (text: string): string | undefined => /\.\w{2,5}$/.exec(text.trim())?.[0].toLowerCase();
  const shape = (text: string): string => text.trim().replace(/\d+/g, '0');
  return (ending(a) !== undefined && ending(a) === ending(b)) || (/\d/.test(a) && shape(a) === shape(b));
}

/**
 * The names, with one more where the lines below have one cell more: R's `write.table` gives its row names no name, and lines may
 * end in a separator.
 */
export function fitNames(names: readonly string[], record: readonly string[]): string[] {
  if (record.length !== names.length + 1) return [...names];
  return record[record.length - 1].trim() === '' ? [...names, ''] : ['', ...names];
}
