import { FeatReconstructError } from '../base/index.js';
import type { HubFile, HubListing } from '../hub/index.js';

/** A Parquet file and what its path says of it. */
interface Placed {
  file: HubFile;
  config: string;
  split: string;
  /** Files of its split, from `-00003-of-00010`; null where the path does not say. */
  of: number | null;
}

/** Different names of the same split. */
const aliases = [
  ['train', 'training'],
  ['validation', 'valid', 'val', 'dev'],
  ['test', 'testing', 'eval', 'evaluation'],
];

/**
 * The Parquet files of a split, in order, by the conventions of the library datasets:
 * `data/train-00000-of-00002.parquet`, `config/train-…`, `config/train/0000.parquet`.
 * @returns null where the repository has no Parquet files
 * @throws FeatReconstructError (`not-found`, `ambiguous`) where it has some, but not all of this split, or several
 *   configurations
 */
export function splitFiles(listing: HubListing, split: string, config: string | undefined): readonly HubFile[] | null {
  const all = listing.files.filter(({ path }) => path.endsWith('.parquet')).map(placed);
  if (all.length === 0) return null;
  const same = aliases.find((names) => names.includes(split)) ?? [split];
  const ofSplit =
    [[split], same]
      .map((names) => all.filter((each) => names.includes(each.split)))
      .find((found) => found.length > 0) ?? [];
  const configs = [...new Set(ofSplit.map((each) => each.config))];
  const chosen = config ?? (configs.length === 1 ? configs[0] : configs.includes('default') ? 'default' : undefined);
  const found = ofSplit.filter((each) => each.config === chosen);
  if (found.length === 0) throw notThere(listing, all, { split, config, configs });
  const paths = found.map(({ file }) => file).sort((a, b) => (a.path < b.path ? -1 : 1));
  const { of } = found[0];
  if (of !== null && found.length !== of) {
    throw new FeatReconstructError(
      `Expected ${of} files of the split '${split}' in ${listing.name}, found ${found.length}: ${listing.isPartial ? 'the cache has only some of them' : 'the repository is incomplete'}.`,
      { code: 'not-found' },
    );
  }
  return paths;
}

function placed(file: HubFile): Placed {
  const names = file.path.slice(0, -'.parquet'.length).split('/');
  const stem = names.pop()!;
  const [, , of] = /-(\d+)-of-(\d+)(?:-\w+)?$/.exec(stem) ?? [];
  const base = stem.replace(/-\d+-of-\d+(?:-\w+)?$/, '').replace(/(^|[-_.])(part[-_.]?)?\d+$/, '');
  const folders = names.filter((name) => name !== 'data');
  // Numbers alone: the folder has the name of the split.
  const split = (base || folders.pop() || 'train').replace(/^partial-/, '');
  return { file, split, config: folders.join('/') || 'default', of: of === undefined ? null : Number(of) };
}

function notThere(
  { name, repo }: HubListing,
  all: readonly Placed[],
  { split, config, configs }: { split: string; config: string | undefined; configs: readonly string[] },
): FeatReconstructError {
  if (configs.length > 0 && config === undefined) {
    return new FeatReconstructError(
      `Expected one configuration of ${name} with the split '${split}', found ${configs.slice(0, 8).join(', ')}: name one, as in hf:${repo}/${configs[0]}:${split}.`,
      { code: 'ambiguous' },
    );
  }
  const known = [
    ...new Set(
      all.map((each) =>
        each.config === 'default' ? `hf:${repo}:${each.split}` : `hf:${repo}/${each.config}:${each.split}`,
      ),
    ),
  ];
  return new FeatReconstructError(
    `Expected the split '${split}'${config ? ` of the configuration '${config}'` : ''} in ${name}, found ${known.slice(0, 6).join(', ')}${known.length > 6 ? ', …' : ''}.`,
    { code: 'not-found' },
  );
}
