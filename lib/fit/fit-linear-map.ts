import { FeatReconstructError, option, type TaskOptions, UsageError } from '../base/index.js';
import { toRowSource, type LinearMap, type RowSource, type RowsLike } from '../tensor/index.js';
import { accumulate, type AccumulateOptions } from './accumulate.js';
import { crossValidate, type AlphaSelection, type CrossValidationOptions } from './cross-validation.js';
import { accumulateFolds, type FoldOptions } from './folds.js';
import { reduceRows } from './reduce.js';
import { directionLeftOut } from './left-out.js';
import { checkPrior, defaultRcond, solve, type SolveOptions } from './solve.js';
import { mergeStatistics } from './statistics.js';
import type { FittedMap } from './types.js';

/** A penalty that is given. */
export interface GivenAlpha {
  /** Ridge penalty, >= 0, in units of the centred Gram, as scikit-learn's `Ridge(alpha)`. Default 0. */
  alpha?: number | undefined;
  alphas?: undefined;
  folds?: undefined;
  shuffle?: undefined;
  select?: undefined;
  score?: undefined;
}

/** A penalty that is chosen: the best of `alphas` by cross-validation on `folds`. */
export type ChosenAlpha = { alpha: 'cv' } & Pick<CrossValidationOptions, 'alphas'> & FoldOptions & AlphaSelection;

/** Options that do not depend on how the penalty is found. */
export interface MapOptions extends Omit<SolveOptions, 'targets' | 'alpha'>, TaskOptions {
  /** Where the statistics are computed; it needs float64. Default `cpu`. */
  executionProviders?: AccumulateOptions['executionProviders'] | undefined;
}

/** Options of {@link fitLinearMap}. */
export type FitOptions = MapOptions & (GivenAlpha | ChosenAlpha);

/** X wider than this is first reduced to the dimensions that its rows fill. */
const wide = 4096;
/** The widest X whose Gram is formed where it cannot be reduced: half a gigabyte. */
const widest = 8192;

/**
 * The exact least-squares linear map from X (n, p) to Y (n, q), with intercept: one pass of float64 statistics, then a
 * closed-form solution. Where X leaves the map open (fewer directions than columns) it is the one of least norm, or the
 * one nearest to `prior`. X may have tens of thousands of columns if it fills no more than 2,047 dimensions, as logits of
 * many classes do.
 * @returns weight (q, p) and bias (q) in float64, and how they were found
 * @throws FeatReconstructError when X and Y do not fit together, are empty or hold a NaN or an infinity
 */
export async function fitLinearMap(X: RowsLike, Y: RowsLike, options: FitOptions = {}): Promise<FittedMap> {
  const [x, y] = [toRowSource(X, 'X'), toRowSource(Y, 'Y')];
  return x.cols > wide && x.rows === y.rows ? fitWide(x, y, options) : fitRows(x, y, options);
}

async function fitRows(x: RowSource, y: RowSource, options: FitOptions): Promise<FittedMap> {
  if (options.alpha !== 'cv') {
    const { alpha = 0 } = options;
    // TypeScript refuses this, too; plain JavaScript does not.
    if (options.alphas || options.folds || options.shuffle !== undefined || options.select) {
      throw new UsageError(
        `Expected ${option("alpha 'cv'", '--alpha cv')} with ${option('alphas')}, ${option('folds')}, ${option('shuffle')} or ${option('select')}, found alpha ${alpha}; leave these out or set it.`,
      );
    }
    return withRowsWarning(x, await solve(await accumulate(x, y, options), { ...options, alpha }));
  }
  const folds = await accumulateFolds(x, y, options);
  const crossValidation = await crossValidate(folds, options);
  const map = await solve(mergeStatistics(...folds), { ...options, alpha: crossValidation.alpha });
  return { ...map, fit: { ...map.fit, crossValidation } };
}

/** Adds the warning that needs the rows, not just their statistics. */
async function withRowsWarning(x: RowSource, map: FittedMap): Promise<FittedMap> {
  const warning = map.fit.alpha > 0 ? null : await directionLeftOut(x, map.fit);
  return warning === null ? map : { ...map, fit: { ...map.fit, warning: [...(map.fit.warning ?? []), warning] } };
}

/** Fits from the dimensions that the rows fill, or from all columns where these are not too many. */
async function fitWide(x: RowSource, y: RowSource, options: FitOptions): Promise<FittedMap> {
  const { prior, rcond = defaultRcond(x.dtype) } = options;
  checkPrior(prior, x.cols, y.cols);
  const reduced = await reduceRows(x, { ...options, rcond });
  if (!reduced) {
    if (x.cols <= widest) return fitRows(x, y, options);
    throw new FeatReconstructError(
      `Expected the ${x.cols} columns of X to fill at most 2047 dimensions, as logits made of so many features do, found more: fit from the features, or from fewer columns.`,
      { code: 'too-large' },
    );
  }
  const lowered = { rcond, prior: prior && (await reduced.lower(prior)) };
  const map = await fitRows(
    reduced.rows,
    y,
    options.score
      ? { ...options, ...lowered, score: liftedScore(options.score, (each) => reduced.lift(each, prior)) }
      : { ...options, ...lowered },
  );
  return { ...(await reduced.lift(map, prior)), fit: { ...map.fit, gap: map.fit.gap ?? reduced.gap } };
}

type Score = NonNullable<AlphaSelection['score']>;

/** A score of maps of X as one of maps of the reduced rows. */
const liftedScore =
  (score: Score, lift: (map: LinearMap) => Promise<LinearMap>): Score =>
  async (maps, fold) =>
    score(await Promise.all(maps.map(lift)), fold);
