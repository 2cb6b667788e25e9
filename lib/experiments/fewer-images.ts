import { uniform, type TaskOptions } from '../base/index.js';
import type { InterfaceBound } from '../leaks/index.js';
import { chooseRows } from '../tensor/index.js';
import { readFewImages, type FewImages, type FewImagesBound } from './few-images.js';

/** Most images of a part: time goes with their cube. */
const mostOfPart = 500;

/** Fewest distinct images of a part that still tell anything of a fit. */
const leastOfPart = 8;

/**
 * What the same readers read with fewer images: half of them, or 500 of very many. Held against what all gave, it says whether
 * a reader is still learning. The mean over two parts without an image in common; an image and its copies are in one part.
 */
export async function readFewerImages(
  images: FewImages,
  specs: readonly string[],
  { seed = 0, signal }: Omit<TaskOptions, 'onProgress'> & { seed?: number } = {},
): Promise<Map<string, NonNullable<InterfaceBound['fewer']>>> {
  const groups = [...new Set(images.groups)];
  const size = Math.min(Math.floor(groups.length / 2), mostOfPart);
  if (specs.length === 0 || size < leastOfPart) return new Map();
  const random = uniform(seed);
  const order = groups.map((group) => ({ group, at: random() })).sort((a, b) => a.at - b.at);
  const found: Map<string, FewImagesBound>[] = [];
  for (const start of [0, size]) {
    const part = new Set(order.slice(start, start + size).map(({ group }) => group));
    found.push(await readFewImages(only(images, part), specs, { seed, signal }));
  }
  return new Map(
    specs.map((spec) => {
      const [one, other] = found.map((of) => of.get(spec)!);
      return [spec, { fitted: size - Math.ceil(size / one.folds), r2: (one.r2 + other.r2) / 2 }];
    }),
  );
}

/** The rows of some groups. */
function only({ features, logits, head, groups, classes }: FewImages, part: ReadonlySet<number>): FewImages {
  const rows = Int32Array.from(groups.keys()).filter((row) => part.has(groups[row]));
  return {
    ...{ features: chooseRows(features, rows), logits: chooseRows(logits, rows), head },
    groups: rows.map((row) => groups[row]),
    ...(classes ? { classes: rows.map((row) => classes[row]) } : {}),
  };
}
