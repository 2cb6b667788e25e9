import { dot, type Matrix } from '../linalg/index.js';
import { PI, atan2, evenly, floor, max, min, sqrt, random } from '../base/index.js';

/** Least angle between two directions, in radians; ten times the rounding of the rows where that is more. */
const leastAngle = 1e-6;

/**
 * Rows of which three or more lie on one line: an image at several brightnesses, mixtures of the same two images. Such
 * rows touch a facet together, and are no more evidence than one.
 * @param rows (n, p), near copies left out
 * @param noise (p) variance of what storing added to each column
 * @param most rows that are looked at, pair by pair, spread evenly; 2,048 at most
 * @returns positions of the rows looked at, and for each the number of its line; a row on no line has one of its own
 */
export function linesAmong(rows: Matrix, noise: Float64Array, most: number): Lines {
  const which = evenly(rows.rows, min(most, indices));
  return { rows: which, ...search(rows, noise, which) };
}

/** Rows that were looked at, the line of each, and how many lines there are. */
export interface Lines {
  rows: Int32Array;
  line: Int32Array;
  lines: number;
}

/** Angles are sorted as whole numbers, each with the number of its row in the last digits. */
const [indices, angleSteps] = [2048, 2 ** 41];

/** Three numbers of each row, along random directions, tell lines from chance; all of its numbers then have to agree. */
function search(rows: Matrix, noise: Float64Array, which: Int32Array): { line: Int32Array; lines: number } {
  const { cols, data } = rows;
  const numbers = random(2, cols);
  const directions = [0, 1, 2].map(() => new Float64Array(cols).map(() => numbers.normal() / sqrt(cols)));
  const blur = sqrt(noise.reduce((sum, variance) => sum + variance, 0) / cols);
  const row = (k: number): Float64Array => data.subarray(which[k] * cols, (which[k] + 1) * cols);
  const points = Array.from(which.keys(), (k) => directions.map((direction) => dot(direction, row(k))));
  const parent = Int32Array.from(which.keys());
  const root = (k: number): number => {
    while (parent[k] !== k) k = parent[k] = parent[parent[k]];
    return k;
  };
  const keys = new Float64Array(which.length);
  for (let i = 0; i < which.length; i++) {
    for (let j = 0; j < which.length; j++) {
      // As a line has no sense of direction, angles half a turn apart are one.
      const angle = atan2(points[j][1] - points[i][1], points[j][0] - points[i][0]);
      keys[j] = floor(((angle < 0 ? angle + PI : angle) / PI) * angleSteps) * indices + j;
    }
    keys[i] = -1;
    keys.sort();
    for (let at = 2; at < keys.length; at++) {
      if (keys[at] - keys[at - 1] > 1e-3 * angleSteps * indices) continue;
      const [j, k] = [keys[at - 1] % indices, keys[at] % indices];
      if (root(i) === root(j) && root(i) === root(k)) continue;
      if (!near(points[i], points[j], points[k], blur) || !near(row(i), row(j), row(k), blur)) continue;
      parent[root(j)] = root(i);
      parent[root(k)] = root(i);
    }
  }
  const names = new Map<number, number>();
  const line = Int32Array.from(which.keys(), (k) => {
    const of = root(k);
    if (!names.has(of)) names.set(of, names.size);
    return names.get(of)!;
  });
  return { line, lines: names.size };
}

/** Whether the lines from a to b and from a to c are one, as far as rounding shows. */
function near(a: ArrayLike<number>, b: ArrayLike<number>, c: ArrayLike<number>, blur: number): boolean {
  let [bb, cc, bc] = [0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    const [u, v] = [b[j] - a[j], c[j] - a[j]];
    bb += u * u;
    cc += v * v;
    bc += u * v;
  }
  if (bb === 0 || cc === 0) return false;
  const t = bc / bb;
  let off = 0;
  for (let j = 0; j < a.length; j++) off += (c[j] - a[j] - t * (b[j] - a[j])) ** 2;
  const reach = sqrt(a.length) * blur * 10 * (1 / sqrt(bb) + 1 / sqrt(cc));
  return off <= cc * max(leastAngle, min(reach, 1e-3)) ** 2;
}
