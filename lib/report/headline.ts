import type { Markup } from './html.js';
import type { Shown } from './shown.js';

/** One number that is read across the room, and what it is of. */
export interface Headline {
  figure: string;
  says: string;
}

/** Charts beside each other, or anything else that is drawn: a heatmap with its switch, a table as a picture. */
export interface Picture {
  charts?: readonly Shown[];
  markup?: Markup;
}
