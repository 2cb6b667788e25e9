/** Words that may tell one request from another by how they are written, where nobody calls them ids. */

const isTime = /^\d{4}[-/.]\d{1,2}[-/.]\d|^\d{1,2}[-/.](\d{1,2}|[a-z]{3})[-/.]\d{2,4}|\d{1,2}:\d{2}/i;
/** A number with its unit, or the numbers of an address in a network. */
const isAmount = /^[-+]?[\d.,]+(e[-+]?\d+)?(:\d+)?\s*([a-zµ%]{1,3}|secs?|bytes)?$/i;

/** Whether a word may tell one request from another: letters with digits, numbers joined, or the name of a file. */
export const isIdWord = (word: string): boolean =>
  word.length > 1 &&
  !isTime.test(word) &&
  !isAmount.test(word) &&
  (/\d/.test(word) ? /[\p{L}_-]/u.test(word) : /[^.]\.[a-z]{3,5}$/i.test(word));

/** Share of the rows that an id names, and of those it names others each time. */
const most = 0.5;

/** Whether words that stand in one place of their rows are ids: most rows have one, and most have their own. */
export function areIds(of: readonly (string | number | null)[]): boolean {
  const known = of.filter((id) => id !== null);
  return known.length > most * of.length && known.length > 1 && new Set(known).size > most * known.length;
}
