import { cachedHubRepos } from '../hub/index.js';
import { formats } from './registry.js';

/** A data set by name, and whether it is here. */
export interface ListedDataset {
  /** As it is asked for. */
  spec: string;
  /** Images of it and classes of them; null where that depends on the files. */
  images: number | null;
  classes: number | null;
  /** Whether it is on this machine; null for a way to name files. */
  here: boolean | null;
  /** In bytes, what would be fetched, as far as that is known; null where it is here or nothing is known. */
  size: number | null;
  what: string;
}

/** What can be named: the published data sets, those of the Hub that are in its cache, and ways to name files. No server is asked. */
export async function listDatasets(dataDir: string): Promise<ListedDataset[]> {
  const context = { dataDir, allowPartial: false, fetch: { offline: true } };
  const listed: ListedDataset[] = [];
  for (const { forms, about, wanted } of formats) {
    for (const form of forms) {
      const [name, rest] = [form.slice(0, form.indexOf(':')), form.slice(form.indexOf(':') + 1)];
      const isNamed = about?.images?.[rest] !== undefined;
      const missing = isNamed && wanted ? await wanted({ text: form, name, rest }, context) : [];
      const sizes = missing.flatMap(({ size }) => (size === null ? [] : [size]));
      listed.push({
        spec: form,
        images: about?.images?.[rest] ?? null,
        classes: about?.classes ?? null,
        here: isNamed ? missing.length === 0 : null,
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
