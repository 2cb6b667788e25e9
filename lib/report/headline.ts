import type { Markup } from './html.js';
import type { Shown } from './shown.js';

/** One large number, and what it is the number of. */
export interface Headline {
  figure: string;
  says: string;
  /** Further facts, a sentence each, in smaller type below. */
  more?: readonly string[];
}

/** Charts side by side, or other markup that is drawn, such as a heatmap with its switch. */
export interface Picture {
  charts?: readonly Shown[];
  markup?: Markup;
}
