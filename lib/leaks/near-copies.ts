import { random, sqrt } from '../base/index.js';
import { dot, gatherRows, type Matrix } from '../linalg/index.js';

/** Whitened rows nearer than this are near copies: images of their own are √(2r) apart. */
const nearCopy = 1e-3;

/** The copies of each cloud, found when they are first asked for: many functions are tested on one cloud. */
const known = new WeakMap<Matrix, Int32Array>();

/**
 * Those rows, one of each lot of near copies: images that are all but equal touch a facet together and prove no more
 * than one. A copy of a copy is one as well.
 */
export const distinctRows = (rows: Matrix, which: ArrayLike<number>): Matrix =>
  gatherRows(rows, distinctOf(rows, which));

/** Positions of those rows, the first of each lot of near copies. */
export function distinctOf(rows: Matrix, which: ArrayLike<number>): Int32Array {
  const lots = copiesOf(rows);
  const isSeen = new Uint8Array(rows.rows);
  const kept = new Int32Array(which.length);
  let count = 0;
  for (let i = 0; i < which.length; i++) {
    const lot = lots[which[i]];
    if (isSeen[lot]) continue;
    isSeen[lot] = 1;
    kept[count++] = which[i];
  }
  return kept.slice(0, count);
}

/** For each row (n) one that stands for all its near copies. */
export function copiesOf(rows: Matrix): Int32Array {
  let lots = known.get(rows);
  if (!lots) known.set(rows, (lots = copiesIn(rows)));
  return lots;
}

/** Says what another thread found the copies of these rows to be. */
export const copiesAre = (rows: Matrix, lots: Int32Array): void => void known.set(rows, lots);

/**
 * For each row (n) one that stands for all its near copies. Sorted along a random direction, along which copies are near
 * as well, so that few pairs need a look.
 */
function copiesIn(rows: Matrix): Int32Array {
  const { cols, data } = rows;
  const numbers = random(1, cols);
  const direction = new Float64Array(cols).map(() => numbers.normal());
  const length = sqrt(dot(direction, direction));
  const row = (i: number): Float64Array => data.subarray(i * cols, (i + 1) * cols);
  const at = Float64Array.from({ length: rows.rows }, (_, i) => dot(direction, row(i)) / length);
  const order = Int32Array.from(at.keys()).sort((i, j) => at[i] - at[j]);
  const parent = Int32Array.from(at.keys());
  const root = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]];
    return i;
  };
  // The last place before each that belonged to another lot: in a large lot most pairs need no look.
  const other = new Int32Array(order.length).fill(-1);
  for (let k = 1; k < order.length; k++) {
    const next = order[k];
    const isOfOne = (place: number): boolean => root(order[place]) === root(next);
    for (let before = k - 1; before >= 0 && at[next] - at[order[before]] <= nearCopy;) {
      if (isOfOne(before)) before = other[before];
      else if (isNear(row(order[before]), row(next))) parent[root(next)] = root(order[before]);
      else before--;
    }
    other[k] = k - 1;
    while (other[k] >= 0 && isOfOne(other[k])) other[k] = other[other[k]];
  }
  return parent.map((_, i) => root(i));
}

function isNear(a: Float64Array, b: Float64Array): boolean {
  let squares = 0;
  for (let j = 0; j < a.length && squares <= nearCopy ** 2; j++) squares += (a[j] - b[j]) ** 2;
  return squares <= nearCopy ** 2;
}
