import { count, option, shareInWords, withOptions, type NotShownError } from '../base/index.js';
import { imagesPerOutput, nearlyAll, whole, whyUnknown, type Reading, inWords } from '../words/index.js';
import type { Fingerprint } from './fingerprint.js';
import type { RecoveryReport } from './recover.js';

/** One point of a leak curve: what a linear map learns from outputs of which so much is shown. */
export interface LeakPoint extends Omit<Reading, 'penalised'> {
  /** Share of images on which the model's head gives its own answer on the features read back. */
  agreement: number;
  /** Share of the features that are read back with an R² above 0.99. */
  above99?: number | null;
  /** How the map read what is shown. Default as it stands. */
  by?: 'plain' | 'log';
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
  /** R² of the vector that a sphere's certificate stands for, up to a rotation, beside the model's own features. */
  compared?: number | null;
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
   * What is out: features, or a normalised vector before the head, by the outputs alone (`features`); to those who also have
   * the features of some images: all of them (`map`), a tenth of their variance or more (`partly`), or less (`little`);
   * `unknown` where the images are too few to say. `r2` is the figure that it goes by.
   */
  level: 'features' | 'map' | 'partly' | 'little' | 'unknown';
  /** Share of the features' variance that the best map read off; null where it is not known. Missing in earlier results. */
  r2?: number | null;
  /** Share of the features that this map reads with an R² above 0.99. */
  above99?: number | null;
  /** Plain words, the most important first. */
  sentences: string[];
}

/** The name that an option goes by: of a property of the library, or of a flag. */
export type OptionName = (property: string, flag: string) => string;

const asProperty: OptionName = (property) => property;

/**
 * What to tell the people whose model it is: seven sentences at most, each of which says one thing.
 * @param name what options are called in them
 */
export function auditVerdict(findings: AuditFindings, name: OptionName = asProperty): Verdict {
  const { recovery, classes } = findings;
  const curve = findings.curve.filter((point) => whyUnknown(point, classes) === null);
  const best = bestOf(curve);
  const known = recovery?.certified ?? false;
  const level = known ? 'features' : levelOf(best?.r2 ?? 0, curve.some(isEnough(classes)));
  const sentences = [
    recovery && known ? recovered(findings, recovery) : learnt(findings, best),
    ...asMuch(curve, best, known),
    ...less(curve),
    ...unclear(findings),
    ...behind(findings),
    ...(known && recovery?.cut
      ? ['The search was ended before it was through: with more time it may find more features.']
      : []),
    ...(known ? [] : [aloneSentence(findings, name)]),
  ];
  return { level, r2: best?.r2 ?? null, above99: best?.above99 ?? null, sentences };
}

/** The most telling reading, that of the logits where others tell no more than rounding does; null where none tells anything. */
function bestOf(points: readonly LeakPoint[]): LeakPoint | null {
  const most = points.reduce((r2, point) => Math.max(r2, point.r2), 0);
  const near = points.filter(({ r2 }) => r2 > 0 && r2 >= most - 1e-6);
  return near.find(({ observe }) => observe === 'logits') ?? near[0] ?? null;
}

/** Whether what a map read is about as much as one of more images would, and no mere lower bound. */
const isEnough =
  (classes: number) =>
  ({ r2, fitted }: LeakPoint): boolean =>
    r2 >= nearlyAll || fitted === undefined || fitted >= imagesPerOutput * classes;

/** A share of variance below which what was read off is called little. */
const aTenth = 0.1;

function levelOf(best: number, enough: boolean): Verdict['level'] {
  if (best >= nearlyAll) return 'map';
  if (best >= aTenth) return 'partly';
  return enough ? 'little' : 'unknown';
}

function recovered(findings: AuditFindings, report: RecoveryReport): string {
  const { model, classes, features } = findings;
  const what =
    report.kind === 'sphere'
      ? `a normalised vector of this model up to a rotation, hence which images are similar to which in it`
      : `${count(report.features)} of this model's ${count(features)} features themselves, each up to its scale`;
  const who = `Anyone who sees all ${count(classes)} outputs of ${model} (logits, or probabilities, at full float32 precision) for ${imagesOf(findings)} has ${what}. Nothing but the outputs is needed for that.`;
  return report.kind === 'sphere' ? `${who} ${whichVector(findings)}` : who;
}

/** The certificate is of a vector with nothing but linear maps behind it; whether that is the last layer the model itself tells. */
function whichVector({ features, compared = null }: AuditFindings): string {
  const proven = 'Nothing but linear maps stands between that vector and the outputs';
  if (compared === null) return `${proven}; it need not be the layer right before the last one.`;
  return compared >= nearlyAll
    ? `${proven}, and beside the model's own ${count(features)} features it is these (${shareInWords(compared)} of how they differ).`
    : `${proven}; it is not the layer right before the last one, of which it tells ${shareInWords(compared)} (R² up to a rotation).`;
}

const imagesOf = ({ images, vary = 1 }: AuditFindings): string => `${count(images)} images${inVariations(vary)}`;

const inVariations = (vary: number): string => (vary > 1 ? ` in ${count(vary)} variations each` : '');

/** What those learn who have the features of some images to begin with. */
function learnt({ model, classes, features, curve, vary = 1 }: AuditFindings, best: LeakPoint | null): string {
  if (!best) {
    return `How much of its ${count(features)} features one linear map reads off the ${count(classes)} outputs of ${model} is not known from these images.`;
  }
  const fitted = curve.find(({ observe }) => observe === 'logits')?.fitted;
  const here = fitted ? ` (here ${count(fitted)}${inVariations(vary)})` : '';
  const who = `Anyone who sees all ${count(classes)} outputs of ${model} and has its features for some images${here}`;
  const { r2 } = best;
  return r2 >= nearlyAll
    ? `${who} has those of every other image as well: one linear map reads off ${shareInWords(r2)} of how the ${count(features)} features differ from image to image${detail(best)}.`
    : `${who} learns ${shareInWords(r2)} of how its ${count(features)} features differ from image to image, or more${detail(best)}.`;
}

/** What a share of all variance does not say: how many features come back nearly whole; and of what it is, if not of logits. */
function detail(point: LeakPoint): string {
  const { observe, above99 = null } = point;
  const parts = [
    ...(observe === 'logits' ? [] : [`from ${shown(point)}`]),
    ...(above99 === null ? [] : [`R² above 0.99 for ${shareInWords(above99)} of the features`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

/** An interface in words, with how it was read. */
const shown = ({ observe, by }: LeakPoint): string => inWords(by === 'log' ? `${observe}+log` : observe);

/** Interfaces that show as much as the logits do. */
function asMuch(points: readonly LeakPoint[], best: LeakPoint | null, known: boolean): string[] {
  const all = points.filter(
    (point) => point.r2 >= nearlyAll && (known || (point !== best && point.observe !== 'logits')),
  );
  if (all.length === 0) return [];
  const names = all.map(shown);
  const least = shareInWords(Math.min(...all.map(({ r2 }) => r2)));
  return [
    known
      ? `To anyone who also has the features of some images, ${list(names)} give away those of every other image: one linear map reads off ${least} of how they differ from image to image.`
      : `The same goes for ${list(names)}: one linear map reads off ${least}.`,
  ];
}

/** Interfaces that show less, the two ends of them; the others are in the table. */
function less(points: readonly LeakPoint[]): string[] {
  const some = points
    .filter(({ r2, observe }) => r2 < nearlyAll && !whole.includes(observe))
    .sort((a, b) => b.r2 - a.r2);
  if (some.length === 0) return [];
  const [most, least] = [some[0], some[some.length - 1]];
  const ends = [
    `${shown(most)} ${shareInWords(most.r2)} of how the features differ from image to image`,
    ...(most === least ? [] : [`${shown(least)} ${shareInWords(least.r2)}`]),
  ];
  // Where there are more features than classes, a map may read more off probabilities than off the logits.
  const isLess = points.some(({ observe, r2 }) => whole.includes(observe) && r2 > most.r2);
  return [
    `${isLess ? 'Showing less gives away less' : 'Of less that is shown'}: ${ends.join(', ')}. One linear map reads that off, and a cleverer reader may get more.`,
  ];
}

/** Interfaces of which these images cannot say what they give away. */
function unclear({ curve, classes }: AuditFindings): string[] {
  const open = curve.filter((point) => whyUnknown(point, classes) !== null && !whole.includes(point.observe));
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
export const aloneSentence = (findings: AuditFindings, name: OptionName = asProperty): string =>
  withOptions(alone(findings), name);

function alone(findings: AuditFindings): string {
  const { classes, features, recovery, untried, variations, needed = null, rectified = null } = findings;
  if (features > classes) {
    return `The outputs alone cannot give all of the features away: the layer before the last has ${count(features)} numbers and the model only ${count(classes)} outputs, so that a part of them never gets out.`;
  }
  if (features === classes) {
    return `${noWay}: the layer before the last has as many numbers as the model has outputs (${count(classes)}), so that no gap shows which directions are its own.`;
  }
  if (variations !== null) {
    const first = recovery ? `${recovery.sentence} To` : 'to';
    const sphere = `look for a normalisation before the last layer takes ${needed === null ? 'more' : count(needed)} different images`;
    const zeros = rectified
      ? `, for features that are often zero ${count(rectified.needed)} at least (${varyBy(rectified.variations)} makes as many)`
      : '';
    return `${noWay}: ${first} ${sphere}${zeros}. Whoever asks chooses the images: more of them, or these in ${count(variations)} variations each (inverted, shifted, in other colours), are about enough${rectified ? ' for both' : ''} (${varyBy(variations)}).`;
  }
  if (recovery) return `${noWay}. ${recovery.sentence}`;
  return `${noWay}: ${untried === 'hidden' ? 'a part of them is hidden' : 'the directions that they fill end without a gap, so that noise (of rounding, or of weights in few bits) hides which are the features’'}.`;
}

/** Of a search that ends without a certificate; another one may find more. */
const noWay = 'From the outputs alone this tool found no way to the features';

const varyBy = (variations: number): string => option(`vary: ${variations}`, `--vary ${variations}`);

const list = (texts: readonly string[]): string =>
  texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} and ${texts[texts.length - 1]}`;
