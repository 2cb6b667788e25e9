/** Two logs of the same requests, compared row by row: the sentences. */
import { count } from '../base/index.js';

/** What `compareRows` of the experiments counted. */
interface Counted {
  column: string;
  rows: number;
  sameTop: number;
  kappa: number | null;
  sameNumbers: number | null;
}

/** Agreement beyond chance from which on an id names the same request in both: of other requests it is near 0. */
const sameRequests = 0.5;

/** The rows that two logs have in common, in words. */
export function rowByRowInWords({ column, rows, sameTop, kappa, sameNumbers }: Counted): string {
  const paired = `Row by row (paired by ‘${column}’, which ${count(rows)} ${rows === 1 ? 'row' : 'rows'} of both have)`;
  const tops = rows - sameTop;
  const top = tops === 0 ? 'all have the same top class' : `${count(tops)} of ${count(rows)} have another top class`;
  const numbers = sameNumbers === null ? null : rows - sameNumbers;
  if (numbers === 0 && tops === 0) {
    return `${paired}: all have the same top class and the same numbers, as far as the files are rounded. By these rows nothing tells the two apart.`;
  }
  const others =
    numbers === null
      ? `${top}. Their numbers are not in one unit, and were not compared`
      : `${top}, and ${numbers === 0 ? 'none has' : `${count(numbers)} have`} other numbers, rounding aside`;
  if (kappa === null || kappa < sameRequests) {
    return `${paired}: ${others}. That is hardly more alike than by chance. Either ‘${column}’ does not name the same requests in both, as where each log counts its own, or the models have little in common: which of them does not show.`;
  }
  if (numbers === null && tops === 0) return `${paired}: ${others}.`;
  return `${paired}: ${others}. The same requests got other answers: another model made them, or one that was given its images in another way.`;
}

/** What would answer whether two logs are of one model, where their rows have no ids. */
export const idsWouldTell =
  'If both files had a column ‘id’ that names the same requests, each once, they would be compared row by row.';
