import { setTimeout as sleep } from 'node:timers/promises';
import { PassingError } from './answers.js';

/** Tries in a row, without a byte gained, before it gives up. */
const tries = 5;
/** Milliseconds of a pause at most: nobody waits longer for a command that shows nothing. */
const mostWait = 60_000;

/** Milliseconds of the first pause; each further one is twice as long. An object, so that tests can shorten it. */
export const backOff = { first: 500 };

/**
 * Waits before the next try: as long as the server asks, else twice as long each time.
 * @param attempt the number of the try that failed, from 1
 * @throws the error itself where another try is of no use: it will not pass, tries are used up, or the wait is too long
 */
export async function pauseBefore(attempt: number, error: unknown, signal?: AbortSignal): Promise<void> {
  if (!(error instanceof PassingError) || attempt >= tries) throw error;
  // With a random part: clients that were refused together should not come back together.
  const own = backOff.first * 2 ** (attempt - 1) * (1 + Math.random() / 4);
  const wait = error.wait ?? own;
  if (wait > mostWait) throw error;
  await sleep(Math.max(wait, error.wait === null ? 0 : 10), undefined, { signal });
}
