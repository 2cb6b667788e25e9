import { count } from '../base/index.js';
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
  /** Images that the map was fitted on. Absent: enough of them. */
  fitted?: number;
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
  /** As how many variations each image would be enough to try all of it; null where there are enough. */
  variations: number | null;
  /** Distinct images that all of it takes; null or absent where that is not known. */
  needed?: number | null;
  /** What a search for rectified features alone takes, which is less; null or absent where there are enough images for it. */
  rectified?: { needed: number; variations: number } | null;
}

export interface Verdict {
  /**
   * What is out: the features themselves (`features`), to those who also have the features of some images (`map`), a
   * half of them or more (`partly`), or less (`little`); `unknown` where the images are too few to say.
   */
  level: 'features' | 'map' | 'partly' | 'little' | 'unknown';
  /** Plain words, the most important first. */
  sentences: string[];
}

/** Above this share of variance, what is read back is the features for every purpose. */
const nearlyAll = 0.999;

/**
 * Images that a map needs for each output: with fewer its error on others is made of chance (with n images and rank p
 * it is n / (n − p − 1) times what it need be), and says nothing of what is given away.
 */
const imagesPerOutput = 3;

/** Whether a point's R² is what the interface gives away; where images are wanting it is no more than a lower bound. */
const tells =
  (classes: number) =>
  ({ r2, fitted }: LeakPoint): boolean =>
    r2 >= nearlyAll || fitted === undefined || fitted >= imagesPerOutput * classes;

/** What to tell the people whose model it is: seven sentences at most, each of which says one thing. */
export function auditVerdict(findings: AuditFindings): Verdict {
  const { recovery } = findings;
  const curve = findings.curve.filter(tells(findings.classes));
  const best = findings.curve.reduce((most, { r2 }) => Math.max(most, r2), 0);
  const known = recovery?.certified ?? false;
  const level = known ? 'features' : levelOf(best, curve.length > 0 || findings.curve.length === 0);
  const sentences = [
    recovery && known ? recovered(findings, recovery) : learnt(findings, best),
    ...asMuch(curve, known),
    ...less(curve),
    ...unclear(findings),
    ...behind(findings),
    ...(known && recovery?.cut
      ? ['The search was ended before it was through: with more time it may find more features.']
      : []),
    ...(known ? [] : alone(findings)),
  ];
  return { level, sentences };
}

function levelOf(best: number, told: boolean): Verdict['level'] {
  if (best >= nearlyAll) return 'map';
  if (best >= 0.5) return 'partly';
  return told ? 'little' : 'unknown';
}

function recovered({ model, classes, features, images }: AuditFindings, report: RecoveryReport): string {
  const what =
    report.kind === 'sphere'
      ? `this model's ${count(features)} features up to a rotation: which images are similar to which, exactly as the model sees it`
      : `${count(report.features)} of this model's ${count(features)} features themselves, each up to its scale`;
  return `Anyone who sees all ${count(classes)} outputs of ${model} (logits or probabilities) for ${count(images)} images has ${what}. Nothing but the outputs is needed for that.`;
}

/** What those learn who have the features of some images to begin with. */
function learnt({ model, classes, features, curve }: AuditFindings, best: number): string {
  const fitted = curve.find(({ observe }) => observe === 'logits')?.fitted;
  const here = fitted ? ` (here ${count(fitted)})` : '';
  const who = `Anyone who sees all ${count(classes)} outputs of ${model} and has its features for some images${here}`;
  if (best <= 0 && !curve.some(tells(classes))) {
    return `How much of its ${count(features)} features one linear map reads off the ${count(classes)} outputs of ${model} these images are too few to say.`;
  }
  if (best <= 0) {
    return `${who} cannot read off the others with one linear map: it explains nothing of how the ${count(features)} features differ from image to image. A cleverer reader may get more.`;
  }
  return best >= nearlyAll
    ? `${who} has those of every other image as well: one linear map reads off ${percent(best)} of how the ${count(features)} features differ from image to image.`
    : `${who} learns ${percent(best)} of how its ${count(features)} features differ from image to image, or more.`;
}

/** Interfaces that keep nothing back. */
const whole: readonly string[] = ['logits', 'log-probs'];

/** Whoever sees all probabilities takes their logarithms: what is read off them as they stand is no bound. */
const telling = (points: readonly LeakPoint[]): LeakPoint[] =>
  points.some(({ observe }) => observe === 'log-probs')
    ? points.filter(({ observe }) => observe !== 'probs')
    : [...points];

/** Interfaces that show as much as the logits do. */
function asMuch(points: readonly LeakPoint[], known: boolean): string[] {
  const all = telling(points).filter(({ r2, observe }) => r2 >= nearlyAll && (known || observe !== 'logits'));
  if (all.length === 0) return [];
  const names = all.map(({ observe }) =>
    observe === 'log-probs' ? `${inWords(observe)} (or the logarithms of all probabilities)` : inWords(observe),
  );
  return [
    known
      ? `To anyone who also has the features of some images, ${list(names)} give away those of every other image: one linear map reads off ${percent(Math.min(...all.map(({ r2 }) => r2)))} of how they differ from image to image.`
      : `${capital(list(names))} give away just as much as the logits do.`,
  ];
}

/** Interfaces that show less, the two ends of them; the others are in the table. */
function less(points: readonly LeakPoint[]): string[] {
  const some = telling(points)
    .filter(({ r2, observe }) => r2 < nearlyAll && !whole.includes(observe))
    .sort((a, b) => b.r2 - a.r2);
  if (some.length === 0) return [];
  const [most, least] = [some[0], some[some.length - 1]];
  if (most.r2 <= 0) {
    const names = most === least ? inWords(most.observe) : `${inWords(most.observe)} to ${inWords(least.observe)}`;
    return [`Showing less (${names}) gives nothing away to one linear map. A cleverer reader may get something.`];
  }
  const ends = [
    `${inWords(most.observe)} ${percent(most.r2)} of how the features differ from image to image`,
    ...(most === least ? [] : [`${inWords(least.observe)} ${percent(least.r2)}`]),
  ];
  return [
    `Showing less gives away less: ${ends.join(', ')}. One linear map reads that off, and a cleverer reader may get more.`,
  ];
}

/** Interfaces of which these images cannot say what they give away. */
function unclear({ curve, classes }: AuditFindings): string[] {
  const told = tells(classes);
  const open = telling(curve).filter((point) => !told(point) && !whole.includes(point.observe));
  if (open.length === 0) return [];
  const names =
    open.length > 3
      ? `${inWords(open[0].observe)} and ${open.length - 1} others`
      : list(open.map(({ observe }) => inWords(observe)));
  return [
    `What other outputs give away (${names}) these images are too few to say: a map from ${count(classes)} numbers takes ${count(imagesPerOutput * classes)} images or more, here it had ${count(open[0].fitted!)}, and those rows of the table are left to chance.`,
  ];
}

/** What the outputs show of the model itself. */
const behind = ({ fingerprint: { hiddenWidth } }: AuditFindings): string[] =>
  hiddenWidth === null
    ? []
    : [
        `The outputs also show that the layer before the last is at least ${count(hiddenWidth)} numbers wide, and tell this model's outputs from any other's.`,
      ];

/** What stands in the way of those who have the outputs and nothing else. */
function alone({
  classes,
  features,
  recovery,
  reason,
  variations,
  needed = null,
  rectified = null,
}: AuditFindings): string[] {
  if (features >= classes) {
    return [
      `The outputs alone do not give the features away: the layer before the last has ${count(features)} numbers and the model only ${count(classes)} outputs, so that a part of them never gets out.`,
    ];
  }
  if (variations !== null && !recovery?.certified) {
    const first = recovery ? `${recovery.sentence} To` : 'to';
    const sphere = `look for a normalisation before the last layer takes ${needed === null ? 'more' : count(needed)} different images`;
    const zeros = rectified
      ? `, for features that are often zero ${count(rectified.needed)} (--vary ${rectified.variations} makes enough of these)`
      : '';
    return [
      `From the outputs alone nothing came back: ${first} ${sphere}${zeros}. Whoever asks chooses the images, and these in ${count(variations)} variations each (inverted, shifted, in other colours) are enough${rectified ? ' for both' : ''}: --vary ${variations}.`,
    ];
  }
  return [`From the outputs alone: ${recovery?.sentence ?? reason}`];
}

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

const list = (texts: readonly string[]): string =>
  texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} and ${texts[texts.length - 1]}`;

/**
 * A share of variance in words. Rounded down, so that 100 % is said of all alone; an R² below 0, where the map is worse
 * than the mean, explains nothing.
 */
function percent(r2: number): string {
  if (r2 <= 0) return 'nothing';
  return r2 < 0.001 ? 'less than 0.1 %' : `${(Math.floor(r2 * 1000 + 1e-9) / 10).toFixed(1)} %`;
}
