import type { NdArray } from 'ndarray';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { denseData, toNdArray, type LinearMap } from '../tensor/index.js';
import { symmetricEigenvalues } from './eigen.js';
import { factorise, type Solver } from './factorise.js';
import { matrix, subtract, transpose, type Matrix } from './matrix.js';
import { multiply } from './multiply.js';
import type { Dtype, Statistics } from './statistics.js';

export interface SolveOptions {
  /**
   * Ridge penalty, >= 0, in units of the centred Gram XᵀX: the same number as scikit-learn's `Ridge(alpha)`. A penalty
   * per example, as in mean squared error + λ‖A‖², is alpha = n λ. Default 0: least squares, minimum norm where X does not determine it.
   */
  alpha?: number;
  /** Eigenvalues of the Gram (+ alpha) at or below rcond times the largest are cut. Default: `defaultRcond` of X's type. */
  rcond?: number;
  /** Default true. False: the map goes through the origin (or through the prior's bias). */
  intercept?: boolean;
  /** The map to stay near: the distance to it is made small instead of the norm. Same widths as the fit. */
  prior?: LinearMap;
  /** Adds all eigenvalues of the Gram to the result. Default false. */
  spectrum?: boolean;
  /** Only these columns [start, end) of Y. Default all. */
  targets?: [number, number];
}

/** How a map was found. */
export interface FitInfo {
  /** Examples. */
  n: number;
  /** Directions of X that were kept; p at full rank. */
  rank: number;
  /** Largest over smallest kept eigenvalue of the Gram (+ alpha). */
  condition: number;
  /** Smallest kept over largest dropped eigenvalue; null where nothing was dropped. */
  gap: number | null;
  alpha: number;
  rcond: number;
  solver: Solver;
  /** Whether the distance to a prior was minimised. */
  prior: boolean;
  /** What to know before trusting the map, in a sentence; null where there is nothing. */
  warning: string | null;
  /** Eigenvalues of the Gram, descending (p). */
  spectrum?: Float64Array;
}

export interface FittedMap extends LinearMap {
  weight: NdArray<Float64Array>;
  bias: NdArray<Float64Array>;
  fit: FitInfo;
}

/**
 * The relative size of eigenvalues that are rounding of X and nothing else: the square of X's relative noise, about
 * 1e-6 for logits that a network computed in float32 (16 units in the last place: sums of a few hundred products) and
 * 1e-3 in float16 (2 units: half precision is what they were rounded to). Float64 inputs were float32 once, as a rule.
 */
export const defaultRcond = (dtype: Dtype): number => (dtype === 'float16' ? 1e-6 : 1e-12);

/** A gap below this is no proof of a rank: noise of a tenth of a direction's size would have moved the cut. */
const clearGap = 100;

/**
 * The least-squares map from X to Y with intercept, from statistics alone: (G + alpha I)⁺ C.
 * @throws FeatReconstructError when widths do not fit or there is one row alone
 */
export async function solve(statistics: Statistics, options: SolveOptions = {}): Promise<FittedMap> {
  const { alpha = 0, intercept = true, prior, spectrum = false } = options;
  const { n, p, q, dtype } = statistics;
  const { rcond = defaultRcond(dtype), targets: [from, to] = [0, q] } = options;
  if (!(alpha >= 0)) throw new UsageError(`Expected alpha to be 0 or more, found ${alpha}.`);
  if (!(rcond >= 0 && rcond < 1)) throw new UsageError(`Expected rcond from 0 to below 1, found ${rcond}.`);
  if (!(from >= 0 && from < to && to <= q)) {
    throw new UsageError(`Expected targets to be a range of Y's ${q} columns, found [${from}, ${to}).`);
  }
  if (intercept && n < 2) {
    throw new FeatReconstructError(
      'Expected at least 2 rows to fit a map with an intercept, found 1; fit with intercept: false or give more.',
    );
  }
  checkPrior(prior, p, to - from);
  const system = await normalEquations(statistics, from, to, intercept, prior);
  for (let i = 0; i < p; i++) system.gram.data[i * (p + 1)] += alpha;
  const factorisation = await factorise(system.gram, rcond);
  const weight = transpose(await factorisation.solve(system.cross));
  if (prior) add(weight, prior);
  const { rank, condition, gap, solver } = factorisation;
  return {
    weight: toNdArray(weight.data, [to - from, p]),
    bias: toNdArray(biasOf(weight, system.meanX, system.meanY, intercept, prior), [to - from]),
    fit: {
      n,
      rank,
      condition,
      gap,
      alpha,
      rcond,
      solver,
      prior: prior !== undefined,
      warning: warningOf(rank, gap),
      ...(spectrum ? { spectrum: symmetricEigenvalues(statistics.gram, p) } : {}),
    },
  };
}

interface NormalEquations {
  /** (p, p), owned by the caller. */
  gram: Matrix;
  /** (p, q) */
  cross: Matrix;
  meanX: Float64Array;
  meanY: Float64Array;
}

/** The Gram and the products with what is to be explained: Y, or Y less the prior's answer. */
async function normalEquations(
  statistics: Statistics,
  from: number,
  to: number,
  intercept: boolean,
  prior: LinearMap | undefined,
): Promise<NormalEquations> {
  const { n, p, q, meanX } = statistics;
  const meanY = statistics.meanY.slice(from, to);
  const gram = matrix(p, p, statistics.gram.slice());
  const cross = matrix(p, to - from);
  for (let i = 0; i < p; i++) cross.data.set(statistics.cross.subarray(i * q + from, i * q + to), i * cross.cols);
  // Xᵀ(Y − X A₀ᵀ) = C − G A₀ᵀ: no second pass over the rows.
  if (prior) subtract(cross, await multiply(gram, denseWeight(prior), 'nt'));
  if (!intercept) {
    const rest = prior ? residualMean(meanX, meanY, prior) : meanY;
    addOuter(gram, n, meanX, meanX);
    addOuter(cross, n, meanX, rest);
  }
  return { gram, cross, meanX, meanY };
}

function residualMean(meanX: Float64Array, meanY: Float64Array, prior: LinearMap): Float64Array {
  return meanY.map((value, i) => {
    let predicted = prior.bias.get(i);
    for (let j = 0; j < meanX.length; j++) predicted += prior.weight.get(i, j) * meanX[j];
    return value - predicted;
  });
}

function biasOf(
  weight: Matrix,
  meanX: Float64Array,
  meanY: Float64Array,
  intercept: boolean,
  prior: LinearMap | undefined,
): Float64Array {
  if (!intercept) return meanY.map((_, i) => (prior ? prior.bias.get(i) : 0));
  return meanY.map((value, i) => {
    let sum = value;
    for (let j = 0, at = i * weight.cols; j < weight.cols; j++) sum -= weight.data[at + j] * meanX[j];
    return sum;
  });
}

function warningOf(rank: number, gap: number | null): string | null {
  if (rank === 0) return 'X does not vary: the map answers with the mean of Y.';
  if (gap === null || gap >= clearGap) return null;
  return `The rank ${rank} is a matter of rcond: the eigenvalues next to the cut differ by a factor of ${gap.toPrecision(3)} only.`;
}

function checkPrior(prior: LinearMap | undefined, p: number, q: number): void {
  if (!prior) return;
  const [out, width] = prior.weight.shape;
  if (out !== q || width !== p) {
    throw new FeatReconstructError(
      `Expected a prior from X's ${p} columns to Y's ${q}, found one from ${width} to ${out}; for logits to features it is the pseudo-inverse of the head.`,
    );
  }
}

const denseWeight = ({ weight }: LinearMap): Matrix =>
  matrix(weight.shape[0], weight.shape[1], Float64Array.from(denseData(weight)));

function add(weight: Matrix, prior: LinearMap): void {
  const other = denseWeight(prior).data;
  for (let i = 0; i < other.length; i++) weight.data[i] += other[i];
}

function addOuter(into: Matrix, factor: number, a: Float64Array, b: Float64Array): void {
  for (let i = 0, at = 0; i < a.length; i++) {
    const scaled = factor * a[i];
    for (let j = 0; j < b.length; j++, at++) into.data[at] += scaled * b[j];
  }
}
