import { nearest, UsageError } from '../base/index.js';
import type { FetchOptions, Wanted } from '../hub/index.js';
import { defaultDataDir } from './data-dir.js';
import { formats } from './registry.js';
import { sliceSource, type DatasetFormat, type OpenContext } from './source.js';
import { parseSpec, type DatasetSpec } from './spec.js';
import type { Dataset } from './types.js';

export interface OpenDatasetOptions {
  /** The folder of the published data sets (default: `defaultDataDir()`). */
  dataDir?: string | undefined;
  /** Accept a CIFAR-10 training split with batches missing, and read those that are there, in order. Default: not. */
  allowPartial?: boolean | undefined;
  /** Whether a published data set that is not here may be fetched. Default: not. */
  fetch?: FetchOptions | undefined;
}

/**
 * Opens a data set: `cifar10:train|test`, `cifar100:train|test`, `places365:val`, `folder:PATH`, `imagefolder:PATH`,
 * `list:FILE`, `tensors:FILE`, `parquet:FILE`, `hf:owner/name:split`, and the drawn ones that need no files,
 * `synthetic:train|test` and `synthetic-shift:test`. Each may have a slice: `cifar100:train[0:5000]`, `[5000:]`,
 * `[-100:]`; and behind it `[limit:N]` for the first N, `[sample:N,seed:S]` for N at random, in the data set's order,
 * or `[shard:I/N]` for the I-th of N pieces, from 1.
 *
 * @throws UsageError for an unknown data set or split, or a slice that is malformed, empty or out of bounds
 * @throws FeatReconstructError when files are missing, cut short or corrupted; the message says where it looked
 */
export async function openDataset(spec: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const { parsed, format, context } = read(spec, options);
  return sliceSource(await format.open(parsed, context), parsed);
}

/** What would be fetched to open a data set; empty where it is here, or is not a published one. */
export async function wantedOfDataset(spec: string, options: OpenDatasetOptions = {}): Promise<Wanted[]> {
  const { parsed, format, context } = read(spec, options);
  return (await format.wanted?.(parsed, context)) ?? [];
}

/** Fetches what `wantedOfDataset` names. @throws FeatReconstructError as `fetchPublished` and `fetchHubFiles` do */
export async function fetchDataset(spec: string, options: OpenDatasetOptions = {}): Promise<void> {
  const { parsed, format, context } = read(spec, options);
  await format.fetch?.(parsed, context);
}

/** @throws UsageError for a spec that names no data set */
function read(
  spec: string,
  { dataDir = defaultDataDir(), allowPartial = false, fetch = {} }: OpenDatasetOptions,
): { parsed: DatasetSpec; format: DatasetFormat; context: OpenContext } {
  const parsed = parseSpec(spec);
  const format = formats.find(({ name }) => name === parsed.name);
  if (format) return { parsed, format, context: { dataDir, allowPartial, fetch } };
  const guess = nearest(
    parsed.name,
    formats.map(({ name }) => name),
  );
  throw new UsageError(
    `'${parsed.name}' is not a data set${guess ? `: did you mean ${guess}?` : '.'} Known are ${formats.flatMap(({ forms }) => forms).join(', ')}.`,
  );
}
