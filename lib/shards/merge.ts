import { count, FeatReconstructError, option, type TaskOptions } from '../base/index.js';
import { mergeStatistics, readStatistics, type Statistics } from '../fit/index.js';
import type { StatisticsOf } from './from-stores.js';
import { joinOrigins, missingOf, rangesInWords, readOrigin, type Origin, type OriginOfFile } from './origin.js';

/** Options of {@link mergeParts}. */
interface MergeOptions extends TaskOptions {
  /** Merge what is there, though images of the data set are missing. */
  allowPartial?: boolean;
}

/**
 * Merges the statistics of all parts of a data set, to the bits of one run over all of it.
 * @param paths files of statistics with their origins, in any order
 * @throws FeatReconstructError naming a part of something else, images that are in two parts, and images that are in none
 */
export async function mergeParts(paths: readonly string[], options: MergeOptions = {}): Promise<StatisticsOf> {
  const { signal, onProgress, allowPartial = false } = options;
  const origins: OriginOfFile[] = [];
  let merged: Statistics | undefined;
  for (const [k, path] of paths.entries()) {
    signal?.throwIfAborted();
    const { statistics, origin } = await statisticsOf(path);
    origins.push({ path, origin });
    joinOrigins(origins);
    // One by one, since all of them at once may not fit into memory.
    merged = merged ? mergeStatistics(merged, statistics) : statistics;
    onProgress?.({ stage: 'merge', done: k + 1, total: paths.length, unit: 'parts' });
  }
  const origin = joinOrigins(origins);
  if (!allowPartial) checkWhole(origin);
  return { statistics: merged!, origin };
}

/** Reads statistics and their origin. @throws FeatReconstructError as `loadStatistics`, and where the file has no origin */
export async function statisticsOf(path: string): Promise<StatisticsOf> {
  const { statistics, about } = await readStatistics(path);
  const origin = readOrigin(about);
  if (origin) return { statistics, origin };
  throw new FeatReconstructError(
    `Expected ${path} to say which images its statistics are of, found that it does not: make it with 'featreconstruct accumulate'.`,
    { code: 'mismatch' },
  );
}

function checkWhole(origin: Origin): void {
  const missing = missingOf(origin);
  if (missing.length === 0) return;
  const { spec, size } = origin.dataset;
  throw new FeatReconstructError(
    `Expected all ${count(size)} images of ${spec}, found none of ${rangesInWords(missing)}: accumulate what is missing and give it as well, or merge what there is with ${option('allowPartial')}.`,
    { code: 'mismatch' },
  );
}
