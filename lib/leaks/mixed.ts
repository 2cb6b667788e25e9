import { linesAmong } from './lines.js';
import { dot, type Matrix } from '../linalg/index.js';

/** Rows that are looked at. */
const mostRows = 1200;

/**
 * Functions that vary along a line. In a layer as it is, rows with one feature on lie on a ray, and of many rows with two
 * on, three lie on a line by chance, to rounding. With three on, chance has two angles to meet.
 */
const varying = 3;

/** Lines that are needed: chance makes a tenth of one at most, of 1,200 rows with the same three features on. */
const needed = 3;

/** In standard deviations of a function: what varies by less is the same. */
const same = 1e-3;

/**
 * Whether rows are mixtures of others: three or more lie on lines along which several functions vary. Such rows fill
 * polytopes, whose facets are functions that rows fix and that are no features. An image at many brightnesses lies on a
 * line to where all functions are zero, and is none: each facet of such rays has as many of them as it has dimensions.
 * @param rows (n, r + 1)
 * @param noise (r) variance of what storing added to each column of the rows
 * @param found (r + 1) each, x at standard deviation 1
 */
export function areMixed(rows: Matrix, noise: Float64Array, found: readonly Float64Array[]): boolean {
  if (found.length < varying) return false;
  const withOne = new Float64Array(rows.cols);
  withOne.set(noise);
  const { rows: seen, line, lines } = linesAmong(rows, withOne, mostRows);
  if (lines === seen.length) return false;
  const members = Array.from({ length: lines }, (): number[] => []);
  line.forEach((of, k) => members[of].push(seen[k]));
  let mixed = 0;
  for (const those of members) {
    if (those.length < 3) continue;
    if (isMixed(rows, those, found)) mixed++;
    if (mixed === needed) return true;
  }
  return false;
}

/** Whether several functions vary along a line, and do not all reach zero in one point. */
function isMixed({ cols, data }: Matrix, line: readonly number[], found: readonly Float64Array[]): boolean {
  const varied: { least: number; most: number }[] = [];
  const ends = [line[0], line[0]];
  for (const a of found) {
    const value = (i: number): number => dot(a, data.subarray(i * cols, (i + 1) * cols));
    if (varied.length === 0) {
      for (const i of line) {
        if (value(i) < value(ends[0])) ends[0] = i;
        if (value(i) > value(ends[1])) ends[1] = i;
      }
    }
    const [least, most] = ends.map(value);
    if (Math.abs(most - least) > same) varied.push({ least, most });
  }
  const [first] = varied;
  return (
    varied.length >= varying &&
    varied.some(({ least, most }) => Math.abs(least * first.most - most * first.least) > same * first.most)
  );
}
