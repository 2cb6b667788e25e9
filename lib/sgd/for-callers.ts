/** The published recipe as callers of the library get it: with names of options looked at. */
import { checkProviderList, optionsOf, taskNames, withOptionsAt } from '../base/index.js';
import * as sgd from './sgd.js';

export const sgdOptions = optionsOf<sgd.SgdOptions>({
  ...{ ...taskNames, learningRate: true, momentum: true, batchSize: true, epochs: true, shuffle: true, seed: true },
  ...{ initial: true, executionProviders: checkProviderList },
});

/** @function */
export const fitSgd: typeof sgd.fitSgd = withOptionsAt(sgd.fitSgd, 'fitSgd', 2, sgdOptions);
