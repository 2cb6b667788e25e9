import { wilsonInterval } from '../evaluate/index.js';
import { decodeOutcomes, type ResultRow } from '../experiments/index.js';

/** A difference of two shares, with its 95 % interval. */
export interface Difference {
  difference: number;
  interval: [number, number];
}

/**
 * The difference of two rows' agreement, first less second, image by image; null where they are not of the same images,
 * or one has no outcomes. That the images are the same is for the caller to know: rows of equal test digests.
 */
export function pairedDifference(first: ResultRow, second: ResultRow): Difference | null {
  if (first.nTest !== second.nTest || !first.outcomes || !second.outcomes) return null;
  const [a, b] = [first, second].map(({ outcomes, nTest }) => decodeOutcomes(outcomes!, nTest));
  if (!a || !b) return null;
  const counts = { both: 0, first: 0, second: 0, neither: 0 };
  a.forEach((value, i) => counts[value ? (b[i] ? 'both' : 'first') : b[i] ? 'second' : 'neither']++);
  return newcombe(counts);
}

/**
 * Newcombe's interval of the difference of two proportions of the same units (R. G. Newcombe, Statistics in Medicine 17,
 * 1998, 2635–2650, method 10): Wilson's intervals of both, squared and added, with their correlation.
 * @param counts units on which both, only the first, only the second and neither succeed
 */
export function newcombe(counts: { both: number; first: number; second: number; neither: number }): Difference {
  const { both: a, first: b, second: c, neither: d } = counts;
  const n = a + b + c + d;
  const [p, q] = [(a + b) / n, (a + c) / n];
  const [[pLow, pHigh], [qLow, qHigh]] = [wilsonInterval(a + b, n), wilsonInterval(a + c, n)];
  const product = (a + b) * (c + d) * (a + c) * (b + d);
  const cross = a * d - b * c;
  const phi = product === 0 ? 0 : (cross > 0 ? Math.max(0, cross - n / 2) : cross) / Math.sqrt(product);
  const side = (x: number, y: number): number => Math.sqrt(Math.max(0, x * x - 2 * phi * x * y + y * y));
  const difference = (b - c) / n;
  return {
    difference,
    interval: [difference - side(p - pLow, qHigh - q), difference + side(pHigh - p, q - qLow)],
  };
}
