import type { Fingerprint } from './fingerprint.js';
import type { RecoveryReport } from './recover.js';

/** One point of a leak curve: what a linear map learns from outputs of which so much is shown. */
export interface LeakPoint {
  /** What the interface shows: `probs+topk:5+round:2`. */
  observe: string;
  /** Share of images on which the model's head gives its own answer on the features read back. */
  agreement: number;
  /** R² of the features read back, within what the head can see. */
  r2: number;
}

/** What an audit found, before it is put into words. */
export interface AuditFindings {
  model: string;
  classes: number;
  features: number;
  /** Images whose outputs were looked at. */
  images: number;
  curve: readonly LeakPoint[];
  fingerprint: Fingerprint;
  recovery: RecoveryReport | null;
}

export interface Verdict {
  level: 'features' | 'map' | 'partly' | 'little';
  /** Plain words, the most important first. */
  sentences: string[];
}

/** Above this share of variance, what is read back is the features for every purpose. */
const nearlyAll = 0.999;

/** What to tell the people whose model it is. */
export function auditVerdict({
  model,
  classes,
  features,
  images,
  curve,
  fingerprint,
  recovery,
}: AuditFindings): Verdict {
  const sentences: string[] = [];
  const best = curve.reduce<LeakPoint | null>((top, point) => (!top || point.r2 > top.r2 ? point : top), null);
  const width = fingerprint.hiddenWidth;
  const known = recovery?.certified ?? false;
  if (recovery && known) {
    const what =
      recovery.kind === 'sphere'
        ? `this model's ${features} features up to a rotation: who is similar to whom, exactly as the model sees it`
        : `${recovery.features} of this model's ${features} features themselves, each up to its scale`;
    sentences.push(
      `Anyone who sees all ${classes} outputs of ${model} for ${images} images has ${what}. Nothing but the outputs is needed for that.`,
    );
  }
  if (best && best.r2 >= nearlyAll) {
    sentences.push(
      `Anyone who has, beside that, the features of some images can read those of every other image off its outputs (${best.observe}: ${percent(best.r2)} of their variance).`,
    );
  } else if (best) {
    sentences.push(
      `From the outputs at their fullest (${best.observe}), a linear map reads back ${percent(best.r2)} of the features' variance.`,
    );
  }
  for (const point of curve) {
    if (point === best || point.r2 >= nearlyAll) continue;
    sentences.push(
      `${point.observe} gives away ${percent(point.r2)} of the features' variance; with what is read back the model gives its own answer for ${percent(point.agreement)} of the images.`,
    );
  }
  if (width !== null) {
    sentences.push(
      `The outputs show that the layer before the last is ${width} numbers wide, and tell this model from others.`,
    );
  }
  if (recovery && !known) sentences.push(recovery.sentence);
  return { level: levelOf(known, best), sentences };
}

function levelOf(known: boolean, best: LeakPoint | null): Verdict['level'] {
  if (known) return 'features';
  if (!best) return 'little';
  if (best.r2 >= nearlyAll) return 'map';
  return best.r2 >= 0.5 ? 'partly' : 'little';
}

/** Rounded down, so that 100 % is said of all alone. */
const percent = (share: number): string => `${(Math.floor(Math.max(share, 0) * 1000 + 1e-9) / 10).toFixed(1)} %`;
