import { cachedHubRepos } from '../hub/index.js';
import { formats } from './registry.js';
import type { PartlyHere } from './source.js';

/** A data set that can be named, and whether it is here. */
export interface ListedDataset {
  /** How it is written: `cifar10:train`, `folder:PATH`. */
  spec: string;
  /** Numbers of images and classes; null where they depend on the files. */
  images: number | null;
  classes: number | null;
  /** Whether all of it is on this machine; null where the spec names files. */
  here: boolean | null;
  /** What is here where that is not all of it; absent elsewhere. */
  partly?: PartlyHere;
  /** Bytes that would be fetched, as far as they are known; null where it is here or nothing is known. */
  size: number | null;
  /** What it is, in a few words. */
  what: string;
}

/**
 * The data sets that can be named: published ones, those of the Hub in its cache, and specs of files. No server is
 * asked.
 */
export async function listDatasets(dataDir: string): Promise<ListedDataset[]> {
  const context = { dataDir, allowPartial: false, fetch: { offline: true } };
  const listed: ListedDataset[] = [];
  for (const { forms, about, wanted, partly: partOf } of formats) {
    for (const form of forms) {
      const [name, rest] = [form.slice(0, form.indexOf(':')), form.slice(form.indexOf(':') + 1)];
      const isNamed = about?.images?.[rest] !== undefined;
      const missing = isNamed && wanted ? await wanted({ text: form, name, rest }, context) : [];
      const partly = isNamed && partOf ? await partOf({ text: form, name, rest }, context) : null;
      const sizes = missing.flatMap(({ size }) => (size === null ? [] : [size]));
      listed.push({
        spec: form,
        images: about?.images?.[rest] ?? null,
        classes: about?.classes ?? null,
        here: isNamed ? missing.length === 0 && !partly : null,
        ...(partly ? { partly } : {}),
        size: sizes.length === 0 ? null : sizes.reduce((a, b) => a + b, 0),
        what: about?.what ?? '',
      });
    }
  }
  const ofHub = (await cachedHubRepos('dataset')).map(({ repo }) => ({
    ...{ spec: `hf:${repo}:SPLIT`, images: null, classes: null, here: true, size: null },
    what: 'in the cache of the Hub',
  }));
  return [...listed, ...ofHub];
}
