/** Models as callers of the library get them: with names of options looked at. */
import { checkProviderList, optionsOf, UsageError, withOptionsAt } from '../base/index.js';
import { fetchOptions } from '../hub/index.js';
import type { CheckpointOptions } from '../models/index.js';
import * as describing from './describe.js';
import * as models from './model.js';

/** How a model's file is read. */
export const modelOptions = optionsOf<describing.ModelOptions & { executionProviders?: undefined }>({
  ...{ name: true, features: true, logits: true, output: true, intraOpNumThreads: true, imageSize: true },
  checkpoint: optionsOf<CheckpointOptions>({ graph: true, half: true }),
  fetch: fetchOptions,
  executionProviders: () => {
    throw new UsageError(
      'Expected executionProviders beside model, found it in model: models and fits run where the one option says.',
    );
  },
});

const loadModelOptions = optionsOf<describing.LoadModelOptions>({
  ...(modelOptions as Record<keyof describing.ModelOptions, true>),
  executionProviders: checkProviderList,
});

/** @function */
export const loadModel: typeof models.loadModel = withOptionsAt(models.loadModel, 'loadModel', 1, loadModelOptions);

/** @function */
export const describeModel: typeof describing.describeModel = withOptionsAt(
  describing.describeModel,
  'describeModel',
  1,
  loadModelOptions,
);
