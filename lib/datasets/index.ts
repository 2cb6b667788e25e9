/**
 * datasets: each one streams examples, from disk or as it draws them.
 *
 * `openDataset` opens one by its spec, `contentDigests` digests it and each of its examples in one pass. A new kind of
 * data set is a file with its `DatasetFormat` (source.ts says what that is) and a line in registry.ts.
 */
export { defaultDataDir } from './data-dir.js';
export { datasetOf, type GivenImage, type GivenImagesOptions } from './given.js';
export { contentDigests } from './digest.js';
export { someLeftOut } from './image-source.js';
export { fetchDataset, openDataset, wantedOfDataset, type OpenDatasetOptions } from './open.js';
export { listDatasets, type ListedDataset } from './list-datasets.js';
export { samplesOf } from './samples-of.js';
export type { Dataset, DatasetPart, InputTensor, Sample } from './types.js';
export { formatNames } from './registry.js';
export { isImageName } from './file-kinds.js';
export { specOfPath } from './plain-path.js';
export { datasetOptions } from './for-callers.js';
