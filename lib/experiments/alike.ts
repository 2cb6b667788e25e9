import type { Store } from '../extract/index.js';
import { matrix, multiply } from '../linalg/index.js';

/** Most images that are compared, each with each. */
const most = 2000;
/** Share of the usual squared distance of two images below which they are taken for one: a burst, a copy in another quality. */
const near = 0.05;
/**
 * The same, as a share of the median squared distance to the tenth nearest image: bursts of more than ten are rare, and
 * features of few numbers are all near.
 */
const nearer = 0.1;
const neighbour = 10;
/**
 * With more than this share of all images in one group, groups are taken for a chain of different images, and none are
 * joined.
 */
const chained = 0.2;

/**
 * Joins groups of images whose features are hardly apart: such images on either side of a split would tell a fit what it is
 * to predict, and an interval that counts them one by one would be too narrow.
 * @param groups (rows) the group of each row
 * @returns (rows) the group of each row, by the number of one of its rows; `groups` itself where none are joined
 */
export async function alike(
  { features, rows }: Pick<Store, 'features' | 'rows'>,
  groups: Int32Array,
): Promise<Int32Array> {
  if (rows > most) return groups;
  const y = matrix(rows, features.cols, Float64Array.from(await features.read(0, rows)));
  const mean = new Float64Array(y.cols);
  for (let at = 0; at < y.data.length; at++) mean[at % y.cols] += y.data[at] / rows;
  for (let at = 0; at < y.data.length; at++) y.data[at] -= mean[at % y.cols];
  const products = (await multiply(y, y, 'nt')).data;
  let usual = 0;
  for (let i = 0; i < rows; i++) usual += (2 * products[i * (rows + 1)]) / rows;
  const own = Int32Array.from({ length: rows }, (_, row) => row);
  const parent = own.slice();
  const root = (of: number): number => {
    while (parent[of] !== of) of = parent[of];
    return of;
  };
  const first = new Map<number, number>();
  for (const [row, group] of groups.entries()) {
    parent[row] = root(first.get(group) ?? row);
    if (!first.has(group)) first.set(group, row);
  }
  const distance = (i: number, j: number): number =>
    products[i * (rows + 1)] + products[j * (rows + 1)] - 2 * products[i * rows + j];
  const tenths = Float64Array.from({ length: rows }, (_, i) => {
    const all = Float64Array.from({ length: rows }, (_, j) => distance(i, j)).sort();
    return all[Math.min(rows - 1, neighbour)];
  }).sort();
  const least = Math.min(near * usual, nearer * tenths[rows >> 1]);
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) if (distance(i, j) < least) parent[root(j)] = root(i);
  }
  const roots = own.map((row) => root(row));
  const sizes = new Map<number, number>();
  for (const of of roots) sizes.set(of, (sizes.get(of) ?? 0) + 1);
  return Math.max(...sizes.values()) > chained * rows ? groups : roots;
}
