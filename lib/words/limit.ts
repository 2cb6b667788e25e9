/** Interfaces that are not known to give away less than somebody allows: data, and the sentence on them. */
import { share } from '../base/index.js';
import { published } from './audit-table.js';

/** An interface that is above a limit, or of which that is not known. */
export interface OverLimit {
  /** As `observe` reads it. */
  observe: string;
  /**
   * `exact`: all is given away, by algebra. `above`: the upper end of the 95 % interval, `high`, is above. `learning`: the end is below, but
   * with very many images up to `high` may be read. `few`: the end is below, but the images are too few to tell what more would bring.
   * `unknown`: these images do not tell, or it was not tried.
   */
  why: 'exact' | 'above' | 'learning' | 'few' | 'unknown';
  high?: number;
}

const inWhole = (end: number): string => share(Math.ceil(Number((100 * end).toFixed(9))) / 100, 0);

function whyOver({ why, high }: OverLimit): string {
  switch (why) {
    case 'exact':
      return 'all, by algebra';
    case 'above':
      return `up to ${inWhole(high!)}`;
    case 'learning':
      return `with more images up to ${inWhole(high!)} may be read`;
    case 'few':
      return 'too few images to tell what more would bring: give 200 or more';
    case 'unknown':
      return 'not known';
  }
}

/** @param limit share of the features' variance */
export const overLimitInWords = (found: readonly OverLimit[], limit: number): string =>
  `Not known to stay at ${share(limit, 0)} or below: ${found.map((each) => `${published(each.observe)} (${whyOver(each)})`).join('; ')}.`;
