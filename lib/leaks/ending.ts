/** What ends a search before it is through: an AbortSignal, or a time that has passed. */
export type Ending = Pick<AbortSignal, 'aborted'>;

/**
 * Over as soon as one of these is, or the time is. It is looked at and calls nobody: in Node 20 a composite of
 * `AbortSignal.any` lets go of the timers that it is made of, so that a search of some minutes would not hear them.
 * @param until as `performance.now()` counts; default never
 */
export function makeEnding(others: readonly (Ending | undefined)[], until = Infinity): Ending {
  return {
    get aborted() {
      return performance.now() >= until || others.some((other) => other?.aborted);
    },
  };
}
