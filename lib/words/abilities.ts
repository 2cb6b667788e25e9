/** Who can do what with a model's outputs, and what to publish instead: data of an audit's table. */

/** What someone can do with a model's outputs. */
export type Ability = 'width' | 'recognise' | 'features' | 'rotation' | 'map' | 'head';

/** One line of the table of who can do what. */
export interface AbilityAnswer {
  ability: Ability;
  /** Of the interfaces tried, those with which it was done, the most open first. */
  observe: string[];
  /**
   * `proven`: by algebra or a certificate. `measured`: on these images. `not-found`: tried, and not done. `not-tried`: `why`
   * says what stood against it. `impossible`: there are as many features as outputs, or more, and this way wants fewer.
   */
  sure: 'proven' | 'measured' | 'not-found' | 'not-tried' | 'impossible';
  /** Outputs that it took, or would take; null where that is not known. */
  queries: number | null;
  /** Images of which the features have to be known beside their outputs: 0 for an outsider. */
  stolen: number;
  /**
   * Why it was not tried: too few images, too few without their variations, no interface that shows enough, too many classes, no time left of the budget. Absent in earlier results.
   */
  why?: 'images' | 'variations' | 'outputs' | 'classes' | 'time';
  /** Seconds after which the search was stopped, where it was: more time may find what it did not. */
  stopped?: number;
  /** Present where the model's last layer was known beside these features. */
  head?: boolean;
}

/**
 * The first of the interfaces, from the most open on, off which, with all that is computed from it, less than a share was read, and that no
 * other beats.
 */
export interface Advice {
  /** Share of the features' variance. */
  below: number;
  /** Null where none of those tried stays below. */
  observe: string | null;
  /** Where the numbers of `observe` are not the model's own, the first of those that stay below whose numbers are. */
  own?: string;
  /** What may be read off `observe`, and all that is computed from it, with very many images: an estimate. Absent in earlier results. */
  mayRead?: number;
  /**
   * Where none is named: one that stayed below with these images, and off which more may be read with very many; `mayRead`: an estimate
   * of how much, absent where these images are too few for one.
   */
  learning?: { observe: string; images: number; mayRead?: number };
  /** Among those that stay below, the first of those that cost honest users least; of earlier versions; absent where it is `observe`. */
  cheapest?: string;
}
