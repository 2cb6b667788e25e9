/**
 * shards: statistics of a data set in pieces, on any number of machines. `accumulateStores` makes them from stores,
 * `accumulateModel` from a model that runs, without a store; `mergeParts` merges them and refuses what is missing, there twice,
 * or of something else. An `Origin` says which rows statistics are of.
 */
export { accumulateModel } from './from-model.js';
export { accumulateStores } from './from-stores.js';
export { mergeParts, statisticsOf } from './merge.js';
export { missingOf, rangesInWords } from './origin.js';
export type { Origin, Tensor } from './origin.js';
