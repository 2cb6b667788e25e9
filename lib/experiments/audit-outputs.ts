import { basename } from 'node:path';
import { NotShownError, type TaskOptions } from '../base/index.js';
import { fingerprintOf, lookAt, openOutputs, outputsVerdict, recoverFrom, withoutFeatures } from '../leaks/index.js';
import type { Look, OutputsFile, Recovery } from '../leaks/index.js';
import { digestOf } from './digest.js';
import { describeMachine } from './environment.js';
import type { Results } from './types.js';

export interface OutputsAuditOptions extends TaskOptions {
  /** Most seconds for the recovery; what has its certificate by then is the result. Default 300. */
  recoverySeconds?: number;
  /** The command that makes it again. */
  command?: string;
}

/**
 * What outputs give away by themselves, from a log and without the model: their kind, the width of the layer behind
 * them, and features recovered from them alone. What takes the model to say is said to be unknown: `rows` is empty.
 * @param path a file that `openOutputs` reads
 * @throws FeatReconstructError as `openOutputs` does, and for outputs that no classifier gives
 */
export async function auditOutputs(path: string, options: OutputsAuditOptions = {}): Promise<Results> {
  const file = await openOutputs(path);
  try {
    const { signal, onProgress } = options;
    const look = await lookAt(file.rows, { signal, onProgress });
    const print = await fingerprintOf(look, { features: false, signal, onProgress });
    const { recovery, untried } = await tryRecovery(look, options);
    if (recovery) {
      const { sphere, kind } = recovery.report;
      print.normalised = sphere ? sphere.holds : null;
      print.rectified = kind === 'rectified' ? true : kind === 'sphere' ? false : null;
    }
    const name = basename(path);
    const findings = { name, fingerprint: print, recovery: recovery?.report ?? null, untried };
    return {
      schema: 1,
      experiment: 1,
      question: "What do a model's outputs give away of its features?",
      rows: [],
      spectra: [],
      leaks: {
        verdict: outputsVerdict(findings),
        fingerprint: print,
        recovery: findings.recovery,
        reason: recovery === null ? withoutFeatures(findings) : null,
        comparison: null,
        log: { name, notes: file.notes },
      },
      failures: [],
      environment: {
        ...describeMachine(),
        command: options.command ?? null,
        jointSeconds: null,
        provider: 'cpu',
        fitProvider: 'cpu',
        models: [],
        datasets: [await datasetOf(file, name)],
      },
    };
  } finally {
    await file.close();
  }
}

/**
 * The recovery, or why there can be none: what outputs cannot show is an answer, and no error; any other error is one.
 * Whoever stops it by now has waited long enough to be told what is found so far.
 */
export async function tryRecovery(
  look: Look,
  { signal, recoverySeconds = 300, onProgress }: OutputsAuditOptions,
): Promise<{ recovery: Recovery | null; untried: NotShownError['code'] | null }> {
  try {
    const options = { finish: signal, seconds: recoverySeconds, onProgress };
    return { recovery: await recoverFrom(() => Promise.resolve(look), options), untried: null };
  } catch (error) {
    if (!(error instanceof NotShownError)) throw error;
    return { recovery: null, untried: error.code };
  }
}

const datasetOf = async ({ rows }: OutputsFile, name: string): Promise<Results['environment']['datasets'][number]> => ({
  spec: `outputs:${name}`,
  size: rows.rows,
  digest: await digestOf(rows),
  skipped: 0,
});
