import type { InterfaceBound } from './interfaces.js';

/** With fewer images a reader has seen too little for its curve to tell anything. */
const leastImages = 200;

/**
 * What all further doublings of the images bring where the next one brings as much as the last, and each after that 1 / √2 of the one
 * before: 1 + 1 / √2 + 1 / 2 + …, the sum of a geometric series.
 */
const allDoublings = 1 / (1 - Math.SQRT1_2);

/** Images that a reader had, those of the fit and those it was judged on. */
export const imagesOf = ({ splits, images, fitted }: InterfaceBound): number => (splits ? images : images + fitted);

/**
 * What the reader of an interface may read with very many images: the upper end of its interval, and what it still learns if it goes on
 * learning as from half of the images to all. No bound, but an estimate: `bench/bounds.ts` holds it against the truth, which was above 7
 * of 60 estimates of 200 images, and none of 60 of 700.
 * @returns R²; null where there are under 200 images, or what half of them give is not known
 */
export function mayRead(read: InterfaceBound): number | null {
  const { kind, r2, fitted, fewer, interval } = read;
  if (kind === 'exact') return 1;
  if (imagesOf(read) < leastImages || !fewer || fitted <= fewer.fitted || interval === null) return null;
  const gain = Math.max(0, (r2 - fewer.r2) / Math.log2(fitted / fewer.fitted));
  return Math.min(1, interval[1] + allDoublings * gain);
}
