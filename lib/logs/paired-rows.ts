import type { TaskOptions } from '../base/index.js';
import type { RowSource } from '../tensor/index.js';
import type { NotedRows } from './opened-rows.js';

/** Rows of two logs that have one id. */
export interface PairedRows {
  column: string;
  /** Positions in the first and in the second, pair by pair. */
  pairs: [Int32Array, Int32Array];
}

const isUnique = (of: readonly (string | number | null)[]): boolean =>
  !of.includes(null) && new Set(of).size === of.length;

/**
 * Pairs the rows of two logs by the ids of a column that both have, in which no id is there twice. Null where there is none:
 * rows are never paired by their places.
 */
export function pairedRows(a: NotedRows, b: NotedRows): PairedRows | null {
  for (const { column, of } of a.ids ?? []) {
    const other = b.ids?.find((ids) => ids.column === column)?.of;
    if (!other || of.length !== a.rows.rows || other.length !== b.rows.rows || !isUnique(of) || !isUnique(other))
      continue;
    const places = new Map(other.map((id, i) => [id, i]));
    const shared = of.flatMap((id, i) => (places.has(id) ? [[i, places.get(id)!]] : []));
    if (shared.length === 0) continue;
    const pairs = [0, 1].map((side) => Int32Array.from(shared, (each) => each[side])) as [Int32Array, Int32Array];
    return { column, pairs };
  }
  return null;
}

/** The rows that two logs have in common, answer by answer. Plain: serialises to JSON. */
export interface RowByRow {
  /** The column that pairs them. */
  column: string;
  /** Pairs of rows. */
  rows: number;
  /** Pairs whose largest output is that of one class. */
  sameTop: number;
  /**
   * How much more often the top class is the same than by chance, of what chance leaves (Cohen's kappa): near 0 where an id does not
   * name the same request in both, as where each log counts its own. Null where one class is the top class in nearly all rows.
   */
  kappa: number | null;
  /** Pairs with the same numbers, as far as both are written; null where the two have other units. */
  sameNumbers: number | null;
}

/** How the numbers of both are written. */
export interface Written {
  /** Logits, probabilities, percentages, …: what numbers are compared with. */
  unit: string;
  /** Null where they are not rounded to decimals. */
  decimals: number | null;
}

/** Numbers as near as this, of 1 or of their size, are one number to whoever does not know which machine computed them. */
const near = 1e-5;

/** Where chance alone gives the same class this often, kappa tells nothing. */
const mostChance = 0.99;

function largest(row: Float32Array | Float64Array): number {
  let most = -Infinity;
  for (const value of row) if (value > most) most = value;
  return most;
}

/** Compares the rows of two logs with aligned columns, pair by pair. */
export async function compareRows(
  [a, b]: readonly [RowSource, RowSource],
  { column, pairs: [ours, theirs] }: PairedRows,
  written: readonly [Written, Written],
  { signal }: TaskOptions = {},
): Promise<RowByRow> {
  const decimals = written.flatMap((each) => each.decimals ?? []);
  // A unit of the coarser file: what computes a number a little differently may round it the other way.
  const coarse = decimals.length > 0 ? 10 ** -Math.min(...decimals) * (1 + 1e-6) : 0;
  const sameUnit = written[0].unit === written[1].unit;
  const [ourTops, theirTops] = [new Float64Array(a.cols), new Float64Array(a.cols)];
  let [sameTop, sameNumbers] = [0, 0];
  for (let k = 0; k < ours.length; k++) {
    signal?.throwIfAborted();
    const [x, y] = [await a.read(ours[k], ours[k] + 1), await b.read(theirs[k], theirs[k] + 1)];
    const [most, best] = [largest(x), largest(y)];
    ourTops[x.indexOf(most)]++;
    theirTops[y.indexOf(best)]++;
    // Of numbers that are rounded several may be the largest.
    if (x.some((value, j) => value === most && y[j] === best)) sameTop++;
    if (x.every((value, j) => Math.abs(value - y[j]) <= Math.max(coarse, near * Math.max(1, Math.abs(value)))))
      sameNumbers++;
  }
  const rows = ours.length;
  const chance = ourTops.reduce((sum, times, j) => sum + (times / rows) * (theirTops[j] / rows), 0);
  const kappa = chance > mostChance ? null : (sameTop / rows - chance) / (1 - chance);
  return { column, rows, sameTop, kappa, sameNumbers: sameUnit ? sameNumbers : null };
}
