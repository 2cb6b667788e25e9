/** Extractions as callers of the library get them: with names of options looked at. */
import { checkProviderList, optionsOf, taskNames, withOptionsAt } from '../base/index.js';
import { datasetOptions } from '../datasets/index.js';
import { transformChoice } from '../images/index.js';
import { modelOptions } from '../runtime/index.js';
import * as extracting from './extract.js';
import * as stores from './store.js';

const extractOptions = optionsOf<extracting.ExtractOptions>({
  ...{ ...taskNames, unstated: true, batchSize: true, store: true, logits: true, skipBadImages: true },
  ...{
    transform: transformChoice,
    executionProviders: checkProviderList,
    model: modelOptions,
    dataset: datasetOptions,
  },
});

export const extractFeatures: typeof extracting.extractFeatures = withOptionsAt(
  extracting.extractFeatures,
  'extractFeatures',
  2,
  extractOptions,
);

export const extractToStore: typeof extracting.extractToStore = withOptionsAt(
  extracting.extractToStore,
  'extractToStore',
  3,
  extractOptions,
);

export const openStore: typeof stores.openStore = withOptionsAt(stores.openStore, 'openStore', 1, taskNames);
