/** datasets: each one streams examples from disk. */
export { defaultDataDir } from './dataDir.js';
export { contentDigests, type ContentDigests } from './digest.js';
export { openDataset, type OpenDatasetOptions } from './open.js';
export type { Dataset, InputTensor, Sample } from './types.js';
