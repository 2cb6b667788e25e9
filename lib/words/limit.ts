/** Interfaces that are not known to give away less than somebody allows: data, and the sentence on them. */
import { count, share } from '../base/index.js';
import { published } from './audit-table.js';

/** An interface that is above a limit, or of which that is not known. */
export interface OverLimit {
  /** As `observe` reads it. */
  observe: string;
  /**
   * `exact`: all is given away, by algebra. `above`: the upper end of the 95 % interval, `high`, is above. `learning`: the end is below, but
   * the reader is still learning; about `enough` images may tell. `unknown`: these images do not tell, or it was not tried.
   */
  why: 'exact' | 'above' | 'learning' | 'unknown';
  high?: number;
  enough?: number;
}

function whyOver({ why, high, enough }: OverLimit): string {
  switch (why) {
    case 'exact':
      return 'all, by algebra';
    case 'above':
      return `up to ${share(Math.ceil(Number((100 * high!).toFixed(9))) / 100, 0)}`;
    case 'learning':
      return `not known while the reader is still learning; about ${count(enough!)} images may tell`;
    case 'unknown':
      return 'not known';
  }
}

/** @param limit share of the features' variance */
export const overLimitInWords = (found: readonly OverLimit[], limit: number): string =>
  `Not known to stay at ${share(limit, 0)} or below: ${found.map((each) => `${published(each.observe)} (${whyOver(each)})`).join('; ')}.`;
