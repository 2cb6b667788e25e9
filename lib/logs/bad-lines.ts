import { count, FeatReconstructError, option } from '../base/index.js';
import { some, type LogNote } from '../words/index.js';

/** Least lines of a log of which one is bad: a tenth may be. */
const share = 0.1;

/** Lines of a log that cannot be read: the first ends the reading, or they are left out and counted. */
export class BadLines {
  readonly #lines: number[] = [];
  #cutShort = false;

  /** @param skips whether they are left out; undefined where whoever reads cannot ask for that */
  constructor(
    readonly path: string,
    readonly skips?: boolean,
    readonly unit: 'line' | 'record' | 'row' = 'line',
  ) {}

  /**
   * Leaves a line out.
   * @param line counted from 1
   * @param open whether the file ends in it
   * @throws what `error` makes, unless such lines are left out
   */
  add(line: number, error: () => FeatReconstructError, open = false): void {
    if (this.skips !== true) throw error();
    this.#lines.push(line);
    this.#cutShort ||= open;
  }

  /** What else to do about a bad line, behind the first advice; empty where it cannot be asked for. */
  get hint(): string {
    return this.skips === undefined ? '' : `, or leave such lines out (${option('skipBadLines')})`;
  }

  /** @param rows that were read @throws FeatReconstructError where more than a tenth is bad */
  notes(rows: number): LogNote[] {
    const lines = [...new Set(this.#lines)].sort((a, b) => a - b);
    if (lines.length === 0) return [];
    if (lines.length > share * (rows + lines.length) && lines.length > 1) {
      throw new FeatReconstructError(
        `Expected at most a tenth of the lines of '${this.path}' to be bad, found ${count(lines.length)} of ${count(rows + lines.length)} (${some(lines, 10)}): look at what writes them.`,
        { code: 'damaged' },
      );
    }
    return [{ kind: 'bad-lines', lines, ...(this.#cutShort ? { cutShort: true as const } : {}) }];
  }
}
