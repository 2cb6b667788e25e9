import { chanceMatches, cohenKappa, type TaskOptions } from '../base/index.js';
import { topsOf, type PairedRows } from '../logs/index.js';
import { chooseRows, type RowSource } from '../tensor/index.js';
import type { RowByRow } from '../words/index.js';
import { isSameNumber } from './same-number.js';

/** How the numbers of both are written. */
export interface Written {
  /** Logits, probabilities, percentages, …: what numbers are compared with. */
  unit: string;
  /** Probabilities of a hundred: they are compared as fractions. Absent where they are none. */
  percent?: boolean;
  /** Null where they are not rounded to decimals. */
  decimals: number | null;
}

/** Where chance alone gives the same class this often, kappa tells nothing. */
const mostChance = 0.99;

/** Compares the rows of two logs with aligned columns, pair by pair. */
export async function compareRows(
  logs: readonly [RowSource, RowSource],
  { pairs, ...ids }: PairedRows,
  written: readonly [Written, Written],
  { signal }: TaskOptions = {},
): Promise<RowByRow> {
  const [a, b] = logs.map((log, i) => chooseRows(log, pairs[i]));
  const { rows, cols } = a;
  // Percentages are as many fractions of 1 once one of the logs has those.
  const scales = written.map(({ percent }) => (percent ? 0.01 : 1));
  const scaled = scales[0] === scales[1] ? [1, 1] : scales;
  const steps = written.flatMap(({ decimals }, i) => (decimals === null ? [] : [scaled[i] * 10 ** -decimals]));
  // A unit of the coarser file: what computes a number a little differently may round it the other way.
  const coarse = Math.max(0, ...steps) * (1 + 1e-6);
  const [ourTops, theirTops] = [new Float64Array(cols), new Float64Array(cols)];
  let [sameTop, sameNumbers, matches] = [0, 0, 0];
  const step = Math.max(1, Math.floor(2 ** 20 / cols));
  for (let start = 0; start < rows; start += step) {
    signal?.throwIfAborted();
    const end = Math.min(rows, start + step);
    const [ours, theirs] = [await a.read(start, end), await b.read(start, end)];
    for (let at = 0; at < ours.length; at += cols) {
      const row = start + at / cols;
      const x = rowOf(a, inUnit(ours.subarray(at, at + cols), scaled[0]), row);
      const y = rowOf(b, inUnit(theirs.subarray(at, at + cols), scaled[1]), row);
      const [top, theirTop] = [x.tops[0], y.tops[0]];
      ourTops[top]++;
      theirTops[theirTop]++;
      if (top === theirTop) matches++;
      // Of numbers that are rounded several may be the largest.
      if (x.tops.some((j) => y.tops.includes(j))) sameTop++;
      if (haveSameNumbers(x, y, coarse)) sameNumbers++;
    }
  }
  const chance = ourTops.reduce((sum, times, j) => sum + (times / rows) * (theirTops[j] / rows), 0);
  const { expected, likelihood } = chanceMatches(matches, ourTops, theirTops);
  return {
    ...{ ...ids, rows, sameTop, byChance: { sameTop: expected, likelihood } },
    kappa: chance > mostChance ? null : cohenKappa(sameTop, ourTops, theirTops),
    sameNumbers: written[0].unit === written[1].unit ? sameNumbers : null,
    ...(a.about?.cut || b.about?.cut ? { cut: true as const } : {}),
  };
}

const inUnit = (row: Float32Array | Float64Array, scale: number): Float32Array | Float64Array =>
  scale === 1 ? row : Float64Array.from(row, (value) => value * scale);

/** One row of a log. */
interface Row {
  values: Float32Array | Float64Array;
  /** The classes that may be its best: several where these are tied and the log has no order. */
  tops: readonly number[];
  /** By class whether the log lists it; null where it lists all. */
  listed: Uint8Array | null;
  /** The least number that it lists: what it hides is not above. */
  least: number;
}

function rowOf({ about }: RowSource, values: Float32Array | Float64Array, row: number): Row {
  const places = about?.listed?.(row);
  const [tops, listed] = [topsOf(values, places, about?.ranked), places ? new Uint8Array(values.length) : null];
  let least = Infinity;
  for (const j of places ?? []) {
    listed![j] = 1;
    if (values[j] < least) least = values[j];
  }
  return { values, tops, listed, least };
}

/** Whether the numbers of classes that both list are the same, and no number of one says that the other would have listed its class. */
function haveSameNumbers(x: Row, y: Row, coarse: number): boolean {
  for (let j = 0; j < x.values.length; j++) {
    const [ours, theirs] = [x.listed?.[j] !== 0, y.listed?.[j] !== 0];
    const [value, other] = [x.values[j], y.values[j]];
    if (ours && theirs ? !isSameNumber(value, other, coarse) : ours ? isAbove(value, y) : theirs && isAbove(other, x)) {
      return false;
    }
  }
  return true;

  function isAbove(value: number, { least }: Row): boolean {
    return value > least && !isSameNumber(value, least, coarse);
  }
}
