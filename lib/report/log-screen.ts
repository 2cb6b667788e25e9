import type { Leaks } from '../results/index.js';
import { count, inTime } from '../words/index.js';
import type { Headline } from './headline.js';

/** What a log shows without its model, in one number and a few lines: the width, whether features came back, whether it is recognised. */
export function logHeadline({ fingerprint, recovery, reason }: Leaks): Headline | null {
  const { hiddenWidth } = fingerprint;
  if (hiddenWidth === null) return null;
  return {
    figure: `≥ ${count(hiddenWidth)}`,
    says: 'numbers in the layer before the last: so many or more, as these outputs show if one model made all of them',
    more: [
      cameBack(recovery, reason),
      'The model can be recognised by such outputs: ‘featreconstruct fingerprint’ holds this log against another one.',
    ],
  };
}

function cameBack(recovery: Leaks['recovery'], reason: Leaks['reason']): string {
  if (recovery?.certified) {
    if (recovery.kind === 'sphere') return 'A normalised vector came back from these outputs alone.';
    const many = `${count(recovery.features)} of these numbers came back from the outputs alone, image by image`;
    return recovery.cut ? `At least ${many}: the search was stopped after ${inTime(recovery.seconds)}.` : `${many}.`;
  }
  if (reason?.kind !== 'search-without-result')
    return 'Whether any of them can be had from these outputs alone is not known: that was not searched for.';
  return reason.stopped === undefined
    ? 'A search found none of them in these outputs alone.'
    : `In ${inTime(reason.stopped)} a search found none of them in these outputs alone: more time may find some.`;
}
