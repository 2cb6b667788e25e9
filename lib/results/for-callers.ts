/** What to know of results and of extractions, in sentences, for callers of the library. */
import { FeatReconstructError, found } from '../base/index.js';
import type { Provenance } from '../extract/index.js';
import { noticeInWords } from '../words/index.js';
import { noticesOf, transformNotices } from './notices.js';
import type { Results } from './types.js';

/**
 * What a reader must know before the figures of a result, in the sentences of the report: failed checks, a transform that was
 * assumed because the model states none, images left out or not held out, one class above half of the answers, logits outside the
 * span of the training logits. Empty where there is nothing.
 */
export const noticesInWords = (results: Results): string[] => noticesOf(results).map(noticeInWords);

/**
 * What was taken for a model's transform, in sentences: one that was assumed because the model's files state none (`protocol` on CIFAR,
 * Places365 and drawn images, else `imagenet`), or another one than they state. Empty where the files state the one that was used.
 * @param provenance as `extractFeatures` and a store have it
 */
export function transformNotesInWords(provenance: Provenance): string[] {
  if (typeof provenance?.model?.name !== 'string') {
    throw new FeatReconstructError(
      `Expected the provenance of an extraction (its field provenance), found ${found(provenance)}.`,
    );
  }
  const { model, transform, ownTransform, assumed } = provenance;
  return transformNotices([{ name: model.name, transform, ownTransform, transformAssumed: assumed }]).map(
    noticeInWords,
  );
}
