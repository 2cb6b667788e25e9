import { FeatReconstructError, option, type TaskOptions } from '../base/index.js';
import { bytesInWords } from './size.js';
import { isOffline } from './places.js';

/** A file that is not on this machine and would be fetched. */
export interface Wanted {
  /** As it was asked for: `hf:owner/name`, `cifar10`. */
  readonly name: string;
  /** The file, by its path in the repository or its address. */
  readonly file: string;
  /** In bytes; null where the server does not say. */
  readonly size: number | null;
  /** The address it comes from. */
  readonly url: string;
  /** The path where it will be kept. */
  readonly place: string;
  /** What to do if it is here in another place, in a sentence. */
  readonly hint?: string;
}

/** Yes or no to everything that a call would fetch, or a function that is asked once, with all of it. */
export type Consent = boolean | ((wanted: readonly Wanted[]) => Promise<boolean>);

/** How to get files that are not on this machine. */
export interface FetchOptions extends TaskOptions {
  /** Whether they may be fetched. Default: no, and an error says what would be fetched and how large it is. */
  consent?: Consent | undefined;
  /** Whether to ask no server for anything. Default: HF_HUB_OFFLINE. */
  offline?: boolean | undefined;
}

/** Whether these options, or the environment, forbid to ask servers. */
export const offlineIn = ({ offline }: FetchOptions): boolean => offline ?? isOffline();

/**
 * Asks whether all of these may be fetched; for an empty list, asks nothing.
 * @throws FeatReconstructError (`not-fetched`) where they may not, or no server may be asked
 */
export async function agree(wanted: readonly Wanted[], options: FetchOptions): Promise<void> {
  if (wanted.length === 0) return;
  if (offlineIn(options)) throw notHere(wanted);
  const { consent = false } = options;
  const isAgreed = typeof consent === 'boolean' ? consent : await consent(wanted);
  if (isAgreed) return;
  throw new FeatReconstructError(
    `${namesOf(wanted)} ${isOne(wanted) ? 'is' : 'are'} not on this machine, and nothing is fetched without being asked for: ${wantedInWords(wanted)}. Give ${option('fetch: { consent: true }', '--yes')} to fetch ${wanted.length === 1 ? 'it' : 'them'}.${hintsOf(wanted)}`,
    { code: 'not-fetched' },
  );
}

/** The error where no server can be asked: it says what to fetch elsewhere, and where to put it. */
export function notHere(wanted: readonly Wanted[], why = 'no server is asked (offline)'): FeatReconstructError {
  const first = wanted.slice(0, 3).map(({ url, place }) => `fetch ${url} and put it at ${place}`);
  const more = wanted.length > first.length ? `, and ${wanted.length - first.length} more` : '';
  return new FeatReconstructError(
    `${namesOf(wanted)} ${isOne(wanted) ? 'is' : 'are'} not on this machine, and ${why}. On a machine with a network ${first.join('; ')}${more}${isHub(wanted) ? ` (or there: hf download, and copy the cache folder)` : ''}.${hintsOf(wanted)}`,
    { code: 'not-fetched' },
  );
}

/** `3 files, 46.8 MB, from huggingface.co`. @param wanted at least one */
export function wantedInWords(wanted: readonly Wanted[]): string {
  const known = wanted.filter(({ size }) => size !== null);
  const sum = known.reduce((all, { size }) => all + size!, 0);
  const size =
    known.length === 0 ? 'of unknown size' : `${known.length < wanted.length ? 'at least ' : ''}${bytesInWords(sum)}`;
  const files = wanted.length === 1 ? wanted[0].file : `${wanted.length} files`;
  const hosts = [...new Set(wanted.map(({ url }) => new URL(url).host))].join(' and ');
  return `${files}, ${size}, from ${hosts}`;
}

const namesOf = (wanted: readonly Wanted[]): string => [...new Set(wanted.map(({ name }) => name))].join(', ');
const hintsOf = (wanted: readonly Wanted[]): string =>
  [...new Set(wanted.flatMap(({ hint }) => (hint ? [` ${hint}`] : [])))].join('');
const isOne = (wanted: readonly Wanted[]): boolean => new Set(wanted.map(({ name }) => name)).size === 1;
const isHub = (wanted: readonly Wanted[]): boolean => wanted.every(({ name }) => name.startsWith('hf:'));
