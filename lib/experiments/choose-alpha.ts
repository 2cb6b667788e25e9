import { foldAgreement } from '../evaluate/index.js';
import { crossValidate, type CrossValidation, type Statistics } from '../fit/index.js';
import type { LinearMap, RowSource } from '../tensor/index.js';
import type { CrossValidationRecord } from '../results/index.js';
import type { RunOptions } from './options.js';
import type { Fit } from './result-row.js';

/**
 * What a penalty is chosen on: the rows of the training images, and their statistics by fold where these are at hand.
 */
export interface Trial {
  x: RowSource;
  y: RowSource;
  folds?: readonly Statistics[];
  /** The target's head. */
  head: LinearMap;
  prior: LinearMap | null;
}

/** The penalty that cross-validation finds best for one fit. */
export async function chooseAlpha({ x, y, folds, head, prior }: Trial, options: RunOptions): Promise<CrossValidation> {
  const { crossValidation, rcond, signal, onProgress } = options;
  const { select, ...grid } = crossValidation ?? {};
  const settings = {
    ...grid,
    ...{ rcond, signal, onProgress },
    ...(prior ? { prior } : {}),
    ...(select === 'agreement' ? { select, score: foldAgreement(head, x, y) } : { select }),
  };
  return folds ? crossValidate(folds, settings) : crossValidate(x, y, settings);
}

/** The records of those fits whose penalty was chosen. */
export const recordsOf = (
  fits: readonly Fit[],
  of: Pick<CrossValidationRecord, 'source' | 'target' | 'train' | 'from'>,
): CrossValidationRecord[] =>
  fits.flatMap(({ crossValidation, prior, observe }) =>
    crossValidation ? [{ ...of, ...(observe === undefined ? {} : { observe }), prior, ...crossValidation }] : [],
  );
