/**
 * shards: statistics of a data set in pieces, on any number of machines. `accumulateStores` makes them of stores,
 * `accumulateModel` of a model that runs, without a store; `mergeParts` puts them together and says which are missing, twice
 * there, or of something else. An `Origin` says what statistics are of.
 */
export { accumulateModel } from './from-model.js';
export type { ModelStatisticsOptions } from './from-model.js';
export { accumulateStores } from './from-stores.js';
export type { StatisticsOf, StoredRows } from './from-stores.js';
export { mergeParts, statisticsOf } from './merge.js';
export { missingOf, rangesInWords } from './origin.js';
export type { Origin, Tensor } from './origin.js';
