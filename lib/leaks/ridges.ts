import { evenlyOf, type TaskOptions } from '../base/index.js';
import { matrix, multiply, multiplyVector, symmetricEigen, vectorsOf, type Matrix } from '../linalg/index.js';
import { checkFacet, toleranceOf, zeroCounts, zerosOf } from './certificate.js';
import type { Ending } from './ending.js';
import { unitDirection } from './facet.js';
import { weightedGram } from './graphs.js';
import { independentComponents } from './ica.js';
import { linesAmong } from './lines.js';
import { distinctRows } from './near-copies.js';
import { independentOf } from './rivals.js';
import { complement, Search, withOnes } from './search.js';

/** Ridges of a function's zero rows. Plain: serialises to JSON. */
export interface RidgeReport {
  /** Ridges looked at. */
  tested: number;
  /** Those that lead to a function found before. */
  toFound: number;
  /** Those that lead to one that the search had missed. */
  added: number;
  /**
   * Those that lead to one that rows fix, but that is not proven for another reason (it is cut off from above, say).
   */
  unproven: number;
  /** Those that lead to nothing: the function on the other side is zero on hardly a row beyond the ridge. */
  open: number;
  /** True where no ridge was looked for: of a wide layer some functions are looked at, and few once the time is over. */
  skipped?: true;
}

/** What the ridges of a function say of it. */
export interface RidgeLook {
  report: RidgeReport;
  /** Whether all that were looked at lead to a function that rows fix. */
  closed: boolean;
  /** Whether the ridges are independent of one another, as those of a cone's facet are; a simplex has one more. */
  independent: boolean;
  /** Functions across a ridge that no rows fix: each forms a group with this function. */
  partners: Float64Array[];
}

export interface Ridges {
  /** One a function, those added included. */
  of: RidgeLook[];
  /** Descents made. */
  starts: number;
}

export interface RidgeOptions extends TaskOptions {
  seed?: number;
  finish?: Ending;
  /** Functions whose ridges are looked at, the first ones. Default all. */
  most?: number;
}

/** Zero rows for each unknown: the most that are looked at, and the least that can show a ridge. */
const [mostZeros, leastZeros] = [64, 4];

/** One row beyond a ridge always fixes λ, and a second one may be there by chance. */
const byChance = 2;

/** Most ridges to functions found before, and fewest and most starts for others, random ones after the components. */
const [mostKnown, fewestStarts, mostStarts] = [6, 6, 64];

/** Directions above which a layer is wide, and functions of a wide one whose ridges are looked at. */
const [wide, mostOfWide] = [64, 32];

/** Functions that are looked at, and starts for each, once the time is over. */
const [lateFunctions, lateStarts] = [2, 16];

/**
 * Goes through the ridges of every function found. Where g is zero the outputs fill one dimension less; a facet t of
 * that is a ridge, on which g and something else vanish together. Of the functions t + λ g that vanish there too, the one
 * with the least λ that leaves nothing negative is the facet on the other side: one pass over the rows. If it is proven as
 * g is, it was found or is added. If it is zero on hardly a row beyond the ridge, nothing fixes which of the pencil is a
 * feature: g is known as one of a group alone.
 */
export async function throughRidges(search: Search, options: RidgeOptions = {}): Promise<Ridges> {
  const { signal, onProgress } = options;
  // Without any ridge nothing is certified, so that work that is ended early still takes the time for a few of them.
  const late = options.finish?.aborted ?? false;
  const most = Math.min(options.most ?? Infinity, late ? lateFunctions : Infinity);
  const finish = late ? undefined : options.finish;
  const within = { ...options, finish, starts: late ? lateStarts : mostStarts };
  const out: Ridges = { of: [], starts: 0 };
  const r = search.rows.cols - 1;
  // Of wide layers some, spread over all: each takes as long as a good part of the search.
  const first = search.found.length;
  const every = r > wide ? Math.max(1, first / mostOfWide) : 1;
  const skipped = (i: number): boolean => i < first && Math.floor(i / every) === Math.floor((i - 1) / every);
  for (let i = 0; i < search.found.length; i++) {
    signal?.throwIfAborted();
    // More facets than a cone of r features has: what is in the dependence is refused, and there is no end of others.
    const over = search.found.length > r + 1 || i >= most || skipped(i) || finish?.aborted;
    out.of.push(over ? untested(true) : await ridgesOf(search, i, within, out));
    onProgress?.({ stage: 'test of the features found', done: i + 1, total: search.found.length, unit: 'functions' });
  }
  return out;
}

const untested = (isSkipped = false): RidgeLook => ({
  report: { tested: 0, toFound: 0, added: 0, unproven: 0, open: 0, ...(isSkipped ? { skipped: true } : {}) },
  closed: false,
  independent: true,
  partners: [],
});

async function ridgesOf(
  search: Search,
  index: number,
  options: RidgeOptions & { starts: number },
  out: Ridges,
): Promise<RidgeLook> {
  const { rows, noise, found } = search;
  const r = rows.cols - 1;
  const look = untested();
  const zeros = await zerosOf(rows, noise, found[index].a);
  if (r < 3 || zeros.length < leastZeros * r) return look;
  const face = await faceOf(rows, noise, zeros);
  const others = found.filter((_, j) => j !== index).map(({ a }) => face.into(a));
  const known = others.map(unitDirection);
  const seen: Float64Array[] = [];
  for (const at of await mostCommon(face, others)) {
    const { certificate, open } = await checkFacet(face.rows, face.noise, others[at], { lines: false });
    if (!certificate.holds || open) continue;
    look.report.toFound++;
    seen.push(others[at]);
  }
  const inside = new Search(face.rows, face.noise, options.seed ?? 0, search.crew, known);
  const left = complement(known, r - 1);
  const components =
    left.rows > 0
      ? await independentComponents(face.h, left, options.seed ?? 0, { signal: options.signal, finish: options.finish })
      : left;
  // Where the functions found span all of it there may be ridges still: of a cloud with more facets than directions.
  const starts = inside.filled(components, fewestStarts);
  const count = Math.min(starts.rows, options.starts);
  for (let k = 0; k < count && !options.finish?.aborted; k += inside.together) {
    options.signal?.throwIfAborted();
    await inside.from(vectorsOf(starts, k, Math.min(k + inside.together, count)), {
      thorough: 'never',
      signal: options.signal,
      over: options.finish,
    });
  }
  out.starts += inside.starts;
  for (const { a } of inside.found) {
    seen.push(a);
    const across = await pivot(search, index, face.outOf(a));
    if (across.proven === 'found') look.report.toFound++;
    else if (across.proven === 'added') look.report.added++;
    else if (across.beyond > byChance) look.report.unproven++;
    else {
      look.report.open++;
      look.partners.push(across.a);
    }
  }
  const { toFound, added, unproven, open } = look.report;
  look.report.tested = toFound + added + unproven + open;
  look.closed = open === 0;
  look.independent = independentOf(seen).every(Boolean);
  return look;
}

/** The rows on which a function is zero, whitened within the space that they fill. */
interface Face {
  /** (m, r − 1), and the same with a 1 behind each. */
  h: Matrix;
  rows: Matrix;
  noise: Float64Array;
  /** A function (r + 1) of all rows, as one (r) of these. */
  into(a: Float64Array): Float64Array;
  /** One of these, carried on to all rows. */
  outOf(t: Float64Array): Float64Array;
}

async function faceOf(rows: Matrix, noise: Float64Array, zeros: readonly number[]): Promise<Face> {
  const r = rows.cols - 1;
  const touched = distinctRows(rows, evenlyOf(zeros, Math.max(2000, mostZeros * r)));
  const gram = await weightedGram(touched, new Float64Array(touched.rows).fill(1));
  const n = touched.rows;
  const mean = gram.data.slice(r * (r + 1), r * (r + 1) + r).map((sum) => sum / n);
  const covariance = new Float64Array(r * r);
  for (let i = 0; i < r; i++) {
    for (let j = 0; j < r; j++) covariance[i * r + j] = gram.data[i * (r + 1) + j] / n - mean[i] * mean[j];
  }
  const { values, vectors } = symmetricEigen(covariance, r);
  const axes = matrix(r - 1, r + 1);
  const faceNoise = new Float64Array(r - 1);
  const roots = Array.from(values.subarray(0, r - 1), (value) => Math.sqrt(Math.max(value, values[0] * 1e-12)));
  for (let k = 0; k < r - 1; k++) {
    for (let j = 0; j < r; j++) {
      const v = vectors.data[k * r + j] / roots[k];
      axes.data[k * (r + 1) + j] = v;
      axes.data[k * (r + 1) + r] -= v * mean[j];
      faceNoise[k] += v * v * noise[j];
    }
  }
  const h = await multiply(touched, axes, 'nt');
  return {
    h,
    rows: withOnes(h),
    noise: faceNoise,
    into(a) {
      const out = new Float64Array(r);
      out[r - 1] = a[r];
      for (let j = 0; j < r; j++) out[r - 1] += a[j] * mean[j];
      for (let k = 0; k < r - 1; k++) {
        for (let j = 0; j < r; j++) out[k] += a[j] * vectors.data[k * r + j] * roots[k];
      }
      return out;
    },
    outOf(t) {
      const out = new Float64Array(r + 1);
      out[r] = t[r - 1];
      for (let k = 0; k < r - 1; k++) for (let j = 0; j <= r; j++) out[j] += t[k] * axes.data[k * (r + 1) + j];
      return out;
    },
  };
}

/** Positions of the functions that are zero on the most of these rows, enough of them for a ridge. */
async function mostCommon({ rows, noise }: Face, others: readonly Float64Array[]): Promise<number[]> {
  return (await zeroCounts(rows, noise, others))
    .map((zeros, at) => ({ at, zeros }))
    .filter(({ zeros }) => zeros >= 1.5 * (rows.cols - 1) && zeros < rows.rows)
    .sort((a, b) => b.zeros - a.zeros)
    .slice(0, mostKnown)
    .map(({ at }) => at);
}

interface Across {
  proven: 'found' | 'added' | 'no';
  a: Float64Array;
  /** Directions on which it is zero beyond the ridge. */
  beyond: number;
}

/** The facet on the other side of the ridge on which function `index` and t vanish. */
async function pivot(search: Search, index: number, t: Float64Array): Promise<Across> {
  const { rows, noise, found } = search;
  const g = found[index].a;
  const [x, y] = [await multiplyVector(rows, g), await multiplyVector(rows, t)];
  const off = 4 * (await toleranceOf(rows, noise, t));
  const on = await toleranceOf(rows, noise, g);
  // −y / x of every row beyond, give or take what rounding adds: λ is the largest that is sure.
  let least = -Infinity;
  for (let i = 0; i < x.length; i++) if (x[i] > 2 * on) least = Math.max(least, (-y[i] - off) / x[i]);
  let lambda = least;
  for (let pass = 0; pass < 3; pass++) {
    let [top, bottom] = [0, 0];
    for (let i = 0; i < x.length; i++) {
      if (x[i] <= 2 * on) continue;
      const ahead = pass === 0 ? (-y[i] + off) / x[i] >= least : Math.abs(y[i] + lambda * x[i]) <= 2 * off;
      if (!ahead) continue;
      top -= y[i] * x[i];
      bottom += x[i] * x[i];
    }
    if (bottom > 0) lambda = top / bottom;
  }
  const a = t.map((value, j) => value + lambda * g[j]);
  const checked = await checkFacet(rows, noise, a);
  if (checked.certificate.holds) {
    return { proven: search.keep(checked) ? 'added' : 'found', a: checked.a, beyond: Infinity };
  }
  const beyond: number[] = [];
  for (let i = 0; i < x.length; i++) {
    if (x[i] > 2 * on && Math.abs(y[i] + lambda * x[i]) <= off) beyond.push(i);
  }
  const withOne = new Float64Array(rows.cols);
  withOne.set(noise);
  return { proven: 'no', a, beyond: linesAmong(distinctRows(rows, beyond), withOne, 400).lines };
}
