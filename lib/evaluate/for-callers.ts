/** Evaluations as callers of the library get them: with names of options looked at. */
import { checkedTask, checkOptions, checkProviderList, optionsOf, taskNames, withOptionsAt } from '../base/index.js';
import * as agreements from './evaluate-agreement.js';
import * as maps from './evaluate-map.js';
import * as spans from './in-span.js';
import * as errors from './reconstruction-error.js';
import type { EvaluateOptions } from './walk.js';

const options = optionsOf<EvaluateOptions>({ ...taskNames, executionProviders: checkProviderList });

const tested = optionsOf<maps.MapUnderTest>({
  ...{ head: true, rowSpace: true, map: true, X: true, Y: true, Z: true, labels: true, topk: true },
  ...{ sameModel: true, span: true },
});

/** @function */
export const evaluateAgreement: typeof agreements.evaluateAgreement = withOptionsAt(
  agreements.evaluateAgreement,
  'evaluateAgreement',
  3,
  { ...options, topk: true },
);

/** @function */
export const evaluateMap: typeof maps.evaluateMap = checkedTask(maps.evaluateMap, 'evaluateMap', (test, given) => {
  checkOptions(test ?? null, tested, 'evaluateMap');
  checkOptions(given, options, 'evaluateMap');
});

/** @function */
export const reconstructionError: typeof errors.reconstructionError = withOptionsAt(
  errors.reconstructionError,
  'reconstructionError',
  2,
  { ...options, head: true },
);

/** @function */
export const inSpan: typeof spans.inSpan = withOptionsAt(spans.inSpan, 'inSpan', 2, { ...options, tolerance: true });
