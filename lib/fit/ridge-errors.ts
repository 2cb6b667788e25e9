import { centredOn, centreOf } from './centred.js';
import { ridgePath } from './ridge-path.js';
import { clearConstants, defaultRcond, type SolveOptions } from './solve.js';
import type { Statistics } from './statistics.js';

/**
 * Mean squared error, over all elements of rows that were kept out, of the map that is fitted with each penalty: of
 * `solve`'s maps, but without the maps where that is cheaper.
 * @param fitted statistics of the rows that the maps are fitted on
 * @param keptOut statistics of those that they are judged on
 * @param alphas penalties, each >= 0
 * @returns an error for each of them
 */
export async function ridgeErrors(
  fitted: Statistics,
  keptOut: Statistics,
  alphas: readonly number[],
  { rcond = defaultRcond(fitted.dtype), signal }: Pick<SolveOptions, 'rcond' | 'signal'> = {},
): Promise<number[]> {
  const centre = centreOf(fitted, true);
  const training = await centredOn(fitted, centre);
  clearConstants(training.gram, fitted.n, fitted.meanX);
  const path = await ridgePath(training, await centredOn(keptOut, centre), rcond, alphas.length, signal);
  const errors: number[] = [];
  for (const alpha of alphas) {
    signal?.throwIfAborted();
    errors.push(Math.max(0, await path.squares(alpha)) / (keptOut.n * keptOut.q));
  }
  return errors;
}
