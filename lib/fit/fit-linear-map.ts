import type { TaskOptions } from '../base/index.js';
import { accumulate, type AccumulateOptions } from './accumulate.js';
import type { RowsLike } from '../tensor/index.js';
import { solve, type FittedMap, type SolveOptions } from './solve.js';

export interface FitOptions extends Omit<SolveOptions, 'targets'>, TaskOptions {
  /** Where the statistics are computed; it needs float64. Default `cpu`. */
  executionProviders?: AccumulateOptions['executionProviders'];
}

/**
 * The exact least-squares linear map from X (n, p) to Y (n, q), with intercept: one pass of float64 statistics, then a
 * closed-form solution. Where X leaves the map open (fewer directions than columns) it is the one of least norm, or the
 * one nearest to `prior`.
 * @returns weight (q, p) and bias (q) in float64, and how they were found
 * @throws FeatReconstructError when X and Y do not fit together, are empty or hold a NaN or an infinity
 */
export async function fitLinearMap(X: RowsLike, Y: RowsLike, options: FitOptions = {}): Promise<FittedMap> {
  return solve(await accumulate(X, Y, options), options);
}
