/** sgd: the published recipe, which fits a linear map by stochastic gradient descent, as a baseline beside `fit`. */
export { fitSgd } from './sgd.js';
export type { SgdMap, SgdOptions, SgdReport } from './sgd.js';
export { sgdStabilityLimit } from './stability.js';
export { sgdOptions } from './for-callers.js';
