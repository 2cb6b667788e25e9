import { count } from '../base/index.js';

/** How many files of a data set look like images and are of a kind that is not read: by ending with its point, or `no ending`. */
export type LeftOut = Readonly<Record<string, number>>;

/** Counts files by ending. */
export class LeftOutTally {
  private readonly counts = new Map<string, number>();

  /** @param ending without its point; empty for none */
  add(ending: string, files = 1): void {
    this.counts.set(ending, (this.counts.get(ending) ?? 0) + files);
  }

  addAll(other: LeftOutTally): void {
    for (const [ending, files] of other.counts) this.add(ending, files);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, files) => sum + files, 0);
  }

  /** The most frequent first; undefined where there is none. */
  result(): LeftOut | undefined {
    if (this.counts.size === 0) return undefined;
    const ranked = [...this.counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return Object.fromEntries(ranked.map(([ending, files]) => [ending === '' ? noEnding : `.${ending}`, files]));
  }
}

const noEnding = 'no ending';

/** `45 files of kinds that are not read (30 .webp, 15 .heic)`. */
export function leftOutInWords(leftOut: LeftOut): string {
  const kinds = Object.entries(leftOut);
  const total = kinds.reduce((sum, [, files]) => sum + files, 0);
  const each = kinds.map(([ending, files]) => `${count(files)} ${ending === noEnding ? 'without an ending' : ending}`);
  return `${count(total)} ${total === 1 ? 'file of a kind that is' : 'files of kinds that are'} not read (${each.join(', ')})`;
}
