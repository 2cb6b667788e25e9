import type { Fingerprint } from './fingerprint.js';
import { inWords } from './observe.js';
import type { RecoveryReport } from './recover.js';

/** One point of a leak curve: what a linear map learns from outputs of which so much is shown. */
export interface LeakPoint {
  /** What the interface shows, as `observe` reads it: `probs+topk:5+round:2`. */
  observe: string;
  /** Share of images on which the model's head gives its own answer on the features read back. */
  agreement: number;
  /** R² of the features read back. */
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
  /** Why no recovery was tried, in a sentence. */
  reason: string | null;
}

export interface Verdict {
  /**
   * What is out: the features themselves (`features`), to those who also have the features of some images (`map`), a
   * half of them or more (`partly`), or less (`little`).
   */
  level: 'features' | 'map' | 'partly' | 'little';
  /** Plain words, the most important first. */
  sentences: string[];
}

/** Above this share of variance, what is read back is the features for every purpose. */
const nearlyAll = 0.999;

/** What to tell the people whose model it is. */
export function auditVerdict(findings: AuditFindings): Verdict {
  const { curve, recovery } = findings;
  const best = curve.reduce((most, { r2 }) => Math.max(most, r2), 0);
  const known = recovery?.certified ?? false;
  const sentences = [
    ...(recovery && known ? [recovered(findings, recovery)] : []),
    ...spoken(curve),
    ...behind(findings),
    ...(known ? [] : [`From the outputs alone: ${recovery?.sentence ?? findings.reason}`]),
  ];
  const level = known ? 'features' : best >= nearlyAll ? 'map' : best >= 0.5 ? 'partly' : 'little';
  return { level, sentences };
}

function recovered({ model, classes, features, images }: AuditFindings, report: RecoveryReport): string {
  const what =
    report.kind === 'sphere'
      ? `this model's ${features} features up to a rotation: which images are similar to which, exactly as the model sees it`
      : `${report.features} of this model's ${features} features themselves, each up to its scale`;
  return `Anyone who sees all ${count(classes)} outputs of ${model} (logits or probabilities) for ${count(images)} images has ${what}. Nothing but the outputs is needed for that.`;
}

/** The curve in sentences: what is as good as everything in one, the rest each in its own, the most telling first. */
function spoken(points: readonly LeakPoint[]): string[] {
  // Whoever sees all probabilities takes their logarithms: what a linear map reads off them as they stand is no bound.
  const curve = points.some(({ observe }) => observe === 'log-probs')
    ? points.filter(({ observe }) => observe !== 'probs')
    : points;
  const all = curve.filter(({ r2 }) => r2 >= nearlyAll);
  const rest = curve.filter(({ r2 }) => r2 < nearlyAll).sort((a, b) => b.r2 - a.r2);
  const whole =
    all.length === 0
      ? []
      : [
          `To anyone who also has the features of some images, ${list(all.map(({ observe }) => inWords(observe) + (observe === 'log-probs' ? ' (or the logarithms of all probabilities)' : '')))} give those of every other image away: one linear map reads off ${percent(Math.min(...all.map(({ r2 }) => r2)))} of their variance.`,
        ];
  return [
    ...whole,
    ...rest.map(
      ({ observe, r2, agreement }) =>
        `${capital(inWords(observe))} give away ${percent(r2)} of the features' variance at the least, to one linear map; from what is read back the model's last layer names its own answer for ${percent(agreement)} of the images.`,
    ),
  ];
}

/** What the outputs show of the model itself. */
function behind({ fingerprint: { hiddenWidth }, classes, features }: AuditFindings): string[] {
  if (hiddenWidth !== null) {
    return [
      `The outputs also show that the layer before the last is ${count(hiddenWidth)} numbers wide, and tell this model's outputs from any other's.`,
    ];
  }
  if (features < classes) return [];
  return [
    `The outputs do not show how wide the layer before the last is: its ${count(features)} numbers are as many as the ${count(classes)} classes or more, so that a part of them never reaches the outputs.`,
  ];
}

const count = (n: number): string => n.toLocaleString('en-US');

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

const list = (texts: readonly string[]): string =>
  texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} and ${texts[texts.length - 1]}`;

/** Rounded down, so that 100 % is said of all alone. */
const percent = (share: number): string => `${(Math.floor(Math.max(share, 0) * 1000 + 1e-9) / 10).toFixed(1)} %`;
