import type { LinearMap } from '../tensor/index.js';
import { denseBias, denseWeight, dot, matrix, timesVector, transpose } from '../linalg/index.js';
import { squaresLeft } from './centred.js';
import type { Statistics } from './statistics.js';

/**
 * Mean squared error over all elements of a map (q, p) on rows of which only the statistics are there: with x and y about
 * their means, what is left of ‖y − Wx‖², and of the means n ‖ȳ − W x̄ − b‖².
 */
export async function errorOn(
  map: LinearMap,
  { n, p, q, gram, cross, ssY, meanX, meanY }: Statistics,
): Promise<number> {
  const weight = denseWeight(map);
  const left = await squaresLeft(
    {
      n,
      gram: matrix(p, p, gram),
      cross: matrix(p, q, cross),
      squares: ssY.reduce((sum, value) => sum + value, 0),
    },
    transpose(weight),
  );
  const [bias, at] = [denseBias(map), timesVector(weight, meanX)];
  const off = meanY.map((value, i) => value - at[i] - bias[i]);
  return Math.max(0, left + n * dot(off, off)) / (n * q);
}
