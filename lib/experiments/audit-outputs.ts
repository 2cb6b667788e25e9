import { basename } from 'node:path';
import { openRows, type NotedRows } from '../logs/index.js';
import { ofCutLog, outputsVerdict, withoutFeatures } from '../leaks/index.js';
import type { Results } from '../results/index.js';
import { logNoteForCallers, logNoteInWords, type LogNote } from '../words/index.js';
import { digestOf } from './digest.js';
import { describeMachine } from './environment.js';
import { fromOutputsAlone, type OutputsAloneOptions } from './outputs-alone.js';

export interface OutputsAuditOptions extends OutputsAloneOptions {
  /** The command that makes it again. */
  command?: string | undefined;
  /** Leaves out and counts lines of the log that cannot be read, at most a tenth of them. Default false. */
  skipBadLines?: boolean | undefined;
  /** Names of the columns of a table that are outputs, one by one or as `FIRST..LAST`. Default: they are found. */
  columns?: readonly string[] | undefined;
}

/**
 * What outputs give away by themselves, from a log and without the model: their kind, the width of the layer behind
 * them, and features recovered from them alone. What only the model could tell is left unknown, so that `rows` is empty.
 * @param path a file that `openRows` reads
 * @throws FeatReconstructError as `openRows` does, and for outputs that no classifier gives
 */
export async function auditOutputs(path: string, options: OutputsAuditOptions = {}): Promise<Results> {
  const file = await openRows(path, 'logits', {
    skipBadLines: options.skipBadLines ?? false,
    columns: options.columns ?? null,
  });
  try {
    const found = await fromOutputsAlone(file.rows, { ...options, leaveOut: file.mixed, parts: file.groups });
    const { recovery } = found;
    const { cut } = file.rows.about ?? {};
    const print = cut ? ofCutLog(found.print, cut.shown) : found.print;
    const untried = cut && found.untried !== null ? 'hidden' : found.untried;
    const name = basename(path);
    const findings = { name, fingerprint: print, recovery: recovery?.report ?? null, untried };
    return {
      schema: 2,
      kind: 'log',
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
        log: { name, notes: file.notes.map(options.command === undefined ? logNoteForCallers : logNoteInWords) },
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

const datasetOf = async (
  { rows, notes }: NotedRows,
  name: string,
): Promise<Results['environment']['datasets'][number]> => ({
  spec: `outputs:${name}`,
  size: rows.rows,
  digest: await digestOf(rows),
  skipped: notes.reduce((sum, note) => sum + leftOutBy(note), 0),
});

/** Rows, records or lines of a log that a note says are left out for lack of scores. */
function leftOutBy(note: LogNote): number {
  switch (note.kind) {
    case 'rows-without-classes':
      return note.rows.length;
    case 'records-without-numbers':
    case 'records-without-labels':
      return note.records.length;
    case 'lines-without-scores':
    case 'bad-lines':
      return note.lines.length;
    default:
      return 0;
  }
}
