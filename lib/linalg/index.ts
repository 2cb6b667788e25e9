/**
 * linalg: dense float64 matrices. Products run on ONNX Runtime, in graphs that are compiled once (`kernels.ts`); the
 * Cholesky factorisations and orthonormal rows are made of them. Eigenvectors, order statistics and assignments are
 * plain JavaScript.
 */
export { backwardSolve, cholesky, choleskySolve, factorOf, forwardSolve } from './cholesky.js';
export { eigenInTurns, eigenvaluesInTurns, symmetricEigen, symmetricEigenvalues } from './eigen.js';
export { factorise, keptDirections, leadingEigen, orthonormaliseRows } from './factorise.js';
export type { Factorisation, Kept, Solver } from './factorise.js';
export {
  add,
  addOuter,
  beside,
  blocks,
  denseBias,
  denseWeight,
  dot,
  dotAt,
  gatherRows,
  identity,
  matrix,
  rowsOf,
  slice,
  subtract,
  symmetrise,
  timesVector,
  transpose,
  transposedTimesVector,
  vectorsOf,
} from './matrix.js';
export type { Matrix } from './matrix.js';
export { assign } from './assignment.js';
export { kernel, onOneThread } from './kernels.js';
export { logSumExp, logSumExps, softmaxes } from './log-sum-exp.js';
export { multiply, multiplyVector } from './multiply.js';
export { kthSmallest } from './order.js';
export { nearestOrthonormal, orthonormalised } from './orthonormal.js';
export { pivotedCholesky } from './pivoted-cholesky.js';
export type { PivotedFactor } from './pivoted-cholesky.js';
