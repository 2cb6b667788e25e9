import { quantile, random } from '../base/index.js';

/** A share of variance that was read off images that took no part in the fit, with its 95 % interval. */
export interface KeptOutShare {
  r2: number;
  interval: [number, number];
  /** What the interval was drawn over: images, or the classes that they are of, where these differ more than images do. */
  over: 'images' | 'classes';
}

export interface ShareOptions {
  /** Images that count as one: an image and its copies. */
  groups: Int32Array;
  /** Class of each image, −1 where it has none: images of one are alike. */
  classes?: Int32Array;
  /** Folds of the splits that the errors come from; absent where the map was fitted on other images altogether. */
  folds?: number;
}

/** Draws of the bootstrap, fewer where there are very many images to draw from. */
const drawsOf = (clusters: number): number => Math.max(400, Math.min(2000, Math.floor(2 ** 22 / clusters)));
/** Classes below which they are too few to draw from. */
const leastClasses = 5;
/** 97.5 % of a normal distribution. */
const normal = 1.959964;

/**
 * R² = 1 − Σe / Σv with the 95 % interval of a bootstrap (B. Efron, Annals of Statistics 7, 1979) over what is independent:
 * images, their copies with them, or their classes where that is wider. What is drawn is the logarithm of what is left over,
 * whose spread hardly hangs on its size, and it is stretched as Student's t is wider than the normal distribution.
 *
 * Errors that come from splits have a training set in common, so that a bootstrap of them is too narrow. Its variance is
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
  const [low, high] = over === 'classes' ? byClass! : byImage!;
  return { r2, interval: [1 - left * high, 1 - left * low], over };
}

const width = (ends: readonly [number, number] | null): number => (ends ? ends[1] / ends[0] : 0);

/** Factors of what is left between which 95 % lie; null where there are too few clusters to draw from. */
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
  const numbers = random(k, 20);
  const logs = new Float64Array(drawsOf(k));
  const whole = Math.log(sum(errors) / sum(variances));
  for (let b = 0; b < logs.length; b++) {
    let [e, v] = [0, 0];
    for (let i = 0; i < k; i++) {
      const each = all[numbers.below(k)];
      e += each.e;
      v += each.v;
    }
    logs[b] = v > 0 && e > 0 ? Math.log(e / v) - whole : 0;
  }
  logs.sort();
  // Few clusters are drawn with less spread than they have, by (k − 1) / k, and their spread is itself a guess.
  const wider = stretch * Math.sqrt(k / (k - 1)) * (student(k - 1) / normal);
  return [Math.exp(wider * quantile(logs, 0.025)), Math.exp(wider * quantile(logs, 0.975))];
}

/** Classes as clusters; images without one are clusters of their own, copies together. */
function clustersOf(classes: Int32Array, groups: Int32Array): Int32Array {
  const most = classes.reduce((a, b) => Math.max(a, b), 0) + 1;
  return classes.map((of, i) => (of < 0 ? most + groups[i] : of));
}

/** 97.5 % of Student's t, by the expansion about the normal distribution (Abramowitz and Stegun 26.7.5). */
function student(degrees: number): number {
  const z = normal;
  if (degrees < 3) return [12.706, 4.303][degrees - 1] ?? 12.706;
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3)
  );
}

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
