import type { NoWidth } from '../words/index.js';
import type { Fingerprint } from './fingerprint.js';

/**
 * A fingerprint of a model's own outputs, whose width is known: where the layer is as wide as the outputs or wider, no number of rows
 * shows it; where it is not, so many rows are enough as it is wide.
 */
export function ofKnownWidth(print: Fingerprint, features: number): Fingerprint {
  const told = (why: NoWidth): NoWidth => {
    if (features >= print.classes && (why.kind === 'few-rows' || why.kind === 'no-gap'))
      return { kind: 'wide-layer', features, classes: print.classes };
    return why.kind === 'few-rows' ? { ...why, features } : why;
  };
  return {
    ...print,
    reasons: print.reasons.map((reason) =>
      reason.kind === 'width-not-shown' ? { ...reason, why: told(reason.why) } : reason,
    ),
  };
}
