import { option, type TaskOptions, UsageError } from '../base/index.js';
import { sliceRows, toNdArray, type LinearMap, type RowsLike } from '../tensor/index.js';
import type { ChoiceWarning } from '../words/index.js';
import { denseBias, timesVector, transpose, type Matrix, multiply } from '../linalg/index.js';
import { centredOn, centreOf, inBasis, type Centre, type Centred } from './centred.js';
import { accumulateFolds, splitFolds, type Fold, type FoldOptions } from './folds.js';
import { generalisedErrors } from './gcv.js';
import { ridgePath } from './ridge-path.js';
import {
  addPrior,
  checkPrior,
  clearConstants,
  clearGap,
  defaultRcond,
  factorisationOf,
  listed,
  type SolveOptions,
} from './solve.js';
import { mergeMoments, mergeStatistics, Statistics } from './statistics.js';
import type { AlphaScore, CrossValidation } from './types.js';

/** How a penalty is chosen: by an error, which needs nothing more, or by agreement, which needs a `score`. */
export type AlphaSelection =
  | {
      /**
       * `mse` (default): mean squared error on the held-out folds. `gcv`: generalised cross-validation (Golub, Heath and Wahba
       * 1979) of all rows, from the spectrum of their Gram.
       */
      select?: 'mse' | 'gcv' | undefined;
      score?: undefined;
    }
  | {
      /** The mean of what `score` returns. */
      select: 'agreement';
      /**
       * How good each map is on the rows of a held-out fold; the larger, the better. It is called once a fold with the maps of
       * all alphas, so that one pass over the fold's rows is enough.
       */
      score: (maps: LinearMap[], fold: Fold) => Promise<number[]>;
    };

/** Options of {@link crossValidate}. */
export type CrossValidationOptions = AlphaSelection &
  Pick<SolveOptions, 'rcond' | 'intercept' | 'prior'> &
  TaskOptions & {
    /** Ridge penalties to choose from, each >= 0. Default 1e-6, 1e-5, …, 1e4. */
    alphas?: readonly number[] | undefined;
    /** How the folds were shuffled, where they are given as statistics and `score` reads their rows. */
    shuffle?: number | undefined;
  };

const defaultAlphas = Array.from({ length: 11 }, (_, i) => Number(`1e${i - 6}`));

/** An error is a difference of sums: below this share of the sum of the targets' squares it is nothing but their rounding. */
const resolution = 64 * Number.EPSILON;

/**
 * Errors that differ by no more than this share of the targets' variance count as the same: it is the square of some hundred
 * roundings of float32. With a model's own head as prior, what is left to explain may be nothing but such rounding.
 */
const noDifference = 1e-9;

/**
 * Exact k-fold cross-validation of ridge regression from the statistics of the folds, without a pass over rows: the map for a
 * fold comes from the merged statistics of all others, its error from the fold's own. Merging the others costs no more than
 * subtracting the fold from the total, and loses no digits to cancellation.
 *
 * Where X (more than 256 wide) fills fewer dimensions than columns, with a clear gap, all folds are first rotated into
 * those dimensions.
 * @param folds one `Statistics` a fold, as `accumulateFolds` makes them; or the rows X (n, p) and Y (n, q) themselves
 * @throws UsageError when alphas are missing or negative, or `score` is missing; FeatReconstructError when folds overlap
 */
export async function crossValidate(
  folds: readonly Statistics[],
  options?: CrossValidationOptions,
): Promise<CrossValidation>;
export async function crossValidate(
  X: RowsLike,
  Y: RowsLike,
  options?: CrossValidationOptions & FoldOptions,
): Promise<CrossValidation>;
export async function crossValidate(
  X: readonly Statistics[] | RowsLike,
  Y?: RowsLike | CrossValidationOptions,
  options?: CrossValidationOptions & FoldOptions,
): Promise<CrossValidation> {
  if (Array.isArray(X) && X[0] instanceof Statistics) {
    return fromStatistics(X as Statistics[], (Y as CrossValidationOptions | undefined) ?? {});
  }
  checkOptions(options ?? {});
  return fromStatistics(await accumulateFolds(X as RowsLike, Y as RowsLike, options), options ?? {});
}

/** Cross-validation on folds that are given as statistics. */
async function fromStatistics(parts: readonly Statistics[], options: CrossValidationOptions): Promise<CrossValidation> {
  const {
    alphas = defaultAlphas,
    select = 'mse',
    intercept = true,
    prior,
    score,
    shuffle,
    signal,
    onProgress,
  } = options;
  checkOptions(options);
  if (parts.length < 2) throw new UsageError(`Expected statistics of at least 2 folds, found ${parts.length}.`);
  checkPrior(prior, parts[0].p, parts[0].q);
  const total = mergeStatistics(...parts);
  const { rcond = defaultRcond(total.dtype) } = options;
  const basis = await filledBasis(total, rcond, intercept, signal);
  const rotate = (centred: Centred) => (basis ? inBasis(centred, basis) : centred);
  const places = foldsOf(parts, total.n, shuffle);

  const curve: AlphaScore[] = alphas.map((alpha) => ({ alpha, mse: 0, perFold: [] }));
  const scores: number[][] = [];
  let floor = 0;
  for (const [k, part] of parts.entries()) {
    signal?.throwIfAborted();
    const training = allBut(parts, k);
    const centre = centreOf(training, intercept, prior);
    const known = await centredOn(training, centre, prior);
    if (intercept) clearConstants(known.gram, training.n, training.meanX);
    const heldOut = await rotate(await centredOn(part, centre, prior));
    const path = await ridgePath(await rotate(known), heldOut, rcond, alphas.length, signal);
    const elements = part.n * part.q;
    floor += (resolution * heldOut.squares) / elements / parts.length;
    for (const entry of curve) {
      entry.perFold.push(Math.max(0, await path.squares(entry.alpha)) / elements);
      signal?.throwIfAborted();
    }
    if (score && select === 'agreement') {
      const maps: LinearMap[] = [];
      for (const alpha of alphas) maps.push(await mapOf(await path.solution(alpha), centre, basis, prior));
      scores.push(await score(maps, places[k]));
    }
    onProgress?.({ stage: 'cross-validation', done: k + 1, total: parts.length, unit: 'folds' });
  }
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (const [i, entry] of curve.entries()) {
    entry.mse = mean(entry.perFold);
    if (select === 'agreement') entry.agreement = mean(scores.map((ofFold) => ofFold[i]));
  }
  if (select === 'gcv') {
    const all = await rotate(await centredOn(total, centreOf(total, intercept, prior), prior));
    for (const [i, gcv] of (await generalisedErrors(all, alphas, rcond, intercept, signal)).entries())
      curve[i].gcv = gcv;
  }
  const tolerance = select === 'agreement' ? 0 : noDifference * variance(total, intercept);
  const { losses, chosen, unresolved } = choose(curve, select, floor, tolerance);
  return {
    alpha: alphas[chosen],
    curve,
    select,
    folds: parts.length,
    shuffle: shuffle ?? null,
    warning:
      sameWarning(alphas, losses, select, tolerance) ??
      listed(edgeWarning(alphas, losses, chosen, tolerance), unresolvedWarning(unresolved)),
  };
}

function checkOptions({ alphas = defaultAlphas, select, score }: CrossValidationOptions): void {
  const wrong = alphas.find((alpha) => !(alpha >= 0 && alpha < Infinity));
  if (alphas.length === 0 || wrong !== undefined) {
    throw new UsageError(`Expected ${option('alphas')} to choose from, each 0 or more, found ${wrong ?? 'none'}.`);
  }
  if (select === 'agreement' && !score) {
    throw new UsageError(
      `Expected a ${option('score', '--head')} to select by 'agreement', found none; give one or select by 'mse'.`,
    );
  }
}

/** A basis (r, p) of the dimensions that X fills, where that is clearly fewer than its columns and worth the rotation. */
async function filledBasis(
  total: Statistics,
  rcond: number,
  intercept: boolean,
  signal?: AbortSignal,
): Promise<Matrix | null> {
  if (total.p <= 256) return null;
  const { rank, gap, basis } = await factorisationOf(total, { alpha: 0, rcond, intercept }, signal);
  return rank > 0 && gap !== null && gap >= clearGap ? basis : null;
}

/** The merged statistics of all folds but one. */
function allBut(parts: readonly Statistics[], held: number): Statistics {
  const { p, q, dtype } = parts[held];
  const moments = parts
    .filter((_, k) => k !== held)
    .map((part) => part.total())
    .reduce((a, b) => mergeMoments(a, b, p));
  return new Statistics(p, q, dtype, [{ level: 0, index: 0, start: 0, end: moments.n, moments }]);
}

/** The rows of each fold: as the seed shuffles them, else those that its statistics were made of. */
function foldsOf(parts: readonly Statistics[], n: number, shuffle: number | undefined): Fold[] {
  if (shuffle !== undefined) return splitFolds(n, { folds: parts.length, shuffle });
  return parts.map(({ n: size, nodes }, index) => ({
    index,
    n: size,
    of: (source) => sliceRows(source, nodes[0].start, nodes[nodes.length - 1].end),
  }));
}

/** A solution (p or r, q) about a centre, as a map of X. */
async function mapOf(
  solution: Matrix,
  centre: Centre,
  basis: Matrix | null,
  prior: LinearMap | undefined,
): Promise<LinearMap> {
  const weight = transpose(basis ? await multiply(basis, solution, 'tn') : solution);
  const at = timesVector(weight, centre.x);
  const bias = centre.y.map((value, i) => value - at[i]);
  if (prior) {
    addPrior(weight, prior);
    denseBias(prior).forEach((value, i) => (bias[i] += value));
  }
  return { weight: toNdArray(weight.data, [weight.rows, weight.cols]), bias: toNdArray(bias, [weight.rows]) };
}

/** Mean square of the targets about their means; about 0 without an intercept. */
const variance = ({ n, q, ssY, meanY }: Statistics, intercept: boolean): number =>
  ssY.reduce((sum, value, j) => sum + value + (intercept ? 0 : n * meanY[j] ** 2), 0) / (n * q);

/**
 * The best alpha's place in the grid, the first of equals; errors that rounding hides count as equal.
 * @param floor errors below it are raised to it
 * @param tolerance where no two losses differ by more, all are equal
 * @returns `unresolved`: how many errors are at the floor
 */
function choose(
  curve: readonly AlphaScore[],
  select: CrossValidation['select'],
  floor: number,
  tolerance: number,
): { losses: number[]; chosen: number; unresolved: number } {
  const losses = curve.map((entry) =>
    select === 'agreement' ? -entry.agreement! : Math.max(floor, select === 'gcv' ? entry.gcv! : entry.mse),
  );
  const best = losses.reduce((least, loss) => Math.min(least, loss), Infinity);
  const unresolved = select === 'agreement' ? 0 : losses.filter((loss) => loss === floor).length;
  return { losses, chosen: isSame(losses, tolerance) ? 0 : Math.max(0, losses.indexOf(best)), unresolved };
}

const isSame = (losses: readonly number[], tolerance: number): boolean =>
  losses.every(Number.isFinite) && Math.max(...losses) - Math.min(...losses) <= tolerance;

/** A warning where all alphas are equally good: there is nothing to choose, and no other grid would help. */
function sameWarning(
  alphas: readonly number[],
  losses: readonly number[],
  select: CrossValidation['select'],
  tolerance: number,
): ChoiceWarning[] | null {
  if (Math.min(...alphas) === Math.max(...alphas) || !isSame(losses, tolerance)) return null;
  const by = select === 'agreement' ? 'agreement' : 'error';
  return [{ kind: 'no-difference', alphas: alphas.length, select: by, tolerance: noDifference }];
}

/** A warning where the best alpha is at an end of the grid and the errors still fall towards it. */
function edgeWarning(
  alphas: readonly number[],
  losses: readonly number[],
  chosen: number,
  tolerance: number,
): ChoiceWarning | null {
  const alpha = alphas[chosen];
  // Numbers of computed grids, such as 10^(-4:1:4), are rounded: 6 digits read as they were meant.
  const written = Number(alpha.toPrecision(6));
  const [least, most] = [Math.min(...alphas), Math.max(...alphas)];
  if (least === most || (alpha !== most && (alpha !== least || alpha === 0))) return null;
  // Where the next one is as good, the errors have levelled off, and will not fall beyond the edge.
  const others = alphas.filter((other) => other !== alpha);
  const next = alpha === most ? Math.max(...others) : Math.min(...others);
  if (losses[alphas.indexOf(next)] - losses[chosen] <= tolerance) return null;
  return { kind: 'edge-of-grid', alpha: written, edge: alpha === most ? 'largest' : 'smallest' };
}

const unresolvedWarning = (count: number): ChoiceWarning | null =>
  count > 1 ? { kind: 'errors-at-rounding', alphas: count } : null;
