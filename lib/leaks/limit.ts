import { isCoarser, nearlyAll, type OverLimit } from '../words/index.js';
import type { InterfaceAnswer } from './interfaces.js';
import { mayRead } from './learning.js';

/**
 * Of the interfaces that are asked about, those of which it is not known that they give away no more than a limit, the intervals
 * and what more images may bring included. What is read off an answer that is computed from another one counts for that one, too.
 * @param limit share of the features' variance
 */
export function overLimit(
  interfaces: readonly InterfaceAnswer[],
  asked: readonly string[],
  limit: number,
): OverLimit[] {
  return asked.flatMap((observe): OverLimit[] => {
    const read = interfaces.find((each) => each.observe === observe)?.read ?? null;
    if (read === null) return [{ observe, why: 'unknown' }];
    if (read.kind === 'exact') return limit < 1 ? [{ observe, why: 'exact' }] : [];
    const ends = interfaces.flatMap((each) =>
      each.observe === observe || isCoarser(each.observe, observe) ? (each.read?.interval?.[1] ?? []) : [],
    );
    const high = read.r2 >= nearlyAll ? 1 : Math.max(...ends);
    if (high > limit) return [{ observe, why: read.kind === 'not-shown' ? 'unknown' : 'above', high }];
    if (read.kind === 'not-shown') return [{ observe, why: 'unknown' }];
    const may = interfaces.flatMap((each) =>
      (each.observe === observe || isCoarser(each.observe, observe)) && each.read ? [mayRead(each.read)] : [],
    );
    if (may.includes(null)) return [{ observe, why: 'few' }];
    const most = Math.max(...(may as number[]));
    return most > limit ? [{ observe, why: 'learning', high: most }] : [];
  });
}
