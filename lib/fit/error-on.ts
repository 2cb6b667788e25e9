import type { LinearMap } from '../tensor/index.js';
import { denseBias, denseWeight, dot, matrix, timesVector, transpose } from '../linalg/index.js';
import { squaresLeft } from './centred.js';
import type { Statistics } from './statistics.js';

/**
 * Mean squared error of a map (q, p) over all elements of rows, from their statistics alone: Σ‖y − Wx‖², with x and y about
 * their means, plus the means' part n ‖ȳ − W x̄ − b‖², over n q.
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
