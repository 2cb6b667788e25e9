/** Two logs of the same requests, compared row by row: the sentences. */
import { count } from '../base/index.js';

/** What `compareRows` of the experiments counted. */
interface Counted {
  column: string;
  rows: number;
  sameTop: number;
  kappa: number | null;
  byChance: { sameTop: number; likelihood: number };
  sameNumbers: number | null;
}

/** Less likely than this, agreement is no chance: an id names the same request in both. */
const noChance = 1e-3;
/** From this agreement beyond chance on nobody asks for chance. */
const plain = 0.5;
/** Below it agreement is no chance, but so little that requests of one kind, in one order in both logs, would give it. */
const little = 0.1;

/** The rows that two logs have in common, in words. */
export function rowByRowInWords({ column, rows, sameTop, kappa, byChance, sameNumbers }: Counted): string {
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
  // Numbers of other requests are hardly ever the same.
  const isNoChance = byChance.likelihood < noChance || (numbers !== null && 2 * numbers < rows);
  const chance = `By chance about ${share(byChance.sameTop)} would have the same top class`;
  if (!isNoChance) {
    return kappa === null || kappa >= plain
      ? `${paired}: ${others}. ${chance}: by so few rows, or rows so much of one class, it does not show whether ‘${column}’ names the same requests in both.`
      : `${paired}: ${others}. ${chance}, and hardly more have. Either ‘${column}’ does not name the same requests in both, as where each log counts its own, or the models have little in common: which of them does not show.`;
  }
  if (numbers === null && tops === 0) return `${paired}: ${others}.`;
  const answers =
    'The same requests got other answers: another model made them, or one that was given its images in another way.';
  if (kappa === null || kappa >= plain) return `${paired}: ${others}. ${answers}`;
  return kappa < little
    ? `${paired}: ${others}. ${chance}: ${count(sameTop)} is more, but little. If ‘${column}’ names the same requests in both, another model answered them; logs that each count their own may agree as much where requests of one kind come in one order.`
    : `${paired}: ${others}. ${chance}: ${count(sameTop)} is no chance. ${answers}`;
}

const share = (expected: number): string =>
  expected < 10 ? `${Number(expected.toPrecision(2))}` : count(Math.round(expected));

/** What would answer whether two logs are of one model, where their rows have no ids. */
export const idsWouldTell =
  'If both files had a column ‘id’ that names the same requests, each once, they would be compared row by row.';
