import type { OutputsNote } from '../words/index.js';
import type { Fingerprint } from './fingerprint.js';

/**
 * A fingerprint of a log that is known to hold the best classes of each image alone: the others stand as 0 there, which are no
 * probabilities of 0, and classes that were seen seldom look like copies of one another. A class that was never among the best
 * was not seen at all, so that there may be more.
 * @param most most classes that the log has of an image
 */
export function ofCutLog(print: Fingerprint, most: number): Fingerprint {
  return {
    ...print,
    atLeast: true,
    reasons: print.reasons.flatMap((reason): OutputsNote[] => {
      if (reason.kind === 'equal-columns') return [];
      if (reason.kind === 'scale') return [{ ...reason, atLeast: true }];
      if (reason.kind !== 'width-not-shown') return [reason];
      const isHidden = reason.why.kind === 'zeros' || reason.why.kind === 'outputs-hidden';
      return isHidden
        ? [{ ...reason, why: { kind: 'outputs-hidden', classes: print.classes, topk: most, atLeast: true } }]
        : [reason];
    }),
  };
}
