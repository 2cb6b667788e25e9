/** The table of an audit in words: what is published, what that gives away, what it costs, and who can do what with it. */
import { count, share } from '../base/index.js';
import { nearlyAll } from './known.js';
import { parseObserve } from './observe-spec.js';

/** What is known of an interface's R², as results have it. */
export interface BoundInWords {
  kind: 'exact' | 'at-least' | 'not-shown';
  r2: number;
  interval: readonly [number, number] | null;
}

/** A line of who can do what, as results have it. */
export interface AbilityInWords {
  ability: 'width' | 'recognise' | 'features' | 'rotation' | 'map' | 'head';
  observe: readonly string[];
  sure: 'proven' | 'measured' | 'not-found' | 'not-tried' | 'impossible';
  queries: number | null;
  stolen: number;
}

/** A spec as short as a table takes it: `probs+topk:5+round:2` → `top 5 probabilities, 2 decimals`. */
export function published(spec: string): string {
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

/** `all (exact)`, `at least 29 % (24 to 33)`, `not known`: a figure of what is not known would be copied as one. */
export function readOff(bound: BoundInWords | null): string {
  if (bound === null) return 'not known';
  const { kind, r2, interval } = bound;
  if (kind === 'exact') return 'all (exact)';
  if (r2 >= nearlyAll) return 'more than 99.9 %';
  const [low, high] = interval ?? [r2, r2];
  if (kind === 'not-shown') return 'not known';
  return `at least ${percent(r2)} % (${percent(low)} to ${percent(high)})`;
}

/** Whole percents; near 100 with a digit more, and never up to what is not reached. */
function percent(value: number): string {
  const all = 100 * value;
  const text = all > 99 ? (Math.floor(10 * all) / 10).toFixed(1) : String(Math.round(all));
  return text.replace(/^-0$/, '0').replace('-', '−');
}

/** How often honest users still get the model's answer: 100 % only where it is that on every image. */
export const kept = (sameTop: number): string => share(sameTop, 1);

const abilities: Record<AbilityInWords['ability'], string> = {
  width: 'count the model’s features',
  recognise: 'tell the model from other versions',
  features: 'get features one by one',
  rotation: 'see which images it finds similar',
  map: 'compute the features of any image',
  head: 'copy the last layer',
};

/** What can be done: `count the model’s features`. */
export const abilityName = ({ ability }: AbilityInWords): string => abilities[ability];

/** What it takes: `outputs of 720 images`, `features of 257 images`. */
export function takes({ queries, stolen }: AbilityInWords): string {
  if (stolen > 0) return `features of ${count(stolen)} images`;
  return queries === null ? '–' : `outputs of ${count(queries)} images`;
}

const howSureInWords: Record<AbilityInWords['sure'], string> = {
  proven: 'proven',
  measured: 'measured here',
  'not-found': 'tried, not found',
  'not-tried': 'not tried: too few images',
  impossible: 'cannot be, or not all',
};

/** How sure that is. */
export const howSure = ({ sure, ability }: AbilityInWords): string =>
  sure === 'measured' && ability === 'map' ? 'measured here, in part' : howSureInWords[sure];
