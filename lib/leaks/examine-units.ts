import { count, FeatReconstructError } from '../base/index.js';
import { placesOf, type RowSource } from '../tensor/index.js';
import { placesInWords } from '../words/index.js';

/**
 * What a row shows itself to be: a softmax, the same times 100, or logits and logarithms. Some rows may be any of them.
 */
type Unit = 'fractions' | 'percentages' | 'signed';

const words: Readonly<Record<Unit, string>> = {
  fractions: 'sum to 1',
  percentages: 'sum to 100',
  signed: 'hold negative numbers, as logits and log-probabilities do',
};

/** Share by which a sum may be off: rounding, or what a service leaves out. */
const tolerance = 0.01;
/** Share of the rows from which on a rarer unit is none by chance: a few rows of logits sum to 1. */
const leastShare = 0.2;

/**
 * Refuses rows of two units in one log (two logs put together, or a service that changed), some of which would be misread.
 * @param sums of each row
 * @param negative 1 for a row with a number below 0
 * @param outputs the rows, which may know their places in a log
 * @throws FeatReconstructError (`not-outputs`) naming the rows of the rarer unit
 */
export function checkOneUnit(sums: Float64Array, negative: Uint8Array, outputs: RowSource): void {
  const found: Record<Unit, number[]> = { fractions: [], percentages: [], signed: [] };
  for (const [row, sum] of sums.entries()) {
    const whole = [1, 100].find((value) => Math.abs(sum - value) < tolerance * value);
    if (negative[row] === 0 && whole !== undefined) found[whole === 1 ? 'fractions' : 'percentages'].push(row);
    // Rows of a regression on classes sum to 1 as well, some of them with numbers below 0.
    else if (negative[row] === 1 && whole === undefined) found.signed.push(row);
  }
  const rows = sums.length;
  // Where nearly every row says what it is, one of another unit is enough.
  const certain = found.signed.length === 0 && found.fractions.length + found.percentages.length >= 0.9 * rows;
  // Only the top of each row is given: each sums to less than its unit, and none to a number between the two.
  if (!certain && sums.every((sum, row) => negative[row] === 0 && unitOfTop(sum) !== null)) {
    for (const unit of ['fractions', 'percentages'] as const) {
      found[unit] = Array.from(sums.keys()).filter((row) => unitOfTop(sums[row]) === unit);
    }
  }
  const [most, next] = (Object.keys(found) as Unit[]).sort((a, b) => found[b].length - found[a].length);
  const rare = found[next].length;
  if (rare < (certain ? 1 : leastShare * rows) || rare === 0) return;
  throw new FeatReconstructError(
    `Expected outputs of one unit, found ${count(found[most].length)} rows that ${words[most]} and ${count(rare)} that ${words[next]} (${named(found[next], outputs)}): put all of them in one unit, or give the two logs apart.`,
    { code: 'not-outputs' },
  );
}

/** The unit of a row by the sum of its largest numbers, which need not be nearly all; null where it may be either. */
const unitOfTop = (sum: number): Unit | null =>
  sum <= 1 + tolerance ? 'fractions' : sum >= 20 && sum <= 100 * (1 + tolerance) ? 'percentages' : null;

/** Rows, or where they stand in a log. */
function named(rows: readonly number[], outputs: RowSource): string {
  const { places } = placesOf(outputs, rows);
  if (!places) return `counted from 0: ${shown(rows)}`;
  const [{ unit, file }] = places;
  return places.every((place) => place.unit === unit && place.file === file)
    ? `${unit}s ${shown(places.map(({ number }) => number))}${file === undefined ? '' : ` of ${file}`}`
    : placesInWords(places);
}

/** Runs of rows: `30 to 59`, `3, 7, 12 to 14, …`. */
function shown(rows: readonly number[], most = 6): string {
  const runs: [number, number][] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last && last[1] + 1 === row) last[1] = row;
    else runs.push([row, row]);
  }
  const texts = runs.slice(0, most).map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`));
  return texts.join(', ') + (runs.length > most ? ', …' : '');
}
