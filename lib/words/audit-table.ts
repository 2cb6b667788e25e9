/** The table of an audit in words: what is published, what that gives away, what it costs, and who can do what with it. */
import { count, option, share, withOptions } from '../base/index.js';
import type { Ability, AbilityAnswer, Advice } from './abilities.js';
import { changesNumbers, leastOf, type Compared } from './coarser.js';
import { inTime } from './figures.js';
import { nearlyAll } from './known.js';
import { parseObserve, showsLabel } from './observe-spec.js';
import { list } from './some.js';

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
  if (kind === 'not-shown') return 'not known';
  return orMore(r2, interval ?? [r2, r2]);
}

/** `29 % (24 to 33) or more`; without an interval `29 % or more`. */
export const orMore = (r2: number, interval: readonly [number, number] | null): string =>
  interval
    ? `${percent(r2)} % (${percent(interval[0])} to ${percent(interval[1], Math.ceil)}) or more`
    : `${percent(r2)} % or more`;

/**
 * Whole percents, rounded so that the claim is weaker: down for a lower bound and the lower end, up for the upper end. Near
 * 100 with a digit more, and never down to 0.
 */
function percent(value: number, cut: (value: number) => number = Math.floor): string {
  // 100 x 0.28 is a little more than 28 in float64, and is not to be rounded up.
  const all = Number((100 * value).toFixed(9));
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
  variations: 'few images (variations were not used for this)',
  outputs: 'little shown',
  classes: 'many classes',
  time: 'no time',
};

/** How sure that is. What ran out of time is no answer: `not found in 34 s`. */
export function howSure({ sure, why = 'images', stopped }: Omit<AbilityAnswer, 'observe'>): string {
  if (sure === 'not-tried') return `not tried: ${notTriedFor[why]}`;
  if (stopped === undefined) return howSureInWords[sure];
  return sure === 'not-found'
    ? `not found in ${inTime(stopped)}`
    : `${howSureInWords[sure]}: some in ${inTime(stopped)}`;
}

/** Which of those tried gives the least away; empty where there is no choice. */
function leastInWords(interfaces: readonly (Compared & Published)[]): string[] {
  const found = interfaces.length < 2 ? null : leastOf(interfaces);
  if (found === null) return [];
  const { least, from } = found;
  const answer = `same answer ${kept(least.cost.sameTop)}`;
  if (from === null)
    return [
      `Of those tried, the least was read off ${published(least.observe)}: ${readOff(least.read)} of the features, ${answer}.`,
    ];
  const read = least.read?.kind === 'at-least' ? `${readOff(least.read)} of the features, ${answer}` : answer;
  return [
    `Of those tried, ${published(least.observe)} gives the least away: ${read}. It is computed from ${published(from.observe)}, off which ${readOff(from.read)} was read, and so gives away no more.`,
  ];
}

/** As `readOff`, for tables of several models, which say that a better reader may get more: `29 % (24 to 33)`. */
export const readOffInShort = (bound: BoundInWords | null): string =>
  readOff(bound).replace(' or more', '').replace('more than ', '> ');

/**
 * What time did to the search of one of two models: seconds after which it was stopped; null where none were left for it.
 */
export interface SearchTime {
  name: string;
  stopped: number | null;
}

/**
 * That two searches for features in outputs alone cannot be held against each other, where time ended one of them.
 * @param ended those that time ended
 */
export function searchTimesInWords(ended: readonly SearchTime[]): string {
  if (ended.length === 0) return '';
  const each = ended.map(({ name, stopped }) =>
    stopped === null ? `that of ${name} was left out` : `that of ${name} was stopped after ${inTime(stopped)}`,
  );
  return `Time ended the search for features in the outputs alone: ${each.join(', ')}. A difference between the models in what was found there may come from time alone.`;
}

/** An interface with what was read off it and what it costs, as far as sentences need it. */
interface Published {
  observe: string;
  read: (BoundInWords & { images?: number; fitted?: number; fewer?: { fitted: number; r2: number } }) | null;
  cost: { sameTop: number; topProbability?: { model: number; published: number } };
}

/**
 * What the most open interface gives away, in a sentence that hangs on no search and no time; null where these images do not tell.
 * @param stolen images whose features a map takes, where that is known
 */
export function mostOpenInWords(model: string, interfaces: readonly Published[], stolen?: number): string | null {
  const most = [...interfaces].sort((a, b) => (b.read?.r2 ?? 0) - (a.read?.r2 ?? 0));
  const best = most.find(({ observe, read }) => observe === 'logits' && read?.kind === 'exact') ?? most[0];
  if (!best?.read || best.read.kind === 'not-shown') return null;
  const what = `Publishing the ${published(best.observe)} of ${model}`;
  if (best.read.kind === 'exact' || best.read.r2 >= nearlyAll) {
    const images = stolen ?? best.read.fitted;
    return `${what} publishes its features: whoever has those of ${images === undefined ? 'some' : count(images)} images can compute those of any other image.`;
  }
  return `${what} gives away ${readOff(best.read)} of how its features differ from image to image, to whoever has those of some images.`;
}

/** What publishing other numbers than the model's does to them; empty where each is the model's own, shown in part or rounded. */
export function changedNumbersInWords(interfaces: readonly Pick<Published, 'observe' | 'cost'>[]): string {
  const told = interfaces.flatMap(({ observe, cost: { topProbability: top } }) =>
    top && top.model.toFixed(2) !== top.published.toFixed(2) ? [{ observe, ...top }] : [],
  );
  if (told.length === 0) return '';
  const each = told.map(({ observe, published: mean }) => `with ${published(observe)} it is ${mean.toFixed(2)}`);
  return `Some of these change the model’s numbers. Its top class has a probability of ${told[0].model.toFixed(2)} on average; ${each.join('; ')}.`;
}

/** What an interface costs: `same answer 100.0 %`, and that its numbers are not the model's. */
function costInWords(
  { observe, cost: { sameTop, topProbability: top } }: Omit<Published, 'read'>,
  same: string,
): string {
  const answers = `${same}${kept(sameTop)}`;
  if (!changesNumbers(observe) || showsLabel(parseObserve(observe).steps)) return answers;
  // Noise leaves the mean as it is.
  const mean =
    top && top.model.toFixed(2) !== top.published.toFixed(2)
      ? `: the top one is ${top.published.toFixed(2)} on average, the model’s ${top.model.toFixed(2)}`
      : '';
  return `${answers}; its numbers are no longer the model’s ${top ? 'probabilities' : 'own'}${mean}`;
}

const shares = (below: readonly number[]): string => list(below.map((each) => share(each, 0)));

/** Shares below which nothing that was tried is known to stay, and why; `label` is the interface that names the class alone. */
function noneInWords(below: readonly number[], label: Published | undefined, flags: boolean): string[] {
  if (below.length === 0) return [];
  if (!label) {
    const more = `try others with ${option('observe')}, such as label.`;
    return [
      withOptions(`None of those tried is known to stay below ${shares(below)}; ${more}`, (property, flag) =>
        flags ? flag : property,
      ),
    ];
  }
  const read = label.read?.kind === 'at-least' ? label.read : null;
  const [over, open] = [
    below.filter((each) => read && read.r2 >= each),
    below.filter((each) => !read || read.r2 < each),
  ];
  const least = 'Label alone is the least that still names the class';
  const off = read ? `${readOff(read)} was read off it` : 'what it gives away is not known';
  const images = label.read?.images;
  const few = images === undefined ? '' : `: ${count(images)} images are few, and more would tell it more closely`;
  return [
    ...(open.length > 0 ? [`Whether anything stays below ${shares(open)} is not known${few}. ${least}: ${off}.`] : []),
    ...(over.length > 0
      ? [`Nothing that was tried stays below ${shares(over)}${open.length > 0 ? '' : `. ${least}: ${off}`}.`]
      : []),
  ];
}

/**
 * What to publish so that less than a share is read off, a sentence each, with the limits of that: a lower bound promises
 * nothing.
 * @param interfaces what each costs, and the images that it was read off
 * @param flags whether options have the names of the command line; else those of the library
 */
export function adviceInWords(
  advice: readonly Advice[],
  interfaces: readonly (Published & Compared)[],
  flags = false,
): string[] {
  const of = (spec: string | undefined) => interfaces.find(({ observe }) => observe === spec);
  const costing = (found: Published, same = ''): string => `${published(found.observe)} (${costInWords(found, same)})`;
  const lines = new Map<string, number[]>();
  for (const { below, observe, cheapest, own } of advice) {
    const [first, cheap, plain] = [of(observe ?? undefined), of(cheapest), of(own)];
    if (!first) continue;
    const what = [
      costing(first, 'same answer '),
      ...(cheap ? [`or ${costing(cheap)}`] : []),
      ...(plain ? [`or, with the model’s own numbers, ${costing(plain, 'same answer ')}`] : []),
    ].join(', ');
    lines.set(what, [...(lines.get(what) ?? []), below]);
  }
  const images = interfaces.find(({ read }) => read !== null)?.read?.images;
  const label = interfaces.find(({ observe }) => showsLabel(parseObserve(observe).steps));
  const none = advice.filter(({ observe, learning }) => observe === null && !learning).map(({ below }) => below);
  return [
    ...leastInWords(interfaces),
    ...[...lines].map(
      ([what, below]) => `So that this reader gets less than ${shares(below)} of the features, publish ${what}.`,
    ),
    ...mayReadInWords(advice),
    ...(lines.size > 0 && images !== undefined
      ? [
          `That is no promise: with more than these ${count(images)} images, or a better reader, more can be read off. ${shares(advice.map(({ below }) => below))} are examples; none of them means safe.`,
        ]
      : []),
    ...learningInWords(advice, interfaces),
    ...noneInWords(none, label, flags),
  ];
}

/** What more images may read off what is advised, which is counted in. */
function mayReadInWords(advice: readonly Advice[]): string[] {
  const most = new Map(
    advice.flatMap(({ observe, mayRead }) => (observe && mayRead !== undefined ? [[observe, mayRead]] : [])),
  );
  if (most.size === 0) return [];
  const each = [...most].map(([observe, may]) => `up to ${percent(may, Math.ceil)} % off ${published(observe)}`);
  return [
    `Counted in is what very many images may read, going by what the second half of these brought: ${each.join(', ')}.`,
  ];
}

/** Shares below which something stayed with these images, and may not with more. */
function learningInWords(advice: readonly Advice[], interfaces: readonly Published[]): string[] {
  const found = advice.flatMap(({ below, learning }) => (learning ? [{ below, ...learning }] : []));
  return [...new Set(found.map(({ observe }) => observe))].map((spec) => {
    const of = found.filter(({ observe }) => observe === spec);
    const [{ images, mayRead }] = of;
    const read = interfaces.find(({ observe }) => observe === spec)?.read ?? null;
    const now = `${readOff(read)} off ${published(spec)}`;
    const more =
      mayRead === undefined
        ? `and they are too few to tell what more would read: take 200 or more`
        : `with very many it may be up to ${percent(mayRead, Math.ceil)} %, going by what the second half of them brought`;
    return `Whether anything stays below ${shares(of.map(({ below }) => below))} is not known: with these ${count(images)} images it is ${now}, ${more}.`;
  });
}
