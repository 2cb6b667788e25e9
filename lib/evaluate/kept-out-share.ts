import { quantile, random } from '../base/index.js';

/** The share of variance that a fit explains on images that took no part in it, with its 95 % interval. */
export interface KeptOutShare {
  r2: number;
  interval: [number, number];
  /** What the bootstrap drew: images, or their classes where these differ more than images do. */
  over: 'images' | 'classes';
}

/** How images depend on one another. */
interface ShareOptions {
  /** (n): the group of each image; an image and its copies are one group. */
  groups: Int32Array;
  /** (n): the class of each image, −1 where it has none. */
  classes?: Int32Array;
  /** Folds of the splits that the errors come from; absent where the map was fitted on other images altogether. */
  folds?: number;
}

/** Draws of the bootstrap, fewer where there are very many images to draw from. */
const drawsOf = (clusters: number): number => Math.max(400, Math.min(2000, Math.floor(2 ** 22 / clusters)));
/** Standard errors up to which the draws of few clusters are trusted: three times those of a normal distribution. */
const mostUnits = 6;
/** Classes below which they are too few to draw from. */
const leastClasses = 5;

/**
 * R² = 1 − Σe / Σv with the 95 % interval of a bootstrap over what is independent: images, their copies with them, or their
 * classes where that is wider. Errors are skewed: of few images most samples lack the worst ones, and then seem to vary less,
 * too. So the bootstrap is one of the logarithm of the share left over, in units of its own standard error (the bootstrap-t of B. Efron,
 * The Jackknife, the Bootstrap and Other Resampling Plans, 1982, section 10.10).
 *
 * The fits that errors of splits come from share training images, so that a bootstrap of the errors is too narrow. Its variance is
 * multiplied by 1 + k / (k − 1) for k folds: the correction of C. Nadeau and Y. Bengio (Machine Learning
 * 52, 2003, 239–281), for whom the variance of a mean over J splits is (1/J + n_test / n_train) s².
 * @param errors (n) squared error of each image
 * @param variances (n) squared distance of each image from the mean of all
 */
export function keptOutShare(
  errors: Float64Array,
  variances: Float64Array,
  { groups, classes, folds }: ShareOptions,
): KeptOutShare {
  const n = errors.length;
  const distinct = new Set(groups).size;
  // About the images' own mean their squares are (n − 1) / n of those about the true one.
  const scale = distinct > 1 ? distinct / (distinct - 1) : 1;
  const total = sum(variances) * scale;
  const left = sum(errors) / total;
  const stretch = folds ? Math.sqrt(1 + folds / (folds - 1)) : 1;
  const r2 = 1 - left;
  if (!(total > 0) || !(left > 0) || n < 2) return { r2, interval: [r2, r2], over: 'images' };
  const byImage = endsOf(errors, variances, groups, stretch);
  const byClass = classes && endsOf(errors, variances, clustersOf(classes, groups), stretch, leastClasses);
  const over = byClass && width(byClass) > width(byImage) ? 'classes' : 'images';
  if (over === 'images') return { r2, interval: [1 - left * byImage![1], 1 - left * byImage![0]], over };
  // Neither end is nearer than images alone would put it.
  const [low, high] = [Math.min(byClass![0], byImage![0]), Math.max(byClass![1], byImage![1])];
  return { r2, interval: [1 - left * high, 1 - left * low], over };
}

const width = (ends: readonly [number, number] | null): number => (ends ? ends[1] / ends[0] : 0);

/** The 95 % interval of the share that is left over, as factors of it; null where there are too few clusters to draw from. */
function endsOf(
  errors: Float64Array,
  variances: Float64Array,
  clusters: Int32Array,
  stretch: number,
  least = 2,
): [number, number] | null {
  const sums = new Map<number, { e: number; v: number }>();
  for (let i = 0; i < errors.length; i++) {
    const each = sums.get(clusters[i]) ?? { e: 0, v: 0 };
    each.e += errors[i];
    each.v += variances[i];
    sums.set(clusters[i], each);
  }
  const all = [...sums.values()];
  const k = all.length;
  if (k < least) return null;
  const { left, deviation } = logarithmOf(momentsOf(all));
  if (!(deviation > 0)) return [1, 1];
  const numbers = random(k, 20);
  const drawn: number[] = [];
  for (let b = drawsOf(k); b > 0; b--) {
    const moments = { e: 0, v: 0, ee: 0, ev: 0, vv: 0 };
    for (let i = 0; i < k; i++) addTo(moments, all[numbers.below(k)]);
    const other = logarithmOf(moments);
    if (other.deviation > 0) drawn.push((other.left - left) / other.deviation);
  }
  const units = Float64Array.from(drawn).sort();
  if (units.length === 0) return [1, 1];
  const [low, high] = [0.975, 0.025].map(
    (q) => -stretch * deviation * Math.max(-mostUnits, Math.min(mostUnits, quantile(units, q))),
  );
  return [Math.exp(low), Math.exp(high)];
}

/** Sums over clusters of errors e and variances v, and of their products. */
interface Moments {
  e: number;
  v: number;
  ee: number;
  ev: number;
  vv: number;
}

function addTo(moments: Moments, { e, v }: { e: number; v: number }): void {
  moments.e += e;
  moments.v += v;
  moments.ee += e * e;
  moments.ev += e * v;
  moments.vv += v * v;
}

function momentsOf(all: readonly { e: number; v: number }[]): Moments {
  const moments = { e: 0, v: 0, ee: 0, ev: 0, vv: 0 };
  for (const each of all) addTo(moments, each);
  return moments;
}

/** The logarithm of Σe / Σv and its standard error, √Σ(e / Σe − v / Σv)². */
function logarithmOf({ e, v, ee, ev, vv }: Moments): { left: number; deviation: number } {
  if (!(e > 0 && v > 0)) return { left: 0, deviation: 0 };
  const square = ee / e ** 2 - (2 * ev) / (e * v) + vv / v ** 2;
  return { left: Math.log(e / v), deviation: square > 1e-24 ? Math.sqrt(square) : 0 };
}

/** Classes as clusters; images without one are clusters of their own, copies together. */
function clustersOf(classes: Int32Array, groups: Int32Array): Int32Array {
  const most = classes.reduce((a, b) => Math.max(a, b), 0) + 1;
  return classes.map((of, i) => (of < 0 ? most + groups[i] : of));
}

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
