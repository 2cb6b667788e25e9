/**
 * What to know before figures are trusted, as data: a kind, and the numbers and names that a sentence of it says.
 * `warning-texts.ts` has the sentences. Programs tell warnings apart by `kind`; texts are free to change.
 */

/** On a fit by least squares or ridge. */
export type FitWarning =
  /** All rows of X are equal: the map answers with the mean of Y. */
  | { kind: 'no-variation' }
  /** No clear step next to the cut: `gap` is the factor between the eigenvalues beside it. */
  | { kind: 'unclear-rank'; rank: number; gap: number }
  /** Columns of X in a much smaller unit fell below the cut: how many, the first, and its deviation over the widest one's. */
  | { kind: 'columns-left-out'; columns: number; first: number; ratio: number }
  /** A direction that float64 would show fell below the cut: its size over the widest one's. */
  | { kind: 'direction-left-out'; ratio: number };

/** On the choice of a penalty by cross-validation. */
export type ChoiceWarning =
  /** None of the `alphas` penalties is better than another; `tolerance` is relative to the targets' variance. */
  | { kind: 'no-difference'; alphas: number; select: 'error' | 'agreement'; tolerance: number }
  | { kind: 'edge-of-grid'; alpha: number; edge: 'largest' | 'smallest' }
  /** The errors of this many penalties are within rounding of 0. */
  | { kind: 'errors-at-rounding'; alphas: number }
  /** A sentence of an earlier version. */
  | { kind: 'text'; text: string };

/** On a fit by SGD. */
export type SgdWarning = {
  kind: 'diverged';
  learningRate: number;
  momentum: number;
  /** Largest stable learning rate; null where the inputs hold no numbers to find it from. */
  limit: number | null;
  /** The epoch, counted from 1, in which the loss was no number; null where it grew. */
  epoch: number | null;
  /** The first epoch's loss and the last one's. */
  losses: [number, number] | null;
};

/** On one row of results. */
export type RowWarning =
  /** One class takes more than half of the answers. With `variations`, rows are variations of images. */
  | { kind: 'collapse'; target: string; test: string; share: number; variations: boolean }
  | {
      kind: 'outside-span';
      source: string;
      from: 'logits' | 'features';
      test: string;
      /** Rows outside, of how many. */
      outside: number;
      of: number;
      variations: boolean;
    }
  /** Test images that are in the training set too. */
  | { kind: 'not-held-out'; train: string; test: string; overlap: number; of: number }
  | {
      kind: 'choice';
      source: string;
      target: string;
      from: 'logits' | 'features';
      prior: 'head' | null;
      found: ChoiceWarning[];
    }
  /** The map was fitted on some of the training rows, which determine it. */
  | { kind: 'rows-enough'; observe: string; rows: number; of: number }
  /**
   * Only the outputs that vary most were read, on `rows` of the training rows (null: all); `imagesNeeded` for a map of
   * all outputs.
   */
  | {
      kind: 'outputs-picked';
      observe: string;
      outputs: number;
      of: number;
      rows: number | null;
      trainingRows: number;
      imagesNeeded: number;
    }
  /** Folders, or names of a list, are taken for the model's classes because there are as many. */
  | { kind: 'labels-by-number'; labels: 'folders' | 'class names'; dataset: string; classes: number; model: string }
  /** Test images of classes that no training image has, where both are slices of one data set; how many classes these are. */
  | { kind: 'classes-apart'; train: string; test: string; images: number; of: number; classes: number }
  /** The training rows of the map were not given. */
  | { kind: 'span-unknown' }
  /** Test rows that are equal to a row that was fitted on. */
  | { kind: 'rows-fitted-on'; shared: number; of: number }
  | { kind: 'embeddings-not-unit'; file: string; least: number; most: number }
  | { kind: 'embeddings-alike'; file: string; classes: number; distinct: number }
  /** Mean of the best cosines, and the largest such mean in random orders. */
  | { kind: 'embeddings-far'; model: string; cosine: number; byChance: number }
  /** The demo's image tower is made for it, and is not CLIP. */
  | { kind: 'made-tower' }
  /** A sentence of an earlier version. */
  | { kind: 'text'; text: string };

export type Warning = FitWarning | ChoiceWarning | SgdWarning | RowWarning;

/** Why a row's figures do not say what such outputs give away. */
export type NotKnown =
  /** A map of few images from many numbers fits chance. */
  | { kind: 'few-images'; images: number; numbers: number }
  | { kind: 'no-better-than-mean' }
  | { kind: 'text'; text: string };

/** A failed check: a figure of the result must not be trusted. */
export type Failure =
  /** Images inside the span that change their class: how many, the first one's row and the margin of its answer. */
  | { kind: 'class-changed'; model: string; test: string; images: number; row: number; margin: number }
  | { kind: 'text'; text: string };

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);

/** The fields of each kind that must be numbers: a map's file may hold anything. */
const numbersOf: Record<FitWarning['kind'], readonly string[]> = {
  'no-variation': [],
  'unclear-rank': ['rank', 'gap'],
  'columns-left-out': ['columns', 'first', 'ratio'],
  'direction-left-out': ['ratio'],
};

/**
 * The warnings in a fit's record, as it was read from a file: data, the sentence of an earlier version, or none. What is
 * neither is left out.
 */
export function recordedWarnings(record: unknown): (FitWarning | { kind: 'text'; text: string })[] {
  if (typeof record === 'string') return [{ kind: 'text', text: record }];
  if (!Array.isArray(record)) return [];
  return record.filter((each: unknown): each is FitWarning => {
    if (typeof each !== 'object' || each === null) return false;
    const { kind, ...fields } = each as Record<string, unknown>;
    if (typeof kind !== 'string' || !Object.hasOwn(numbersOf, kind)) return false;
    return numbersOf[kind as FitWarning['kind']].every((name) => isNumber(fields[name]));
  });
}
