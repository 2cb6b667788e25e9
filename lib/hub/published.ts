import path from 'node:path';
import { UsageError } from '../base/index.js';
import { statOrNone } from '../bytes/index.js';
import { agree, type FetchOptions, type Wanted } from './consent.js';
import { fetchFile } from './transfer.js';
import type { Sum } from './sums.js';

/** A file that its makers publish at their own address, and that never changes. */
export interface Published {
  /** The address of its folder, without a slash at the end. */
  readonly from: string;
  readonly file: string;
  /** In bytes; null where it is not known. */
  readonly size: number | null;
  readonly sum: Sum;
}

/**
 * A file's address: in FEATRECONSTRUCT_MIRROR, one folder of all such files (behind a firewall), else its makers'.
 * @throws UsageError
 */
function addressOf({ from, file }: Published): string {
  const mirror = process.env.FEATRECONSTRUCT_MIRROR?.trim().replace(/\/+$/, '');
  if (mirror && !(URL.canParse(mirror) && /^https?:$/.test(new URL(mirror).protocol))) {
    throw new UsageError(
      `Expected an address in FEATRECONSTRUCT_MIRROR such as https://mirror.example/data, found '${mirror}': correct it or unset it.`,
    );
  }
  return `${mirror || from}/${file}`;
}

/**
 * Which of these files are not in a folder.
 * @param name what was asked for: `cifar10`
 * @param hint what to do if they are somewhere else, in a sentence
 * @throws UsageError where FEATRECONSTRUCT_MIRROR is no address
 */
export async function wantedPublished(
  name: string,
  files: readonly Published[],
  folder: string,
  hint?: string,
): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const each of files) {
    const place = path.join(folder, each.file);
    if (await statOrNone(place)) continue;
    wanted.push({ name, file: each.file, size: each.size, url: addressOf(each), place, ...(hint ? { hint } : {}) });
  }
  return wanted;
}

/**
 * Fetches published files into a folder, and does not unpack them. Files that are there are left alone, whatever they
 * hold.
 * @throws FeatReconstructError `not-fetched` where nobody agreed or no server gives them, `damaged` where one is not
 *   what was published
 */
export async function fetchPublished(
  name: string,
  files: readonly Published[],
  folder: string,
  options: FetchOptions = {},
  hint?: string,
): Promise<void> {
  const wanted = await wantedPublished(name, files, folder, hint);
  await agree(wanted, options);
  for (const each of wanted) {
    const { size, sum } = files.find(({ file }) => file === each.file)!;
    const elsewhere = `On a machine with a network fetch ${each.url}, and put it into ${folder}.`;
    await fetchFile(
      {
        url: each.url,
        asked: { name, path: each.file, elsewhere },
        file: each.place,
        part: `${each.place}.incomplete`,
        lock: each.place,
        size,
        sum,
      },
      options,
    );
  }
}
