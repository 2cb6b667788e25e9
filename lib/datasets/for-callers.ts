/** Data sets as callers of the library get them: with names of options looked at. */
import { optionsOf, withOptionsAt } from '../base/index.js';
import { fetchOptions } from '../hub/index.js';
import * as datasets from './open.js';

export const datasetOptions = optionsOf<datasets.OpenDatasetOptions>({
  ...{ dataDir: true, allowPartial: true, fetch: fetchOptions },
});

/** @function */
export const openDataset: typeof datasets.openDataset = withOptionsAt(
  datasets.openDataset,
  'openDataset',
  1,
  datasetOptions,
);
