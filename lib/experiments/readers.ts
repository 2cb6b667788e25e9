import type { AlphaScore, CrossValidation, Statistics } from '../fit/index.js';
import { parseObserve, showsProbabilities } from '../leaks/index.js';
import type { Fit } from './rows.js';
import type { ResultRow } from './types.js';

/** A way to read what an interface shows, as a spec of its own. */
export interface Reader {
  by: 'plain' | 'log';
  spec: string;
}

/**
 * The ways to read what an interface shows: as it stands, and probabilities through a logarithm, too, since a linear map
 * of the logarithms is one of the logits but for what is hidden.
 */
export function readersOf(spec: string): Reader[] {
  const { steps } = parseObserve(spec);
  const plain: Reader = { by: 'plain', spec };
  if (!showsProbabilities(steps) || steps.at(-1)!.step === 'log') return [plain];
  return [plain, { by: 'log', spec: `${spec}+log` }];
}

/** Folds in which two readers are compared, where nobody asked for others. */
export const readerFolds = 5;

/** What a reader's fits do on rows that they were not fitted on, the larger the better, a number for each fit. */
export function scoresOf(
  { curve, select }: Pick<CrossValidation, 'curve' | 'select'>,
  alphas: readonly number[],
  statistics: Statistics,
): number[] {
  const { n, q, ssY } = statistics;
  const variance = ssY.reduce((sum, value) => sum + value, 0) / (n * q);
  const score = (entry: AlphaScore): number =>
    select === 'agreement' ? entry.agreement! : variance > 0 ? 1 - (entry.gcv ?? entry.mse) / variance : 0;
  return alphas.map((alpha) => score(curve.find((entry) => entry.alpha === alpha)!));
}

/** The fits of one reader with their scores on training images. */
export interface Read {
  fits: readonly Fit[];
  scores: readonly number[];
}

/** Of each fit the one by the reader that does better on training images; of equals that of what is shown as it stands. */
export function betterOf(plain: Read, log: Read, select: NonNullable<ResultRow['reading']>['select']): Fit[] {
  return plain.fits.map((fit, i) => {
    const scores = { plain: plain.scores[i], log: log.scores[i] };
    const by = scores.log > scores.plain ? 'log' : 'plain';
    const other = log.fits[i];
    // Either way both were fitted.
    const seconds = fit.seconds + other.seconds;
    return { ...(by === 'log' ? other : fit), seconds, reading: { by, select, ...scores } };
  });
}
