import { FeatReconstructError, min } from '../base/index.js';
import type { RowsAbout, RowSource } from '../tensor/index.js';
import { showsLabel, type ObserveStep } from '../words/index.js';

/** What is shown by steps, where it comes from a log and not from a model: it may be cut already, and need not be logits. */

/** What outputs are before any step. */
export type Given = 'logits' | 'probs';

/** Rows that are looked at to find out what a log holds. */
const looked = 64;
/** What probabilities may sum to, as services round them. */
const slack = 0.01;

/** Whether rows are probabilities, of one or of a hundred: all that are looked at are shares of a whole. */
export async function givenOf(outputs: RowSource): Promise<Given> {
  const { rows, cols, about } = outputs;
  const end = min(rows, looked);
  const block = await outputs.read(0, end);
  const sums: number[] = [];
  for (let at = 0; at < block.length; at += cols) {
    const row = block.subarray(at, at + cols);
    if (row.some((value) => !(value >= 0))) return 'logits';
    let sum = 0;
    for (const value of row) sum += value;
    sums.push(sum);
  }
  // Of the best alone no sum is known but where the log says it: what it hides is no share there.
  if (about?.cut) return about.cut.unit === 'unknown' || block.every((value) => value > 0) ? 'logits' : 'probs';
  const isWhole = [1, 100].some((whole) => sums.every((sum) => Math.abs(sum - whole) <= slack * whole));
  return isWhole ? 'probs' : 'logits';
}

/**
 * @throws FeatReconstructError where a step takes logits, and these are probabilities (`mismatch`), or all classes of a row, and the log
 * has the best alone (`hidden`)
 */
export function checkSteps(steps: readonly ObserveStep[], about: RowsAbout | undefined, given: Given): void {
  const whole = steps.find(({ step }) => step === 'probs' || step === 'log-probs');
  if (whole && about?.cut) {
    throw new FeatReconstructError(
      `Expected the outputs of all classes to show '${whole.step}' of them, found a log of the best ${about.cut.shown} of each row alone: leave that step out, or give all outputs.`,
      { code: 'hidden' },
    );
  }
  const ofLogits = whole ?? steps.find(({ step }) => step === 'temperature');
  if (ofLogits && given === 'probs') {
    throw new FeatReconstructError(
      `Expected logits to show '${ofLogits.step}' of them, found probabilities: leave that step out, or give the logits.`,
      { code: 'mismatch' },
    );
  }
}

/** What a log still says of its rows once they are shown so. */
export function aboutShown(about: RowsAbout | undefined, steps: readonly ObserveStep[]): Pick<RowSource, 'about'> {
  if (!about) return {};
  const { place, listed, cut, ranked } = about;
  const placed = place ? { place: (row: number) => place(row) } : {};
  // A label is known of every class: it is the best, or it is not.
  if (showsLabel(steps)) return place ? { about: placed } : {};
  const k = steps.reduce((least, each) => (each.step === 'topk' ? min(least, each.k) : least), Infinity);
  const shown = k === Infinity ? cut : listed && { shown: min(k, cut?.shown ?? k), unit: cut?.unit ?? null };
  return {
    about: {
      ...placed,
      ...(shown ? { cut: shown } : {}),
      // Without an order it takes the numbers to say which are the largest: what is hidden now has that of the least.
      ...(listed ? { listed: (row: number) => (ranked ? listed(row).slice(0, k) : listed(row)) } : {}),
      ...(ranked ? { ranked } : {}),
    },
  };
}
