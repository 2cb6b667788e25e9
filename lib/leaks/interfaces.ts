/** What each interface gives away and what it costs honest users: data of an audit's table. */

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
  /**
   * What the same reader read with fewer images, fitted on so many: what it still learns from more. Absent for what is exact, where
   * it is not known, and in results of earlier versions.
   */
  fewer?: { fitted: number; r2: number };
  /** How the outputs were read; `head`: with what the head itself undoes as a start. */
  by: 'plain' | 'log' | 'head';
  /** Penalty of the map, chosen on the images that it was fitted on; null where each part has its own. */
  alpha: number | null;
}

/** What an interface costs those who use it honestly, on the same images. */
export interface InterfaceCost {
  images: number;
  /**
   * Share of images on which the class that it names is the model's. Where a number of every class is shown, that is the class of the
   * largest; ties count as they are broken: the first class. A list of the best classes names the model's first, whatever its numbers
   * are rounded to.
   */
  sameTop: number;
  interval: [number, number];
  /** Accuracy where the labels are the model's classes; else null. */
  accuracy: { original: number; shown: number; n: number } | null;
  /**
   * The mean of the largest probability by the model's own softmax, and as it is published. Absent for logits, for a label and in
   * results of earlier versions.
   */
  topProbability?: { model: number; published: number };
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
