import { setTimeout as sleep } from 'node:timers/promises';
import { PassingError } from './answers.js';

/** Tries without a byte gained after which it is left. */
const tries = 5;
/** Longer than anyone waits before a command that does nothing. */
const mostWait = 60_000;

/** Milliseconds of the first pause; each one after it is twice as long. In an object, so that tests need not wait. */
export const backOff = { first: 500 };

/**
 * Waits before the next try as long as the server asks, else twice as long each time.
 * @param attempt the number of the one that failed, from 1
 * @throws the error itself where another try is of no use: it says what is wrong, tries are used up, or the wait is too long
 */
export async function pauseBefore(attempt: number, error: unknown, signal?: AbortSignal): Promise<void> {
  if (!(error instanceof PassingError) || attempt >= tries) throw error;
  // Many that were refused at once would come again at once.
  const own = backOff.first * 2 ** (attempt - 1) * (1 + Math.random() / 4);
  const wait = error.wait ?? own;
  if (wait > mostWait) throw error;
  await sleep(Math.max(wait, error.wait === null ? 0 : 10), undefined, { signal });
}
