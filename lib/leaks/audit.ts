import { count, shareInWords, type NotShownError } from '../base/index.js';
import type { Fingerprint } from './fingerprint.js';
import { imagesPerOutput, nearlyAll, whole, whyUnknown, type Reading } from './known.js';
import { inWords } from './observe.js';
import type { RecoveryReport } from './recover.js';

/** One point of a leak curve: what a linear map learns from outputs of which so much is shown. */
export interface LeakPoint extends Omit<Reading, 'penalised'> {
  /** Share of images on which the model's head gives its own answer on the features read back. */
  agreement: number;
}

/** What an audit found, before it is put into words. */
export interface AuditFindings {
  model: string;
  classes: number;
  features: number;
  /** Images whose outputs were looked at. */
  images: number;
  /** Variations in which each of them was looked at, itself one of them. Default 1. */
  vary?: number;
  curve: readonly LeakPoint[];
  fingerprint: Fingerprint;
  recovery: RecoveryReport | null;
  /** Why no recovery could be tried, as `recoverFeatures` tells it; null where one was. */
  untried: NotShownError['code'] | null;
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

/** What to tell the people whose model it is: seven sentences at most, each of which says one thing. */
export function auditVerdict(findings: AuditFindings): Verdict {
  const { recovery, classes } = findings;
  const curve = findings.curve.filter((point) => whyUnknown(point, classes) === null);
  const best = curve.reduce((most, { r2 }) => Math.max(most, r2), 0);
  const known = recovery?.certified ?? false;
  const level = known ? 'features' : levelOf(best, curve.some(isEnough(classes)));
  const sentences = [
    recovery && known ? recovered(findings, recovery) : learnt(findings, best),
    ...asMuch(curve, known),
    ...less(curve),
    ...unclear(findings),
    ...behind(findings),
    ...(known && recovery?.cut
      ? ['The search was ended before it was through: with more time it may find more features.']
      : []),
    ...(known ? [] : [aloneSentence(findings)]),
  ];
  return { level, sentences };
}

/** Whether what a map read is about as much as one of more images would, and no mere lower bound. */
const isEnough =
  (classes: number) =>
  ({ r2, fitted }: LeakPoint): boolean =>
    r2 >= nearlyAll || fitted === undefined || fitted >= imagesPerOutput * classes;

function levelOf(best: number, enough: boolean): Verdict['level'] {
  if (best >= nearlyAll) return 'map';
  if (best >= 0.5) return 'partly';
  return enough ? 'little' : 'unknown';
}

function recovered(findings: AuditFindings, report: RecoveryReport): string {
  const { model, classes, features } = findings;
  const what =
    report.kind === 'sphere'
      ? `this model's ${count(features)} features up to a rotation: which images are similar to which, exactly as the model sees it`
      : `${count(report.features)} of this model's ${count(features)} features themselves, each up to its scale`;
  return `Anyone who sees all ${count(classes)} outputs of ${model} (logits or probabilities) for ${imagesOf(findings)} has ${what}. Nothing but the outputs is needed for that.`;
}

const imagesOf = ({ images, vary = 1 }: AuditFindings): string => `${count(images)} images${inVariations(vary)}`;

const inVariations = (vary: number): string => (vary > 1 ? ` in ${count(vary)} variations each` : '');

/** What those learn who have the features of some images to begin with. */
function learnt({ model, classes, features, curve, vary = 1 }: AuditFindings, best: number): string {
  if (best <= 0) {
    return `How much of its ${count(features)} features one linear map reads off the ${count(classes)} outputs of ${model} is not known from these images.`;
  }
  const fitted = curve.find(({ observe }) => observe === 'logits')?.fitted;
  const here = fitted ? ` (here ${count(fitted)}${inVariations(vary)})` : '';
  const who = `Anyone who sees all ${count(classes)} outputs of ${model} and has its features for some images${here}`;
  return best >= nearlyAll
    ? `${who} has those of every other image as well: one linear map reads off ${shareInWords(best)} of how the ${count(features)} features differ from image to image.`
    : `${who} learns ${shareInWords(best)} of how its ${count(features)} features differ from image to image, or more.`;
}

/** Whoever sees all probabilities takes their logarithms: what is read off them as they stand is no bound, and they are no less. */
const telling = (points: readonly LeakPoint[]): LeakPoint[] => points.filter(({ observe }) => observe !== 'probs');

/** Interfaces that show as much as the logits do. */
function asMuch(points: readonly LeakPoint[], known: boolean): string[] {
  const all = telling(points).filter(({ r2, observe }) => r2 >= nearlyAll && (known || observe !== 'logits'));
  if (all.length === 0) return [];
  const names = all.map(({ observe }) =>
    observe === 'log-probs' ? `${inWords(observe)} (or the logarithms of all probabilities)` : inWords(observe),
  );
  const least = shareInWords(Math.min(...all.map(({ r2 }) => r2)));
  return [
    known
      ? `To anyone who also has the features of some images, ${list(names)} give away those of every other image: one linear map reads off ${least} of how they differ from image to image.`
      : `The same goes for ${list(names)}: one linear map reads off ${least}.`,
  ];
}

/** Interfaces that show less, the two ends of them; the others are in the table. */
function less(points: readonly LeakPoint[]): string[] {
  const some = telling(points)
    .filter(({ r2, observe }) => r2 < nearlyAll && !whole.includes(observe))
    .sort((a, b) => b.r2 - a.r2);
  if (some.length === 0) return [];
  const [most, least] = [some[0], some[some.length - 1]];
  const ends = [
    `${inWords(most.observe)} ${shareInWords(most.r2)} of how the features differ from image to image`,
    ...(most === least ? [] : [`${inWords(least.observe)} ${shareInWords(least.r2)}`]),
  ];
  // Where there are more features than classes, a map may read more off probabilities than off the logits.
  const isLess = points.some(({ observe, r2 }) => whole.includes(observe) && r2 > most.r2);
  return [
    `${isLess ? 'Showing less gives away less' : 'Of less that is shown'}: ${ends.join(', ')}. One linear map reads that off, and a cleverer reader may get more.`,
  ];
}

/** Interfaces of which these images cannot say what they give away. */
function unclear({ curve, classes }: AuditFindings): string[] {
  const open = telling(curve).filter((point) => whyUnknown(point, classes) !== null && !whole.includes(point.observe));
  const few = open.filter((point) => !isEnough(classes)(point));
  const worse = open.filter(isEnough(classes));
  return [
    ...(few.length > 0
      ? [
          `What other outputs give away (${named(few)}) these images are too few to say: a map from ${count(classes)} numbers takes ${count(imagesPerOutput * classes)} images or more, here it had ${count(few[0].fitted!)}. Their rows are left empty: not known is not nothing.`,
        ]
      : []),
    ...(worse.length > 0
      ? [
          `What is given away by showing less (${named(worse)}) is not known: the map that was fitted does no better than the mean of the features, which another map may. Their rows are left empty.`,
        ]
      : []),
  ];
}

const named = (points: readonly LeakPoint[]): string =>
  points.length > 3
    ? `${inWords(points[0].observe)} and ${points.length - 1} others`
    : list(points.map(({ observe }) => inWords(observe)));

/** What the outputs show of the model itself. */
function behind({ fingerprint: { rank, hiddenWidth }, features }: AuditFindings): string[] {
  if (rank === null || hiddenWidth === null) return [];
  const width =
    hiddenWidth === features
      ? `the layer before the last is ${count(features)} numbers wide`
      : `the layer before the last is at least ${count(rank)} numbers wide (it is ${count(features)})`;
  return [`The outputs also show that ${width}, and tell this model's outputs from another's.`];
}

/** What stands in the way of those who have the outputs and nothing else, where nothing came back. */
export function aloneSentence(findings: AuditFindings): string {
  const { classes, features, recovery, untried, variations, needed = null, rectified = null } = findings;
  if (features > classes) {
    return `The outputs alone do not give the features away: the layer before the last has ${count(features)} numbers and the model only ${count(classes)} outputs, so that a part of them never gets out.`;
  }
  if (features === classes) {
    return `From the outputs alone nothing came back: the layer before the last has as many numbers as the model has outputs (${count(classes)}), so that no gap shows which directions are its own.`;
  }
  if (variations !== null) {
    const first = recovery ? `${recovery.sentence} To` : 'to';
    const sphere = `look for a normalisation before the last layer takes ${needed === null ? 'more' : count(needed)} different images`;
    const zeros = rectified
      ? `, for features that are often zero ${count(rectified.needed)} at least (--vary ${rectified.variations} makes as many)`
      : '';
    return `From the outputs alone nothing came back: ${first} ${sphere}${zeros}. Whoever asks chooses the images: more of them, or these in ${count(variations)} variations each (inverted, shifted, in other colours), are about enough${rectified ? ' for both' : ''} (--vary ${variations}).`;
  }
  if (recovery) return `From the outputs alone nothing came back. ${recovery.sentence}`;
  return `From the outputs alone nothing came back: ${untried === 'hidden' ? 'a part of them is hidden' : 'the directions that they fill end without a gap, so that noise (of rounding, or of weights in few bits) hides which are the features’'}.`;
}

const list = (texts: readonly string[]): string =>
  texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} and ${texts[texts.length - 1]}`;
