import { count, type NotShownError } from '../base/index.js';
import type { Store } from '../extract/index.js';
import {
  isWholeSpec,
  rectifiedRowsNeeded,
  sphereRowsNeeded,
  variationsNeeded,
  type AuditFindings,
  type Fingerprint,
  type InterfaceAnswer,
  type Recovery,
} from '../leaks/index.js';
import type { Extraction, Role } from './extraction.js';
import { fromOutputsAlone, type OutputsAloneOptions } from './outputs-alone.js';
import { widest } from './shown.js';

/** What an audit may do beyond the images. */
export interface VariationOptions extends OutputsAloneOptions {
  /** Variations that were asked for; absent where they are to be found. */
  vary?: number;
  budgetSeconds?: number;
  /** When the budget began, as `performance.now()` has it. Default: now. */
  begun?: number;
}

/** What an audit has by the time it looks at the outputs alone. */
export interface Asked {
  store: Store;
  /** Seconds that the store took to make; next to none where it was there. */
  seconds: number;
  extraction: Extraction;
  role: Role;
  dataset: string;
  interfaces: readonly InterfaceAnswer[];
}

/** What the outputs alone gave, of the images or of these and their variations. */
export interface Alone {
  print: Fingerprint;
  recovery: Recovery | null;
  untried: NotShownError['code'] | null;
  /** The rows that features were looked for in. */
  store: Store;
  vary: number;
  /** Distinct outputs that a search takes; null where the rank does not show. */
  needed: { sphere: number; rectified: number } | null;
  /** Whether there was no time left for a search. */
  skipped: boolean;
  /** Whether variations would be enough for a search, and time did not allow for both. */
  outOfTime?: boolean;
  /** What would be enough, and how long it takes; null where nothing more is needed. */
  offer: Offer | null;
}

type Offer = Required<Pick<AuditFindings, 'needed' | 'variations' | 'rectified' | 'seconds'>>;

/** Default of `budgetSeconds`. */
export const usualBudget = 300;

/** Share of what is left of a budget that variations may take: the rest is for the search. */
const forVariations = 0.5;
/** Share of what is left that a search may take: the tests of what it found take about as much again. */
const forSearch = 0.5;
/** With less time than this, in seconds, no search finds anything. */
const leastSearch = 3;
/** An image's variations take longer than an image by itself, and a machine is busier at times. */
const slower = 1.5;

/**
 * Looks for features in the outputs alone. Where the images are too few for that, makes the variations that it takes, if
 * they fit into the budget.
 */
export async function withVariations(asked: Asked, options: VariationOptions): Promise<Alone> {
  const { vary = 1, budgetSeconds = usualBudget, recoverySeconds, onProgress } = options;
  const { begun = performance.now() } = options;
  const left = (): number => budgetSeconds - (performance.now() - begun) / 1000;
  // Where there is no time for it, a search is not begun.
  const searching = (seconds: number): number => (forSearch * seconds < leastSearch ? 0 : forSearch * seconds);
  // What is searched for is in whole outputs: nobody sees these where none of what is published is whole.
  const isAsked = recoverySeconds !== undefined || asked.interfaces.some(({ observe }) => isWholeSpec(observe));
  const search = (store: Store, of: number, seconds: number): Promise<Alone> =>
    lookIn(store, of, { ...options, recoverySeconds: recoverySeconds ?? (isAsked ? searching(seconds) : 0) });
  // Where the variations are not given, half of the budget is left for them.
  const first = await search(asked.store, vary, options.vary === undefined ? left() / 2 : left());
  if (!first.offer || options.vary !== undefined || !isAsked || !(await canVary(asked))) return first;
  const seconds = slower * (await secondsPerImage(asked));
  const images = asked.store.rows;
  const tries = [first.offer.variations, ...(first.untried === null ? [] : [first.offer.rectified?.variations])];
  const offer = { ...first.offer, seconds: seconds * images * first.offer.variations! };
  let short = first.skipped;
  for (const variations of tries) {
    if (!variations) continue;
    const needed = seconds * images * variations;
    if (needed > forVariations * left() || (recoverySeconds === undefined && searching(left() - needed) === 0)) {
      short = true;
      continue;
    }
    onProgress?.({
      ...{ stage: 'variations', done: 0, total: images * variations, unit: 'images' },
      note: `These images are too few to look for features in the outputs alone. Each is looked at in ${count(variations)} variations: about ${minutes(needed)}, then a search of at most ${minutes(recoverySeconds ?? searching(left() - needed))}.`,
    });
    const { store } = await asked.extraction.of(asked.role, asked.dataset, variations);
    const found = await search(store, variations, left());
    const isMore = found.recovery !== null || found.offer === null;
    return isMore
      ? { ...found, offer: found.offer && { ...found.offer, seconds: offer.seconds } }
      : { ...first, offer, skipped: first.skipped || found.skipped, outOfTime: found.skipped };
  }
  return { ...first, offer, skipped: short, outOfTime: short };
}

async function lookIn(store: Store, vary: number, options: VariationOptions): Promise<Alone> {
  const { print, recovery, untried } = await fromOutputsAlone(store.logits, options);
  const { classCount, featureDim } = store.provenance.model;
  // Too few rows do not show the rank; the model's width then says how many are missing.
  const rank = print.rank ?? (untried === 'too-few-rows' ? Math.min(featureDim, classCount) : null);
  const distinct = store.rows - print.outputs.duplicates;
  const needed = rank === null ? null : { sphere: sphereRowsNeeded(rank), rectified: rectifiedRowsNeeded(rank) };
  const offer = needed && featureDim < classCount ? offerFor(needed, distinct, vary) : null;
  return { print, recovery, untried, store, vary, needed, offer, skipped: options.recoverySeconds === 0 };
}

/** How many variations of these images would be enough for either kind; null where there are enough images. */
function offerFor(needed: { sphere: number; rectified: number }, distinct: number, vary: number): Offer | null {
  const variations = variationsNeeded(needed.sphere, distinct, vary);
  if (variations === null) return null;
  const rectified = variationsNeeded(needed.rectified, distinct, vary);
  return {
    needed: needed.sphere,
    variations,
    rectified: rectified === null ? null : { needed: needed.rectified, variations: rectified },
    seconds: null,
  };
}

/**
 * Whether variations can be made: tensors have no pixels to vary, and with very many classes the outputs would take too
 * much space.
 */
const canVary = async ({ extraction, dataset, store }: Asked): Promise<boolean> =>
  store.logits.cols <= widest && (await extraction.kindOf(dataset)) === 'images';

/**
 * Seconds that the model takes for an image, measured on a few batches: most of the time that a store of few images took went into
 * opening files and the model.
 */
async function secondsPerImage({ store, seconds, extraction, role, dataset }: Asked): Promise<number> {
  const { batches } = await extraction.stream(role, dataset);
  let begun: number | null = null;
  let images = 0;
  for await (const { positions } of batches) {
    // The first batch waits for the model and for all of the decoders to start.
    if (begun === null) begun = performance.now();
    else images += positions.length;
    if (images >= mostMeasured) break;
  }
  const whole = seconds / store.rows;
  if (begun === null || images === 0) return whole;
  const measured = (performance.now() - begun) / 1000 / images;
  return seconds > 0.2 ? Math.min(whole, measured) : measured;
}

/** Images that tell how long one takes. */
const mostMeasured = 128;

const minutes = (seconds: number): string =>
  seconds < 300 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
