import { FeatReconstructError } from '../base/index.js';
import { rankOf, readTop, type Top } from './top.js';

/** What reconstructed logits say of the images of a block, beside the classes that these had. */
export interface Answers {
  /** (n) Arg-max (ties: the lowest index). */
  index: Int32Array;
  /** (n) 1 where two classes share the largest logit. */
  tied: Uint8Array;
  /** (n) How many classes come before the original's; from the largest rank that was asked for on, that or more. */
  rank: Int32Array;
}

/**
 * The answers of a block of logits.
 * @param zhat (n, c)
 * @param originals (n) the class that each image had
 * @param rowOf number of a row of the block, for errors
 * @throws FeatReconstructError naming a row that is not finite
 */
export function answersOf(zhat: Float64Array, originals: Int32Array, rowOf: (i: number) => number): Answers {
  const n = originals.length;
  const c = zhat.length / n;
  const top: Top = { index: 0, margin: 0, scale: 0, finite: true };
  const out: Answers = { index: new Int32Array(n), tied: new Uint8Array(n), rank: new Int32Array(n) };
  for (let i = 0; i < n; i++) {
    const { index, margin, finite } = readTop(zhat, i * c, c, top);
    if (!finite) throw notFinite(rowOf(i));
    out.index[i] = index;
    out.tied[i] = margin === 0 ? 1 : 0;
    out.rank[i] = index === originals[i] ? 0 : rankOf(originals[i], zhat, i * c, c);
  }
  return out;
}

const notFinite = (row: number): FeatReconstructError =>
  new FeatReconstructError(
    `Row ${row} of the reconstructed logits: expected finite numbers, found NaN or Inf. Check that row of the features, and the map and head.`,
    { code: 'not-finite' },
  );
