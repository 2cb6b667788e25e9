import { count } from '../base/index.js';

/**
 * How many files of a data set should be images but cannot be read, by the reason: an ending with its point (`.heic`), or
 * `no ending`, `broken link`, `missing`.
 */
export type LeftOut = Readonly<Record<string, number>>;

const noEnding = 'no ending';
/** Reasons other than endings, as they are written after a number. */
const said: Record<string, string> = {
  [noEnding]: 'without an ending',
  'broken link': 'links to nothing',
  missing: 'not there',
};

/** Most names that are kept as examples. */
const examples = 3;

/** Counts files by what is wrong with them, and keeps the first few names. */
export class LeftOutTally {
  private readonly counts = new Map<string, number>();
  readonly names: string[] = [];

  /** @param why an ending without its point, empty for none; or a reason that {@link LeftOut} lists */
  add(why: string, name?: string): void {
    const key = why === '' ? noEnding : why in said ? why : `.${why}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    if (name !== undefined && this.names.length < examples) this.names.push(name);
  }

  /** The most frequent first; undefined where there is none. */
  result(): LeftOut | undefined {
    if (this.counts.size === 0) return undefined;
    const ranked = [...this.counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return Object.fromEntries(ranked);
  }
}

/** `45 files of kinds that are not read (30 .avif, 15 .heic)`, `3 files that cannot be read (3 not there)`. */
export function leftOutInWords(leftOut: LeftOut): string {
  const kinds = Object.entries(leftOut);
  const total = kinds.reduce((sum, [, files]) => sum + files, 0);
  const each = kinds.map(([why, files]) => `${count(files)} ${said[why] ?? why}`).join(', ');
  if (kinds.some(([why]) => why in said && why !== noEnding)) {
    return `${count(total)} ${total === 1 ? 'file' : 'files'} that cannot be read (${each})`;
  }
  return `${count(total)} ${total === 1 ? 'file of a kind that is' : 'files of kinds that are'} not read (${each})`;
}

/** What to do about them: for the most frequent kind the command that converts it. */
export function cureOfLeftOut(leftOut: LeftOut): string {
  const [why] = Object.keys(leftOut);
  if (why === noEnding) return 'give them the ending of their kind';
  if (why in said) return 'put them there';
  return `convert them, to PNG for the same pixels (such as: magick mogrify -format png *${why})`;
}
