import type { NdArray } from 'ndarray';
import { toNdArray } from '../tensor/index.js';
import { identity, transpose } from '../linalg/index.js';
import { defaultRcond, factorisationOf } from './solve.js';
import type { Statistics } from './statistics.js';

/** The affine space that the rows of X fill: mean + basis · anything. */
export interface Span {
  /** (p) */
  mean: Float64Array;
  /** (p, rank), orthonormal columns. */
  basis: NdArray<Float64Array>;
  rank: number;
}

/**
 * The span of the training rows, with the same cut as `solve`. An image is inside it when its centred row loses nothing
 * in projection: ‖(x − mean) − B Bᵀ(x − mean)‖ <= 1e-5 ‖x − mean‖.
 */
export async function trainingSpan(
  statistics: Statistics,
  options: { rcond?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Span> {
  const { rcond = defaultRcond(statistics.dtype), signal } = options;
  const { rank, basis } = await factorisationOf(statistics, { alpha: 0, rcond, intercept: true }, signal);
  const columns = basis ? transpose(basis) : identity(statistics.p);
  return { mean: statistics.meanX.slice(), basis: toNdArray(columns.data, [statistics.p, rank]), rank };
}
