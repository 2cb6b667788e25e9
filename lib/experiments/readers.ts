import { ridgeErrors, type CrossValidation, type SolveOptions, type Statistics } from '../fit/index.js';
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

/** Fewest rows of which a fifth can be kept out to try a reader on. */
export const leastRows = 10;

/** With this many images for each number that a map reads, a penalty changes next to nothing. */
const plenty = 10;
/** With fewer images for each number than this, a map needs a penalty. */
const few = 3;

/** Penalties to try where images are few for the numbers that a map reads; null where they are not. */
export function penaltiesFor({ n, p, gram }: Statistics): number[] | null {
  if (n >= plenty * p) return null;
  let trace = 0;
  for (let i = 0; i < p; i++) trace += gram[i * (p + 1)];
  const grid = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1].map((share) => share * trace);
  return n < few * p ? grid : [0, ...grid];
}

/** R² of each alpha's map on the fifth of the training images that was kept out of its fit. */
export async function triedOn(
  [fitted, keptOut]: readonly Statistics[],
  alphas: readonly number[],
  options: Pick<SolveOptions, 'rcond' | 'signal'>,
): Promise<number[]> {
  const variance = varianceOf(keptOut);
  const errors = await ridgeErrors(fitted, keptOut, alphas, options);
  return errors.map((error) => (variance > 0 ? 1 - error / variance : 0));
}

/** The score of the alpha that cross-validation chose: R² or agreement, whichever it was chosen by. */
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

/**
 * For each fit, the reader that does better on training images; where both are equal, that of the numbers as they are.
 */
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
