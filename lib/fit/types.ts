import type { NdArray } from 'ndarray';
import type { Solver } from '../linalg/index.js';
import type { LinearMap } from '../tensor/index.js';
import type { ChoiceWarning, FitWarning } from '../words/index.js';

/** How a map was found. */
export interface FitInfo {
  /** Examples. */
  n: number;
  /**
   * Directions of X above the cut: eigenvalues of the centred Gram larger than rcond times the largest; p at full rank. Alpha
   * is not added here: with a penalty the other directions are not cut but shrunk to almost nothing.
   */
  rank: number;
  /** Largest over smallest of these eigenvalues, without alpha. */
  condition: number;
  /** The smallest of them over the largest of the others; null where there are none. */
  gap: number | null;
  alpha: number;
  rcond: number;
  solver: Solver;
  /** Whether the distance to a prior was minimised. */
  prior: boolean;
  /** What to know before trusting the map; null where there is nothing. */
  warning: FitWarning[] | null;
  /** Eigenvalues of the Gram, descending (p). */
  spectrum?: Float64Array;
  /** How alpha was chosen, where it was not given. */
  crossValidation?: CrossValidation;
}

/** A fitted map: weight (q, p) and bias (q) in float64, and how they were found. */
export interface FittedMap extends LinearMap {
  weight: NdArray<Float64Array>;
  bias: NdArray<Float64Array>;
  fit: FitInfo;
}

/** How good one alpha is. */
export interface AlphaScore {
  alpha: number;
  /** Mean of `perFold`, as scikit-learn's GridSearchCV averages folds. */
  mse: number;
  /** Mean squared error over all elements of each held-out fold. */
  perFold: number[];
  /** Generalised cross-validation's estimate of the mean squared error, where it was asked for. */
  gcv?: number;
  /** Mean of the folds' scores, where they were asked for. */
  agreement?: number;
}

/** How alpha was chosen by cross-validation. */
export interface CrossValidation {
  /** The one chosen; of equals the first in the grid. */
  alpha: number;
  /** In the order of the grid. */
  curve: AlphaScore[];
  select: 'mse' | 'gcv' | 'agreement';
  folds: number;
  /** The seed; null for folds of neighbouring rows. */
  shuffle: number | null;
  /** What to know before trusting the choice; null where there is nothing. */
  warning: ChoiceWarning[] | null;
}
