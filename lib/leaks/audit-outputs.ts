import { count, type NotShownError } from '../base/index.js';
import type { Verdict } from './audit.js';
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

/** The verdict on outputs alone: what they give away by themselves, and what takes the model to say. */
export function outputsVerdict(findings: OutputsFindings): Verdict {
  const { recovery, fingerprint } = findings;
  const certified = recovery?.certified ?? false;
  return {
    level: certified ? 'features' : 'unknown',
    r2: null,
    above99: null,
    sentences: [
      certified ? recovered(findings, recovery!) : withoutFeatures(findings),
      width(fingerprint),
      ...(certified && recovery?.cut
        ? ['The search was ended before it was through: with more time it may find more features.']
        : []),
      ...(certified ? (recovery?.assumptions ?? []) : []),
      'How much of the features a linear map reads off these outputs, and how much less it would be if less were shown, is not known: it takes the model, or its features for some images.',
    ],
  };
}

function recovered({ name, fingerprint: { rows, classes } }: OutputsFindings, report: RecoveryReport): string {
  const who = `Anyone who has these ${count(rows)} rows of ${count(classes)} outputs (${name}) has`;
  return report.kind === 'sphere'
    ? `${who} a normalised vector of the model for each of them, up to a rotation, hence which images are similar to which in it. Nothing but linear maps stands between that vector and the outputs; it need not be the layer right before the last one.`
    : `${who} ${count(report.features)} features of the model for each of them, each up to its scale. Nothing but the outputs is needed for that.`;
}

/** Why nothing came back; the text of `reason` in results, too. */
export function withoutFeatures({ fingerprint, recovery, untried }: OutputsFindings): string {
  const start = 'From these outputs alone this tool found no way to the features';
  if (recovery) return `${start}. ${recovery.sentence}`;
  const { rank, rows, classes, outputs } = fingerprint;
  if (untried === 'hidden') return `${start}: a part of the outputs is hidden.`;
  if (untried === 'no-gap') {
    return `${start}: the directions that they fill end without a gap. Either the layer before the last is as wide as there are classes or wider, and a part of it never gets out, or rounding hides which directions are the features’.`;
  }
  const least = rank ?? Math.min(rows, classes);
  return `${start}: there are too few rows. To look for a normalisation takes ${count(sphereRowsNeeded(least))} different ones${rank === null ? ' or more' : ''}, for features that are often zero ${count(rectifiedRowsNeeded(least))}; here are ${count(rows - outputs.duplicates)}.`;
}

function width({ hiddenWidth, reasons }: Fingerprint): string {
  if (hiddenWidth !== null) {
    return `The outputs show that the layer before the last is at least ${count(hiddenWidth)} numbers wide, and tell this model's outputs from another's.`;
  }
  const why = reasons.find((reason) => reason.includes('hidden width does not show'));
  return (
    why?.replace('The hidden width does not show.', 'How wide the layer before the last is does not show.') ??
    'How wide the layer before the last is does not show.'
  );
}
