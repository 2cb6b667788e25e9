import { clusteredInterval, type MapEvaluation } from '../evaluate/index.js';
import type { Store } from '../extract/index.js';

/**
 * The 95 % interval of agreement where each image has several rows, itself and its variations: these are no independent
 * trials, so images are what is counted.
 */
export function intervalByImage(
  { originalClass, reconstructedClass }: MapEvaluation,
  { positions }: Pick<Store, 'positions'>,
  variations: number,
): [number, number] {
  const images = new Map<number, { agreed: number; n: number }>();
  positions.forEach((position, row) => {
    const image = Math.floor(position / variations);
    const counts = images.get(image) ?? { agreed: 0, n: 0 };
    counts.n++;
    if (originalClass[row] === reconstructedClass[row]) counts.agreed++;
    images.set(image, counts);
  });
  return clusteredInterval([...images.values()]);
}
