import { blockRows, FeatReconstructError, option, UsageError } from '../base/index.js';
import { checkMap, toNdArray, type LinearMap } from '../tensor/index.js';
import {
  eigenvaluesInTurns,
  factorise,
  keptDirections,
  type Factorisation,
  type Kept,
  addOuter,
  denseBias,
  denseWeight,
  matrix,
  slice,
  subtract,
  timesVector,
  transpose,
  type Matrix,
  multiply,
} from '../linalg/index.js';
import type { FitWarning } from '../words/index.js';
import { residualMean } from './centred.js';
import { columnsLeftOut } from './left-out.js';
import type { Dtype, Statistics } from './statistics.js';
import type { FittedMap } from './types.js';

/** Options of {@link solve}. */
export interface SolveOptions {
  /**
   * Ridge penalty, >= 0, in units of the centred Gram XᵀX: the same number as scikit-learn's `Ridge(alpha)`. A penalty
   * per example, as in mean squared error + λ‖A‖², is alpha = n λ. Default 0: least squares, minimum norm where X does not determine it.
   */
  alpha?: number | undefined;
  /** Eigenvalues of the Gram (+ alpha) at or below rcond times the largest are cut. Default: `defaultRcond` of X's type. */
  rcond?: number | undefined;
  /** Default true. False: the map goes through the origin (or through the prior's bias). */
  intercept?: boolean | undefined;
  /** The map to stay near, as wide as the fit: the distance to it is minimised instead of the norm. */
  prior?: LinearMap | undefined;
  /** Adds all eigenvalues of the Gram to the result. Default false. */
  spectrum?: boolean | undefined;
  /** Aborts between the steps of a factorisation. */
  signal?: AbortSignal | undefined;
  /** Only these columns [start, end) of Y. Default all. */
  targets?: [number, number] | undefined;
}

/**
 * Eigenvalues of at most this relative size are nothing but rounding of X. It is the square of X's relative noise: about 1e-6
 * for logits that a network computed in float32 (16 units in the last place, after sums of a few hundred products), and 1e-3 in
 * float16 (2 units: they were rounded to it at the end). Float64 inputs are taken to have been float32 once.
 */
export const defaultRcond = (dtype: Dtype): number => (dtype === 'float16' ? 1e-6 : 1e-12);

/** A gap below this does not prove a rank: noise of a tenth of a direction's size would have moved the cut. */
export const clearGap = 100;

/**
 * The least-squares map from X to Y with intercept, from statistics alone: (G + alpha I)⁺ C.
 * @throws FeatReconstructError when widths do not fit or there is one row alone
 */
export async function solve(statistics: Statistics, options: SolveOptions = {}): Promise<FittedMap> {
  const { alpha = 0, intercept = true, prior, spectrum = false, signal } = options;
  const { n, p, q, dtype } = statistics;
  const { rcond = defaultRcond(dtype), targets: [from, to] = [0, q] } = options;
  if (!(alpha >= 0)) throw new UsageError(`Expected ${option('alpha')} to be 0 or more, found ${alpha}.`);
  if (!(rcond >= 0 && rcond < 1))
    throw new UsageError(`Expected ${option('rcond')} from 0 to below 1, found ${rcond}.`);
  if (!(from >= 0 && from < to && to <= q)) {
    throw new UsageError(`Expected targets to be a range of Y's ${q} columns, found [${from}, ${to}).`);
  }
  if (intercept && n < 2) {
    throw new FeatReconstructError(
      `Expected at least 2 rows to fit a map with an intercept, found 1; fit without one (${option('intercept: false', '--no-intercept')}) or give more.`,
      { code: 'too-few-rows' },
    );
  }
  checkPrior(prior, p, to - from);
  const factorisation = await factorisationOf(statistics, { alpha, rcond, intercept }, signal);
  const cross = await crossOf(statistics, from, to, intercept, prior);
  const weight = transpose(await factorisation.solve(cross));
  if (prior) addPrior(weight, prior);
  const { rank, condition, gap } = alpha > 0 ? await keptOf(statistics, { rcond, intercept }, signal) : factorisation;
  return {
    weight: toNdArray(weight.data, [to - from, p]),
    bias: toNdArray(biasOf(statistics, from, weight, intercept, prior), [to - from]),
    fit: {
      n,
      rank,
      condition,
      gap,
      alpha,
      rcond,
      solver: factorisation.solver,
      prior: prior !== undefined,
      warning: listed(
        warningOf(rank, factorisation.gap),
        alpha > 0 ? null : await columnsLeftOut(statistics, factorisation, rcond),
      ),
      ...(spectrum ? { spectrum: await eigenvaluesInTurns(statistics.gram, p, signal) } : {}),
    },
  };
}

/** What the Gram to factorise depends on. */
type GramOptions = Required<Pick<SolveOptions, 'alpha' | 'rcond' | 'intercept'>>;

const remembered = new WeakMap<Statistics, { key: string; factorisation: Promise<Factorisation> }>();

/** G + alpha I of these statistics, factorised. The last one is kept: a span and maps with and without a prior share it. */
export function factorisationOf(
  statistics: Statistics,
  options: GramOptions,
  signal?: AbortSignal,
): Promise<Factorisation> {
  const key = keyOf(options);
  const last = remembered.get(statistics);
  if (last?.key === key) return last.factorisation;
  const factorisation = factorise(gramOf(statistics, options), options.rcond, signal);
  remembered.set(statistics, { key, factorisation });
  // One that failed or was aborted is computed again when it is next wanted.
  factorisation.catch(() => remembered.delete(statistics));
  if (options.alpha === 0) rememberKept(statistics, key, factorisation);
  return factorisation;
}

const keyOf = ({ alpha, rcond, intercept }: GramOptions): string => JSON.stringify([alpha, rcond, intercept]);

/** (p, p): about the means, or about the origin without an intercept, and alpha on the diagonal. */
function gramOf(statistics: Statistics, { alpha, intercept }: GramOptions): Matrix {
  const { n, p, meanX } = statistics;
  const gram = matrix(p, p, statistics.gram.slice());
  if (intercept) clearConstants(gram, n, meanX);
  else addOuter(gram, n, meanX, meanX);
  for (let i = 0; i < p; i++) gram.data[i * (p + 1)] += alpha;
  return gram;
}

const rememberedKept = new WeakMap<Statistics, { key: string; kept: Promise<Kept> }>();

function rememberKept(statistics: Statistics, key: string, found: Promise<Kept>): Promise<Kept> {
  // Keeps three numbers, not the matrices of the factorisation.
  const kept = found.then(({ rank, condition, gap }) => ({ rank, condition, gap }));
  rememberedKept.set(statistics, { key, kept });
  kept.catch(() => rememberedKept.delete(statistics));
  return kept;
}

/** Rank, condition and gap of the Gram itself, without alpha; computed once for all alphas. */
async function keptOf(
  statistics: Statistics,
  options: Omit<GramOptions, 'alpha'>,
  signal?: AbortSignal,
): Promise<Kept> {
  const whole = { ...options, alpha: 0 };
  const key = keyOf(whole);
  const last = rememberedKept.get(statistics);
  if (last?.key === key) return last.kept;
  return rememberKept(statistics, key, keptDirections(gramOf(statistics, whole), options.rcond, signal));
}

/**
 * Sets the columns of a Gram that do not vary to 0: rounding of their means may leave them a small variance. The mean of a block
 * is off by at most 4,096 units in the last place, so a variance of no more than that is none.
 */
export function clearConstants({ rows: p, data }: Matrix, n: number, mean: Float64Array): void {
  for (let j = 0; j < p; j++) {
    const rounding = n * (blockRows * Number.EPSILON * mean[j]) ** 2;
    // An overflow is left, for the factorisation to refuse.
    if (!(data[j * (p + 1)] <= rounding && rounding < Infinity)) continue;
    data.fill(0, j * p, (j + 1) * p);
    for (let i = 0; i < p; i++) data[i * p + j] = 0;
  }
}

/** (p, to − from): products of X with columns [from, to) of Y, less what the prior gives for them. */
async function crossOf(
  statistics: Statistics,
  from: number,
  to: number,
  intercept: boolean,
  prior: LinearMap | undefined,
): Promise<Matrix> {
  const { n, p, q, meanX } = statistics;
  const cross = slice(matrix(p, q, statistics.cross), 0, p, from, to);
  // Xᵀ(Y − X A₀ᵀ) = C − G A₀ᵀ needs no second pass over the rows. The difference may be small, but its error is no larger
  // than that of C itself.
  if (prior) subtract(cross, await multiply(matrix(p, p, statistics.gram), denseWeight(prior), 'nt'));
  if (!intercept) {
    const meanY = statistics.meanY.subarray(from, to);
    addOuter(cross, n, meanX, prior ? residualMean(meanX, meanY, prior) : meanY);
  }
  return cross;
}

/** The bias that sends the mean of X to the mean of Y; without an intercept the prior's own, or 0. */
function biasOf(
  { meanX, meanY }: Statistics,
  from: number,
  weight: Matrix,
  intercept: boolean,
  prior: LinearMap | undefined,
): Float64Array {
  if (intercept) return timesVector(weight, meanX).map((value, i) => meanY[from + i] - value);
  return prior ? denseBias(prior).slice() : new Float64Array(weight.rows);
}

/** The items that are not null, as results list warnings; null where there are none. */
export function listed<Item>(...items: (Item | null)[]): Item[] | null {
  const found = items.filter((item) => item !== null);
  return found.length > 0 ? found : null;
}

function warningOf(rank: number, gap: number | null): FitWarning | null {
  if (rank === 0) return { kind: 'no-variation' };
  return gap === null || gap >= clearGap ? null : { kind: 'unclear-rank', rank, gap };
}

/** @throws FeatReconstructError where the prior is not as wide as X (p) and Y (q) */
export function checkPrior(prior: LinearMap | undefined, p: number, q: number): void {
  if (!prior) return;
  checkMap(prior, 'the prior');
  const [out, width] = prior.weight.shape;
  if (out !== q || width !== p) {
    throw new FeatReconstructError(
      `Expected a prior from X's ${p} columns to Y's ${q}, found one from ${width} to ${out}; for logits to features it is the pseudo-inverse of the head.`,
      { code: 'mismatch' },
    );
  }
}

/** Adds the prior's weight to that of a map of what the prior leaves. */
export function addPrior(weight: Matrix, prior: LinearMap): void {
  const other = denseWeight(prior).data;
  for (let i = 0; i < other.length; i++) weight.data[i] += other[i];
}
