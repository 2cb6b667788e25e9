/** fit: statistics, solvers, priors, apply. */
export { accumulate } from './accumulate.js';
export type { AccumulateOptions } from './accumulate.js';
export { fitLinearMap } from './fit-linear-map.js';
export type { FitOptions } from './fit-linear-map.js';
export { symmetricEigen, symmetricEigenvalues } from './eigen.js';
export { defaultRcond, solve } from './solve.js';
export type { FitInfo, FittedMap, SolveOptions } from './solve.js';
export { mergeStatistics, Statistics } from './statistics.js';
