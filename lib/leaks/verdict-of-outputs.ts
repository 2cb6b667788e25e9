import type { NotShownError } from '../base/index.js';
import type { Finding } from '../words/index.js';
import { stoppedOf, type Verdict } from './verdict.js';
import type { Fingerprint } from './fingerprint.js';
import type { RecoveryReport } from './recover.js';
import { rectifiedRowsNeeded } from './rectified.js';
import { sphereRowsNeeded } from './sphere.js';

/** What is known of outputs without their model. */
export interface OutputsFindings {
  /** What the outputs are called. */
  name: string;
  fingerprint: Fingerprint;
  recovery: RecoveryReport | null;
  /** Why no recovery could be tried; null where one was. */
  untried: NotShownError['code'] | null;
}

/** The verdict on outputs alone: what they give away by themselves, and what only an audit of the model could tell. */
export function outputsVerdict(findings: OutputsFindings): Verdict {
  const { recovery, fingerprint } = findings;
  const certified = recovery?.certified ?? false;
  const assumptions = certified ? (recovery?.assumptions ?? []) : [];
  return {
    level: certified ? 'features' : 'unknown',
    r2: null,
    above99: null,
    findings: [
      // That no features came back is no answer to how much is given away: what was not asked stands first.
      ...(certified ? [recovered(findings, recovery!)] : [readings(fingerprint), withoutFeatures(findings)]),
      width(fingerprint),
      ...(certified && recovery?.cut && recovery.kind !== 'rectified' ? [{ kind: 'search-ended' as const }] : []),
      ...assumptions.map((text) => ({ kind: 'text' as const, text })),
      ...(certified ? [readings(fingerprint)] : []),
    ],
  };
}

/** What a map reads off the rows: unknown, unless they are all outputs at full precision, of a narrower layer. */
function readings({ kind, classes, hiddenWidth, outputs, reasons }: Fingerprint): Finding {
  const full =
    (kind === 'logits' || kind === 'log-probabilities' || kind === 'probabilities') &&
    outputs.precision !== 'float16' &&
    outputs.storage === undefined;
  const narrow = hiddenWidth !== null && hiddenWidth < classes && !reasons.some((note) => note.kind === 'stacked');
  return { kind: 'readings-unknown', ...(full && narrow ? { width: hiddenWidth } : {}) };
}

function recovered({ name, fingerprint: { rows, classes } }: OutputsFindings, report: RecoveryReport): Finding {
  return report.kind === 'sphere'
    ? { kind: 'rows-give-vector', name, rows, classes }
    : { kind: 'rows-give-features', name, rows, classes, recovered: report.features, ...stoppedOf(report) };
}

/** Why nothing came back; the `reason` in results, too. */
export function withoutFeatures({ fingerprint, recovery, untried }: OutputsFindings): Finding {
  if (recovery) return { kind: 'search-without-result', search: recovery.sentence, rows: true, ...stoppedOf(recovery) };
  const { rank, rows, classes, outputs } = fingerprint;
  if (fingerprint.several) return { kind: 'several-models', several: fingerprint.several };
  if (untried === 'hidden') return { kind: 'outputs-hidden', rows: true };
  if (untried === 'no-gap') return { kind: 'no-gap', rows: true };
  const least = rank ?? Math.min(rows, classes);
  return {
    ...{ kind: 'rows-too-few', rank, sphere: sphereRowsNeeded(least), rectified: rectifiedRowsNeeded(least) },
    rows: rows - outputs.duplicates,
  };
}

function width({ hiddenWidth, reasons }: Fingerprint): Finding {
  if (hiddenWidth !== null) return { kind: 'least-width', width: hiddenWidth };
  const note = reasons.find((reason) => reason.kind === 'width-not-shown');
  return { kind: 'width-not-shown', reason: null, ...(note ? { why: note.why } : {}) };
}
