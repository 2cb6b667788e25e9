import { toRowSource, type LinearMap, type RowsLike, type VectorLike } from '../tensor/index.js';
import { AgreementTally, mostOf, type Agreement } from './agreement.js';
import { checkTopk, readOriginal, toOriginals } from './originals.js';
import { checkCount, checkNotEmpty, checkWidth } from './checks.js';
import type { Top } from './top.js';
import { headFor, walk, type EvaluateOptions } from './walk.js';

/**
 * How often a model's own head names the same class on reconstructed features as the original did.
 * @param head weight (c, d), bias (c)
 * @param Xhat reconstructed features (n, d)
 * @param y the original logits (n, c), or the classes that they name (n; Int32Array, number[] or a 1-d ndarray)
 * @param options `topk`: ranks at which to count the original's class among the largest reconstructed logits
 * @throws FeatReconstructError where widths or counts do not match, or a row (which is named) is not finite
 */
export async function evaluateAgreement(
  head: LinearMap,
  Xhat: RowsLike,
  y: RowsLike | VectorLike,
  { topk, ...options }: EvaluateOptions & { topk?: readonly number[] | undefined } = {},
): Promise<Agreement> {
  const affine = headFor(head, options);
  const c = affine.outputs;
  const features = toRowSource(Xhat, 'the reconstructed features');
  const originals = toOriginals(y, c);
  checkNotEmpty(features, 'the reconstructed features');
  checkWidth(features.cols, affine.inputs, 'reconstructed features', 'the head');
  const classes = 'classes' in originals ? originals.classes : undefined;
  const logits = 'logits' in originals ? originals.logits : undefined;
  checkCount(logits?.rows ?? classes!.length, features.rows, 'the original logits', 'the reconstructed features');
  if (logits) checkWidth(logits.cols, c, 'original logits', 'the head');

  const ranks = checkTopk(topk, c);
  const tally = new AgreementTally(c, ranks);
  const top: Top = { index: 0, margin: 0, scale: 0, finite: true };
  const sources = {
    x: { source: features, name: 'the reconstructed features' },
    ...(logits ? { z: { source: logits, name: 'the original logits' } } : {}),
  };
  await walk({ head: affine }, sources, options, async ({ start, rows, z, answers }) => {
    const known = new Int32Array(rows);
    const ties = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) {
      const original = z ? readOriginal(z, i * c, c, start + i, top) : { index: classes![start + i], margin: Infinity };
      known[i] = original.index;
      ties[i] = original.margin === 0 ? 1 : 0;
    }
    const { index, tied, rank } = await answers!(known, mostOf(ranks));
    for (let i = 0; i < rows; i++) tally.add(known[i], index[i], ties[i] + tied[i] > 0, rank[i]);
  });
  return tally.result();
}
