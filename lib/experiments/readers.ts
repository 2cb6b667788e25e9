import { errorOn, solve, type CrossValidation, type SolveOptions, type Statistics } from '../fit/index.js';
import { parseObserve, showsProbabilities } from '../words/index.js';
import type { ResultRow } from '../results/index.js';
import type { Fit } from './result-row.js';

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

/** Rows of which a reader's maps can be tried on a fifth that they were not fitted on. */
export const leastRows = 10;

/** Images for each number that a map reads from which on a penalty changes next to nothing. */
const plenty = 10;
/** And below which there must be one. */
const few = 3;

/** Penalties to try where images are few for the numbers that a map reads; null where they are not. */
export function penaltiesFor({ n, p, gram }: Statistics): number[] | null {
  if (n >= plenty * p) return null;
  let trace = 0;
  for (let i = 0; i < p; i++) trace += gram[i * (p + 1)];
  const grid = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1].map((share) => share * trace);
  return n < few * p ? grid : [0, ...grid];
}

/** R² of each alpha's map of most of the training images on the fifth that was kept out. */
export async function triedOn(
  [fitted, keptOut]: readonly Statistics[],
  alphas: readonly number[],
  options: Pick<SolveOptions, 'rcond' | 'signal'>,
): Promise<number[]> {
  const variance = varianceOf(keptOut);
  const scores: number[] = [];
  for (const alpha of alphas) {
    const error = await errorOn(await solve(fitted, { ...options, alpha }), keptOut);
    scores.push(variance > 0 ? 1 - error / variance : 0);
  }
  return scores;
}

/** The same of the alpha that cross-validation chose, by what it was chosen by. */
export function scoreOf({ alpha, curve, select }: CrossValidation, statistics: Statistics): number {
  const { agreement, gcv, mse } = curve.find((entry) => entry.alpha === alpha)!;
  if (select === 'agreement') return agreement!;
  const variance = varianceOf(statistics);
  return variance > 0 ? 1 - (gcv ?? mse) / variance : 0;
}

const varianceOf = ({ n, q, ssY }: Statistics): number => ssY.reduce((sum, value) => sum + value, 0) / (n * q);

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
