/** What ends a search before it is through: an AbortSignal, or a time that has passed. */
export type Ending = Pick<AbortSignal, 'aborted'>;

/**
 * An ending that has come once one of these has, or the time is over. It is polled: in Node 20 `AbortSignal.any` lets go
 * of the timers that it is made of, so that a search of some minutes would never be told.
 * @param until as `performance.now()` counts; default never
 */
export function makeEnding(others: readonly (Ending | undefined)[], until = Infinity): Ending {
  return {
    get aborted() {
      return performance.now() >= until || others.some((other) => other?.aborted);
    },
  };
}
