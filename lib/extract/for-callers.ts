/** Extractions as callers of the library get them: with names of options looked at. */
import {
  checkedTask,
  checkOptions,
  checkProviderList,
  optionsOf,
  taskNames,
  UsageError,
  withOptionsAt,
} from '../base/index.js';
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

/** Refuses options of how a model or a data set is opened where it is open: they would be ignored. */
function checkExtraction(of: string, model: unknown, dataset: unknown, options: unknown): void {
  checkOptions(options, extractOptions, of);
  const given = (options ?? {}) as extracting.ExtractOptions;
  const open = (what: string): UsageError =>
    new UsageError(
      `Expected no ${what} for what is already open, found it: give it where that was opened, or give a path.`,
    );
  if (typeof model === 'object' && given.model !== undefined) throw open('model');
  if (typeof model === 'object' && given.executionProviders !== undefined) throw open('executionProviders');
  if (typeof dataset === 'object' && given.dataset !== undefined) throw open('dataset');
}

/** @function */
export const extractFeatures: typeof extracting.extractFeatures = checkedTask(
  extracting.extractFeatures,
  'extractFeatures',
  (model, dataset, options) => checkExtraction('extractFeatures', model, dataset, options),
);

/** @function */
export const extractToStore: typeof extracting.extractToStore = checkedTask(
  extracting.extractToStore,
  'extractToStore',
  (model, dataset, _, options) => checkExtraction('extractToStore', model, dataset, options),
);

/** @function */
export const openStore: typeof stores.openStore = withOptionsAt(stores.openStore, 'openStore', 1, taskNames);
