/** What each interface gives away, what it costs honest users, and what anyone can do with it: data of an audit's table. */

/** Share of the features' variance that one linear map read off an interface. */
export interface InterfaceBound {
  /**
   * `exact`: all of it, by the algebra of the head, whatever the images. `at-least`: read off images that took no part in the
   * fit, with an interval that lies above zero; more images or a better reader may read more. `not-shown`: the interval reaches
   * zero, so that these images do not tell whether anything is given away.
   */
  kind: 'exact' | 'at-least' | 'not-shown';
  r2: number;
  /** 95 %; null where nothing was estimated. */
  interval: [number, number] | null;
  /** What the interval was drawn over. Absent where there is none. */
  over?: 'images' | 'classes';
  /** Images that were kept out of the fits that read them. */
  images: number;
  /** Images that a fit had. */
  fitted: number;
  /** Each image was kept out once in each of `repeats` splits into `folds`; null: one part of the images was kept out. */
  splits: { folds: number; repeats: number } | null;
  /** How the outputs were read; `head`: with what the head itself undoes as a start. */
  by: 'plain' | 'log' | 'head';
  /** Penalty of the map, chosen on the images that it was fitted on; null where each part has its own. */
  alpha: number | null;
}

/** What an interface costs those who use it honestly, on the same images. */
export interface InterfaceCost {
  images: number;
  /** Share of images on which its largest number is of the class that the model names. Ties count as they are broken: the first class. */
  sameTop: number;
  interval: [number, number];
  /** Accuracy where the labels are the model's classes; else null. */
  accuracy: { original: number; shown: number; n: number } | null;
}

/** One interface. */
export interface InterfaceAnswer {
  /** As `observe` reads it. */
  observe: string;
  /** Null where nothing could be read at all, as of a single image. */
  read: InterfaceBound | null;
  cost: InterfaceCost;
  /** Least width of the layer before the last that such outputs show; null where they do not show it. */
  width: number | null;
  /**
   * Whether such outputs tell this model from a version of it, each seen on other images: `yes`: two halves of the images
   * are taken for one model, and a head whose weights were changed by 1 % for another. `no`: one of these fails. Null: not
   * tried, since the images are too few or such outputs (a top K, noise) fill no span.
   */
  recognised: 'yes' | 'no' | null;
}

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
   * Why it was not tried: too few images, no interface that shows enough, too many classes. Absent in earlier results.
   */
  why?: 'images' | 'outputs' | 'classes';
  /** Present where the model's last layer was known beside these features. */
  head?: boolean;
}

/** The first of the interfaces, from the most open on, off which less than a share was read. */
export interface Advice {
  /** Share of the features' variance. */
  below: number;
  /** Null where none of those tried stays below. */
  observe: string | null;
  /** Among those that stay below, the first of those that cost honest users least; absent where it is `observe`. */
  cheapest?: string;
}
