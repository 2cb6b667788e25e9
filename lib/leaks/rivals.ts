import type { TaskOptions } from '../base/index.js';
import { dot, gatherRows, multiplyVector, symmetricEigen, type Matrix } from '../linalg/index.js';
import { evenlyOf, random } from '../base/index.js';
import { checkFacet, zerosOf } from './certificate.js';
import { unitDirection } from './facet.js';
import { weightedGram } from './graphs.js';
import { positiveSolver } from './solve-positive.js';

/** In standard deviations: above this a feature is on. */
const on = 1e-3;
/** Eigenvalues of the directions' Gram matrix below this are a dependence: found directions are known to 1e-6. */
const dependent = 1e-9;

/** What stands against proven functions being features: flags, one a function. */
export interface Rivals {
  mirrored: boolean[];
  dependent: boolean[];
  /** Whether any of it is what no layer shows that is rectified and nothing else. */
  refuting: boolean;
}

/**
 * Which of the proven functions outputs alone do not single out as features. Where a feature is a rectified sum of
 * others, u = max(0, z), its mirror image v = max(0, −z) = u − z lies in the same span, is never negative and as often
 * zero: no row tells which of the two the model computes. So a function is refused whose mirror image passes the test,
 * too, and with it whatever is in a linear dependence with others: there are more of these than features.
 * @param rows (n, r + 1)
 * @param noise (r) variance of what storing added to each column of the rows
 * @param found (r + 1) each, x at standard deviation 1
 */
export async function rivals(
  rows: Matrix,
  noise: Float64Array,
  found: readonly Float64Array[],
  { signal, onProgress }: TaskOptions = {},
): Promise<Rivals> {
  const mirrored = found.map(() => false);
  let refuting = false;
  const all = [...found];
  for (let i = 0; i < found.length; i++) {
    signal?.throwIfAborted();
    onProgress?.({ stage: 'mirror images of the features found', done: i + 1, total: found.length, unit: 'features' });
    const candidate = await zeroWhereOn(rows, found[i], i);
    if (!candidate) continue;
    const { certificate, a } = await checkFacet(rows, noise, candidate);
    if (!certificate.holds) continue;
    mirrored[i] = true;
    refuting ||= !(await meet(rows, noise, found[i], a));
    const direction = unitDirection(a);
    if (!found.some((other) => dot(unitDirection(other), direction) > 1 - 1e-6)) all.push(a);
  }
  const dependent = independentOf(all)
    .slice(0, found.length)
    .map((free) => !free);
  return { mirrored, dependent, refuting: refuting || dependent.includes(true) };
}

/**
 * Whether two functions are zero together on rows that leave nothing else open, as two features that are never on together
 * are. Of max(0, z) and max(0, −z) hardly a row has both at zero, or other functions vanish there as well.
 */
async function meet(rows: Matrix, noise: Float64Array, a: Float64Array, b: Float64Array): Promise<boolean> {
  const r = rows.cols - 1;
  const there = new Set(await zerosOf(rows, noise, a));
  const both = (await zerosOf(rows, noise, b)).filter((i) => there.has(i));
  if (both.length < 1.5 * r) return false;
  const gram = await weightedGram(gatherRows(rows, both), new Float64Array(both.length).fill(1));
  const { values } = symmetricEigen(gram.data, r + 1);
  return Math.sqrt(Math.max(values[r - 2], 0) / values[0]) > 1e-3;
}

/** The function nearest to zero on the rows where x is on, by inverse iteration; null where these are too few to fix one. */
async function zeroWhereOn(rows: Matrix, a: Float64Array, seed: number): Promise<Float64Array | null> {
  const p = rows.cols;
  const x = await multiplyVector(rows, a);
  const those = Array.from(x.keys()).filter((i) => x[i] > on);
  if (those.length < 1.5 * p) return null;
  const touched = gatherRows(rows, evenlyOf(those, 4 * p));
  const gram = await weightedGram(touched, new Float64Array(touched.rows).fill(1));
  const solve = positiveSolver(gram);
  const numbers = random(seed, p);
  let least = new Float64Array(p).map(() => numbers.normal());
  for (let pass = 0; pass < 3; pass++) {
    const next = solve(least);
    const length = Math.hypot(...next);
    least = next.map((value) => value / length);
  }
  return least;
}

/** Which of the functions have no part in a linear dependence of their directions. */
export function independentOf(functions: readonly Float64Array[]): boolean[] {
  const k = functions.length;
  if (k === 0) return [];
  const directions = functions.map(unitDirection);
  const gram = new Float64Array(k * k);
  for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) gram[i * k + j] = dot(directions[i], directions[j]);
  const { values, vectors } = symmetricEigen(gram, k);
  return directions.map((_, i) => {
    let part = 0;
    for (let from = k - 1; from >= 0 && values[from] < dependent * values[0]; from--) {
      part += vectors.data[from * k + i] ** 2;
    }
    return part <= 1e-6;
  });
}
