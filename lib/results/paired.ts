import { wilsonInterval } from '../base/index.js';
import { decodeOutcomes } from './outcomes.js';
import { type ResultRow } from './types.js';

/** A difference of two shares, with its 95 % interval. */
export interface Difference {
  difference: number;
  interval: [number, number];
}

/** Rows on which both, only the first, only the second and neither succeed. */
export interface PairedCounts {
  both: number;
  first: number;
  second: number;
  neither: number;
}

/**
 * The difference of two rows' agreement, first less second, image by image; null where they are not of the same images,
 * or one has no outcomes. The caller makes sure that the images are the same (equal digests of the test set). Where each
 * image has several rows, images are counted.
 */
export function pairedDifference(first: ResultRow, second: ResultRow): Difference | null {
  const variations = first.variations ?? 1;
  if (first.nTest !== second.nTest || variations !== (second.variations ?? 1)) return null;
  if (!first.outcomes || !second.outcomes || first.nTest % variations !== 0) return null;
  const [a, b] = [first, second].map(({ outcomes, nTest }) => decodeOutcomes(outcomes!, nTest));
  if (!a || !b) return null;
  const images = Array.from({ length: a.length / variations }, (_, i) => ({
    ...{ both: 0, first: 0, second: 0, neither: 0 },
    rows: [i * variations, (i + 1) * variations],
  }));
  for (const image of images) {
    for (let i = image.rows[0]; i < image.rows[1]; i++) {
      image[a[i] ? (b[i] ? 'both' : 'first') : b[i] ? 'second' : 'neither']++;
    }
  }
  return clusteredDifference(images);
}

/**
 * Newcombe's interval where rows come in clusters, of which only the clusters are independent: his, with the numbers of
 * rows divided by the design effect of the difference, as `clusteredInterval` does with Wilson's. Before it is estimated, a
 * cluster that only the first has and one that only the second has are added, so that it does not come from one or two.
 * With clusters of one row it is Newcombe's own.
 * @param clusters at least one, of at least one row each
 */
export function clusteredDifference(clusters: readonly PairedCounts[]): Difference {
  const of = (key: keyof PairedCounts): number => clusters.reduce((sum, cluster) => sum + cluster[key], 0);
  const counts = { both: of('both'), first: of('first'), second: of('second'), neither: of('neither') };
  const effect = designEffect(clusters, counts);
  return newcombe({
    both: counts.both / effect,
    first: counts.first / effect,
    second: counts.second / effect,
    neither: counts.neither / effect,
  });
}

/** The clusters' variance of the difference over that of as many independent rows: from 1 to a cluster's size. */
function designEffect(clusters: readonly PairedCounts[], { both, first, second, neither }: PairedCounts): number {
  const rows = both + first + second + neither;
  const size = rows / clusters.length;
  const n = rows + 2 * size;
  const mean = (first - second) / n;
  const squares = clusters.reduce(
    (sum, each) => {
      const own = each.both + each.first + each.second + each.neither;
      return sum + (each.first - each.second - mean * own) ** 2;
    },
    size ** 2 * ((1 - mean) ** 2 + (1 + mean) ** 2),
  );
  const independent = first + second + 2 * size - n * mean ** 2;
  return Math.min(size, Math.max(1, squares / independent));
}

/**
 * Newcombe's interval of the difference of two proportions of the same units (R. G. Newcombe, Statistics in Medicine 17,
 * 1998, 2635–2650, method 10): Wilson's intervals of both, squared and added, with their correlation.
 * @param counts units on which both, only the first, only the second and neither succeed
 */
export function newcombe(counts: PairedCounts): Difference {
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
