import { toRowSource, type LinearMap, type RowsLike } from '../tensor/index.js';
import { toFloat64 } from './affine.js';
import { checkCount, checkNotEmpty, checkWidth } from './checks.js';
import { ReconstructionTally, type Reconstruction } from './reconstruction.js';
import { headRowSpace } from './spaces.js';
import { walk, type EvaluateOptions } from './walk.js';

/**
 * How far reconstructed features are from the true ones, overall, by feature, and in the parts that the head sees and
 * cannot see. Sums are float64.
 * @param Y true features (n, d)
 * @param Yhat reconstructed features (n, d)
 * @param options `head`: weight (c, d), bias (c), for the row space and the null space; both are null without it
 * @throws FeatReconstructError where widths or counts do not match, or a row (which is named) is not finite
 */
export async function reconstructionError(
  Y: RowsLike,
  Yhat: RowsLike,
  { head, ...options }: EvaluateOptions & { head?: LinearMap | undefined } = {},
): Promise<Reconstruction> {
  const y = toRowSource(Y, 'the features Y');
  const yhat = toRowSource(Yhat, 'the reconstructed features Yhat');
  checkNotEmpty(y, 'the features Y');
  checkWidth(yhat.cols, y.cols, 'reconstructed features', 'the features Y');
  checkCount(yhat.rows, y.rows, 'the reconstructed features', 'the features Y');
  if (head) checkWidth(y.cols, head.weight.shape[1], 'features Y', 'the head');

  const rowSpace = head && (await headRowSpace(head));
  const tally = new ReconstructionTally(y.cols, rowSpace?.rank);
  const features = {
    first: toFloat64(await y.read(0, 1)).slice(),
    rowSpace,
  };
  const sources = {
    x: { source: yhat, name: 'the reconstructed features Yhat' },
    y: { source: y, name: 'the features Y' },
  };
  await walk({ features }, sources, options, ({ sums }) => tally.add(sums!));
  return tally.result();
}
