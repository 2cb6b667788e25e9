/** The table of an audit in words: what is published, what that gives away, what it costs, and who can do what with it. */
import { count, option, share, withOptions } from '../base/index.js';
import type { Ability, AbilityAnswer, Advice } from './abilities.js';
import { nearlyAll } from './known.js';
import { parseObserve, showsLabel } from './observe-spec.js';

/** What is known of an interface's R², as results have it. */
export interface BoundInWords {
  kind: 'exact' | 'at-least' | 'not-shown';
  r2: number;
  interval: readonly [number, number] | null;
}

/** A spec as short as a table takes it: `probs+topk:5+round:2` → `top 5 probabilities, 2 decimals`. */
export function published(spec: string): string {
  if (showsLabel(parseObserve(spec).steps)) return 'label alone';
  let [what, which] = ['logits', ''];
  const how: string[] = [];
  for (const step of parseObserve(spec).steps) {
    if (step.step === 'log-probs') what = 'log-probabilities';
    if (step.step === 'probs') what = 'probabilities';
    if (step.step === 'topk') which = `top ${step.k} `;
    if (step.step === 'temperature') how.push(`temp. ${step.temperature}`);
    if (step.step === 'round') how.push(`${step.decimals} ${step.decimals === 1 ? 'decimal' : 'decimals'}`);
    if (step.step === 'float16') how.push('float16');
    if (step.step === 'noise') how.push(`noise ${step.deviation}`);
    if (step.step === 'log') how.push('logarithms');
  }
  if (which === 'top 1 ') what = what === 'logits' ? 'logit' : what.replace('probabilities', 'probability');
  return [`${which}${what}`, ...how].join(', ');
}

/**
 * `all (exact)`, `29 % (24 to 33) or more`, `not known`: a figure that is not known is not shown, since somebody would
 * copy it. The figure is what was read off; a better reader may read more.
 */
export function readOff(bound: BoundInWords | null): string {
  if (bound === null) return 'not known';
  const { kind, r2, interval } = bound;
  if (kind === 'exact') return 'all (exact)';
  if (r2 >= nearlyAll) return 'more than 99.9 %';
  const [low, high] = interval ?? [r2, r2];
  if (kind === 'not-shown') return 'not known';
  return `${percent(r2)} % (${percent(low)} to ${percent(high, Math.ceil)}) or more`;
}

/**
 * Whole percents, rounded so that the claim is weaker: down for a lower bound and the lower end, up for the upper end. Near
 * 100 with a digit more, and never down to 0.
 */
function percent(value: number, cut: (value: number) => number = Math.floor): string {
  const all = 100 * value;
  if (all > 0 && all < 1 && cut === Math.floor) return '<1';
  const text = all > 98.5 ? (cut(10 * all) / 10).toFixed(1) : String(cut(all));
  return text.replace(/^-0$/, '0').replace('-', '−');
}

/**
 * Interfaces by their names; where they are nearly all of those tried, those that are missing: `all but label alone`. Empty for
 * none.
 */
export function publishedList(observes: readonly string[], tried: readonly string[]): string {
  const missing = tried.filter((spec) => !observes.includes(spec));
  if (observes.length > mostNamed && missing.length === 0) return `all ${count(observes.length)} tried`;
  return observes.length > mostNamed && missing.length < mostNamed
    ? `all but ${missing.map(published).join('; ')}`
    : observes.map(published).join('; ');
}

/** Most interfaces that are listed where a shorter list says the same. */
const mostNamed = 3;

/** How often honest users still get the model's answer: 100 % only where they do on every image. */
export const kept = (sameTop: number): string => share(sameTop, 1);

const abilities: Record<Ability, string> = {
  width: 'count the model’s features',
  recognise: 'notice a head changed by 1 %',
  features: 'get features one by one',
  rotation: 'see which images it finds similar',
  map: 'compute the features of any image',
  head: 'copy the last layer',
};

/** What can be done: `count the model’s features`. Where a map reads only a part of the features, it estimates them. */
export const abilityName = ({ ability, sure }: Omit<AbilityAnswer, 'observe'>): string =>
  ability === 'map' && sure === 'measured' ? 'estimate any image’s features' : abilities[ability];

/** What it takes: `outputs of 720 images`, `features of 257 images`; where it was not tried, what a try takes. */
export function takes({ queries, stolen, sure, head }: Omit<AbilityAnswer, 'observe'>): string {
  if (stolen > 0) return `features of ${count(stolen)} images${head ? ', head' : ''}`;
  if (queries === null) return '–';
  return sure === 'not-tried' ? `${count(queries)} outputs or more` : `outputs of ${count(queries)} images`;
}

const howSureInWords: Record<AbilityAnswer['sure'], string> = {
  proven: 'proven',
  measured: 'measured here',
  'not-found': 'tried, not found',
  'not-tried': 'not tried',
  impossible: 'not this way',
};

/** Why an ability was not tried. Results without a reason had too few images. */
const notTriedFor: Record<NonNullable<AbilityAnswer['why']>, string> = {
  images: 'few images',
  outputs: 'little shown',
  classes: 'many classes',
  time: 'no time',
};

/** How sure that is. */
export const howSure = ({ sure, why = 'images' }: Omit<AbilityAnswer, 'observe'>): string =>
  sure === 'not-tried' ? `not tried: ${notTriedFor[why]}` : howSureInWords[sure];

/** Which of those tried gives the least away; empty where there is no choice. */
function leastOf(
  interfaces: readonly { observe: string; read: BoundInWords | null; cost: { sameTop: number } }[],
): string[] {
  const known = interfaces.filter(({ read }) => read?.kind === 'at-least');
  if (known.length === 0 || interfaces.length < 2) return [];
  const { observe, read, cost } = known.reduce((a, b) => (b.read!.r2 < a.read!.r2 ? b : a));
  return [
    `Of those tried, ${published(observe)} gives the least away: ${readOff(read)} of the features, same answer ${kept(cost.sameTop)}.`,
  ];
}

/** As `readOff`, for tables of several models, which say that a better reader may get more: `29 % (24 to 33)`. */
export const readOffInShort = (bound: BoundInWords | null): string =>
  readOff(bound).replace(' or more', '').replace('more than ', '> ');

/**
 * What to publish so that less than a share is read off, a sentence each, with the limits of that: a lower bound promises
 * nothing.
 * @param interfaces what each costs, and the images that it was read off
 * @param flags whether options have the names of the command line; else those of the library
 */
export function adviceInWords(
  advice: readonly Advice[],
  interfaces: readonly {
    observe: string;
    read: (BoundInWords & { images: number }) | null;
    cost: { sameTop: number };
  }[],
  flags = false,
): string[] {
  const of = (spec: string) => interfaces.find(({ observe }) => observe === spec);
  const costing = (spec: string, same = ''): string =>
    `${published(spec)} (${same}${kept(of(spec)?.cost.sameTop ?? Number.NaN)})`;
  const lines = new Map<string, string[]>();
  for (const { below, observe, cheapest } of advice) {
    if (observe === null || !of(observe)) continue;
    const what = costing(observe, 'same answer ') + (cheapest && of(cheapest) ? `, or ${costing(cheapest)}` : '');
    lines.set(what, [...(lines.get(what) ?? []), share(below, 0)]);
  }
  const none = advice.find(({ observe }) => observe === null);
  const images = interfaces.find(({ read }) => read !== null)?.read?.images;
  return [
    ...leastOf(interfaces),
    ...[...lines].map(
      ([what, shares]) => `To keep this reader below ${shares.join(' and ')} (these are only marks): publish ${what}.`,
    ),
    ...(lines.size > 0 && images !== undefined
      ? [`That is no promise: with more than these ${count(images)} images, or a better reader, more can be read off.`]
      : []),
    ...(none
      ? [
          withOptions(
            `None of those tried is known to stay below ${share(none.below, 0)}; try others with ${option('observe')}.`,
            (property, flag) => (flags ? flag : property),
          ),
        ]
      : []),
  ];
}
