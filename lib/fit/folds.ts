import { type TaskOptions, UsageError, uniform } from '../base/index.js';
import { chooseRows, sliceRows, toRowSource, type RowSource, type RowsLike } from '../tensor/index.js';
import { accumulate, type AccumulateOptions } from './accumulate.js';
import type { Statistics } from './statistics.js';

/** How rows are split into folds. */
export interface FoldOptions {
  /** How many folds, from 2 to the number of rows. Default 5. */
  folds?: number | undefined;
  /** Seed of a random order of the rows; without it the folds are runs of neighbouring rows. */
  shuffle?: number | undefined;
}

/** Rows that are held out together. */
export interface Fold {
  index: number;
  /** How many. */
  n: number;
  /** These rows of any source of the whole data set: its logits, features or labels. */
  of(source: RowSource): RowSource;
}

/**
 * Folds of n rows, as even as possible: the first n mod k of them are one row larger, as scikit-learn's `KFold` makes them.
 * Shuffled ones hold the same rows for the same seed (Fisher and Yates on mulberry32), in the order of the data set.
 * @throws UsageError for fewer than 2 folds or more than rows
 */
export function splitFolds(n: number, { folds = 5, shuffle }: FoldOptions = {}): Fold[] {
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= n)) {
    throw new UsageError(`Expected from 2 folds to as many as the ${n} rows, found ${folds}.`);
  }
  const order = shuffle === undefined ? undefined : permutation(n, shuffle);
  return Array.from({ length: folds }, (_, index) => {
    const larger = n % folds;
    const size = Math.floor(n / folds);
    const start = index * size + Math.min(index, larger);
    const end = start + size + (index < larger ? 1 : 0);
    const rows = order?.subarray(start, end).sort();
    return {
      index,
      n: end - start,
      of: (source) => (rows ? chooseRows(source, rows) : sliceRows(source, start, end)),
    };
  });
}

/**
 * Two parts of n rows: four fifths to fit, and a fifth, from all over the data set, to try the fit on. The rows are cut into
 * runs, and every fifth run is kept out. Rows that belong together, such as variations of one image, stay together.
 * @param together how many neighbouring rows that is
 */
export function keepFifthOut(n: number, together = 1): [fitted: Fold, keptOut: Fold] {
  const run = together * Math.max(1, Math.min(longestRun, Math.floor(n / (together * partCount * fewestRuns))));
  const of = [0, 1].map((index): Fold => {
    const wanted = Int32Array.from({ length: n }, (_, row) => row).filter(
      (row) => (Math.floor(row / run) % partCount === partCount - 1) === (index === 1),
    );
    return { index, n: wanted.length, of: (source) => chooseRows(source, wanted) };
  });
  return [of[0], of[1]];
}

/**
 * About `most` of n rows, in short runs from all over the data set; null where that is not clearly fewer than all.
 * @param together how many neighbouring rows stay together, such as variations of one image
 */
export function spreadRows(n: number, most: number, together = 1): Fold | null {
  const rows = spreadPositions(n, most, together);
  return rows && { index: 0, n: rows.length, of: (source) => chooseRows(source, rows) };
}

/** The positions of the rows of {@link spreadRows}, ascending; null where it is. */
export function spreadPositions(n: number, most: number, together = 1): Int32Array | null {
  const run = runOf(together);
  const [runs, wanted] = [Math.floor(n / run), Math.floor(most / run)];
  if (wanted < 1 || wanted >= 0.9 * runs) return null;
  return Int32Array.from(
    { length: wanted * run },
    (_, i) => Math.floor((Math.floor(i / run) * runs) / wanted) * run + (i % run),
  );
}

/** Rows of a run of {@link spreadRows}. */
const runOf = (together: number): number => together * Math.max(1, Math.floor(spreadRun / together));

/**
 * Rows of a run, about: short, so that of rows in the order of their classes some of each are taken; not single ones, since a
 * head is applied to all rows of a run at once.
 */
const spreadRun = 64;

/** Parts of the rows, of which one is kept out. */
const partCount = 5;
/** Most rows of a run of {@link keepFifthOut}: with four runs in between, `chooseRows` reads each kept one by itself. */
const longestRun = 512;
/** Least runs of the part that is kept out, so that of rows in the order of their classes both parts have some of most. */
const fewestRuns = 20;

/**
 * Statistics of each fold of X (n, p) and Y (n, q): one pass over the rows. Merged they are those of all rows.
 * @throws UsageError, FeatReconstructError as `splitFolds` and `accumulate` do
 */
export async function accumulateFolds(
  X: RowsLike,
  Y: RowsLike,
  options: FoldOptions & TaskOptions & Pick<AccumulateOptions, 'executionProviders'> = {},
): Promise<Statistics[]> {
  const [x, y] = [toRowSource(X, 'X'), toRowSource(Y, 'Y')];
  // Rows that do not pair up: `accumulate` throws the error.
  if (x.rows !== y.rows) await accumulate(x, y);
  return statisticsOfFolds(x, y, splitFolds(x.rows, options), options);
}

/** As {@link accumulateFolds}, of folds that were made in another way. */
export async function statisticsOfFolds(
  x: RowSource,
  y: RowSource,
  folds: readonly Fold[],
  { signal, onProgress, executionProviders }: TaskOptions & Pick<AccumulateOptions, 'executionProviders'>,
): Promise<Statistics[]> {
  const statistics: Statistics[] = [];
  let firstRow = 0;
  for (const fold of folds) {
    const before = firstRow;
    statistics.push(
      await accumulate(fold.of(x), fold.of(y), {
        signal,
        executionProviders,
        firstRow,
        onProgress: (progress) => onProgress?.({ ...progress, done: before + progress.done, total: x.rows }),
      }),
    );
    firstRow += fold.n;
  }
  return statistics;
}

/** 0 to n − 1 in a random order. */
function permutation(n: number, seed: number): Int32Array {
  const random = uniform(seed);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
