import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { fitLinearMap, type FittedMap } from '../fit/index.js';
import { denseData, memoryRows, toRowSource, type RowsLike, type RowSource } from '../tensor/index.js';
import type { Recovery } from './recover.js';
import { linearOutputs } from './whiten.js';

/**
 * All that was recovered, beside one another: the certified features first, then what is left of the outputs in
 * coordinates that no certificate fixes.
 * @returns (n, rank)
 * @throws FeatReconstructError (`bad-input`) for a recovery without a certificate
 */
export function recoveredRows({ report, features, rest }: Recovery): RowSource {
  if (!features) throw new FeatReconstructError(report.sentence);
  const [n, k] = features.shape;
  if (!rest) return memoryRows(denseData(features) as Float32Array, n, k);
  const [left, right] = [denseData(features), denseData(rest)];
  const width = k + rest.shape[1];
  const out = new Float32Array(n * width);
  for (let i = 0; i < n; i++) {
    out.set(left.subarray(i * k, (i + 1) * k), i * width);
    out.set(right.subarray(i * (width - k), (i + 1) * (width - k)), i * width + k);
  }
  return memoryRows(out, n, width);
}

/**
 * The linear map from all that was recovered (`recoveredRows`) to the outputs: logits as they were, for probabilities
 * and log-probabilities their logarithms less each row's mean, whose arg-max and softmax are the model's own.
 * @param outputs (n, c), those that the recovery was made from
 * @throws FeatReconstructError for a recovery without a certificate
 */
export async function recoveryHead(
  recovery: Recovery,
  outputs: RowsLike,
  options: TaskOptions = {},
): Promise<FittedMap> {
  const rows = toRowSource(outputs, 'the outputs');
  const every = Int32Array.from({ length: rows.cols }, (_, j) => j);
  return fitLinearMap(recoveredRows(recovery), linearOutputs(rows, recovery.report.outputs, every), options);
}
