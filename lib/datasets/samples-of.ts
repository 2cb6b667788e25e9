import { found, UsageError } from '../base/index.js';
import type { Dataset, Sample } from './types.js';

/**
 * A data set's examples, to be walked through once. A caller's own data set may have a `samples` that gives something else.
 * @throws UsageError where that is nothing to walk through, such as the promise of a list
 */
export function samplesOf(dataset: Dataset, options: Parameters<Dataset['samples']>[0]): AsyncIterable<Sample> {
  const samples: unknown = dataset.samples(options);
  if (
    typeof samples === 'object' &&
    samples !== null &&
    (Symbol.asyncIterator in samples || Symbol.iterator in samples)
  )
    return samples as AsyncIterable<Sample>;
  // What is not awaited must not end the process where it fails.
  if (samples instanceof Promise) samples.catch(() => undefined);
  throw new UsageError(
    `Expected samples of ${dataset.spec} as an asynchronous generator, async *samples({ start }) { yield … }, found that it gives ${found(samples)}.`,
  );
}
