import type { Fingerprint } from './fingerprint.js';

/**
 * A fingerprint of a log that is known to hold the best classes of each image alone: the others stand as 0 there, which are no
 * probabilities of 0, and classes that were seen seldom look like copies of one another.
 * @param most most classes that the log has of an image
 */
export function ofCutLog(print: Fingerprint, most: number): Fingerprint {
  return {
    ...print,
    reasons: print.reasons.flatMap((reason) => {
      if (reason.kind === 'equal-columns') return [];
      return reason.kind === 'width-not-shown' && reason.why.kind === 'zeros'
        ? [{ ...reason, why: { kind: 'outputs-hidden' as const, classes: print.classes, topk: most } }]
        : [reason];
    }),
  };
}
