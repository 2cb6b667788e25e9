import type { TaskOptions } from '../base/index.js';
import { observeColumns, type InterfaceCost } from '../leaks/index.js';
import type { RowSource } from '../tensor/index.js';
import { parseObserve } from '../words/index.js';
import { factsOf } from './reading.js';

/**
 * The mean of the largest probability that an interface publishes, beside that of the model's own softmax on the same images.
 * Null for logits and for a label, which are no probabilities.
 * @param logits (n, c)
 */
export async function topProbabilityOf(
  spec: string,
  logits: RowSource,
  { signal }: TaskOptions,
): Promise<NonNullable<InterfaceCost['topProbability']> | null> {
  const { steps } = parseObserve(spec);
  const scale = steps.findLast(({ step }) => step === 'probs' || step === 'log-probs')?.step;
  if (scale === undefined || steps.at(-1)?.step === 'label') return null;
  const published = spec.split('+').filter((part) => part.trim() !== 'log');
  return {
    model: await meanOfModel(logits, signal),
    published: await meanOfLargest(logits, published.join('+'), scale === 'log-probs', signal),
  };
}

/** The model's own, which is the same for each of its interfaces. */
const ofModels = new WeakMap<RowSource, number>();

async function meanOfModel(logits: RowSource, signal: AbortSignal | undefined): Promise<number> {
  const mean = ofModels.get(logits) ?? (await meanOfLargest(logits, 'probs', false, signal));
  ofModels.set(logits, mean);
  return mean;
}

async function meanOfLargest(
  logits: RowSource,
  spec: string,
  areLogarithms: boolean,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { rows, cols } = logits;
  const all = Int32Array.from({ length: cols }, (_, j) => j);
  const shown = observeColumns(logits, spec, all, factsOf(logits));
  const step = Math.max(1, Math.floor(2 ** 20 / cols));
  let sum = 0;
  for (let start = 0; start < rows; start += step) {
    signal?.throwIfAborted();
    await shown.each(start, Math.min(rows, start + step), (row) => {
      const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
      sum += areLogarithms ? Math.exp(largest) : largest;
    });
  }
  return sum / rows;
}
