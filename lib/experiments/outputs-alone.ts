import { NotShownError, type TaskOptions } from '../base/index.js';
import {
  fingerprintOf,
  lookAt,
  recoverFrom,
  type Fingerprint,
  type LeaveOut,
  type Look,
  type Recovery,
  type RowParts,
} from '../leaks/index.js';
import type { RowSource } from '../tensor/index.js';

export interface OutputsAloneOptions extends TaskOptions {
  /** Most seconds for the recovery; what has its certificate by then is the result. Default 300; 0 for no search. */
  recoverySeconds?: number | undefined;
}

/** What outputs (n, c) give away by themselves: their fingerprint, and features recovered, or why no recovery could be tried. */
export async function fromOutputsAlone(
  outputs: RowSource,
  options: OutputsAloneOptions & LeaveOut & { parts?: readonly RowParts[] | undefined },
): Promise<{ print: Fingerprint; recovery: Recovery | null; untried: NotShownError['code'] | null }> {
  const { signal, onProgress, leaveOut, parts } = options;
  const look = await lookAt(outputs, { signal, onProgress, leaveOut });
  const print = await fingerprintOf(look, { features: false, signal, onProgress, parts });
  // What outputs of several models have in common is no layer of one.
  if (print.several) return { print, recovery: null, untried: 'no-gap' };
  const { recovery, untried } = await tryRecovery(look, options);
  if (recovery) {
    const { sphere, kind } = recovery.report;
    print.normalised = sphere ? sphere.holds : null;
    print.rectified = kind === 'rectified' ? true : kind === 'sphere' ? false : null;
  }
  return { print, recovery, untried };
}

/** Recovers what these outputs show. That they cannot show it is an answer; any other error is thrown. */
async function tryRecovery(
  look: Look,
  { signal, recoverySeconds = 300, onProgress }: OutputsAloneOptions,
): Promise<{ recovery: Recovery | null; untried: NotShownError['code'] | null }> {
  if (recoverySeconds <= 0) return { recovery: null, untried: null };
  try {
    // A signal ends the search with what it has found so far, and does not throw that away.
    const options = { finish: signal, seconds: recoverySeconds, onProgress };
    return { recovery: await recoverFrom(() => Promise.resolve(look), options), untried: null };
  } catch (error) {
    if (!(error instanceof NotShownError)) throw error;
    return { recovery: null, untried: error.code };
  }
}
