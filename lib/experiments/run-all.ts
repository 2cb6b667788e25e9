import { option, UsageError } from '../base/index.js';
import type { Results } from '../results/index.js';
import { checkExperiment } from './check-experiment.js';
import { kindOfImages } from '../words/index.js';
import type { AskedExperiment, RunOptions } from './options.js';
import { runAsked } from './run.js';
import { together } from './together.js';
import type { ZeroShotSource } from './zero-shot-head.js';

/** Models and data sets for all experiments that they allow. */
export interface AllExperiments {
  /** Two or more for experiments 2 and 4. */
  models: readonly string[];
  train: string;
  test: readonly string[];
  /** An image tower and its zero-shot head, for experiment 5. */
  into?: { target: string; zeroShot: ZeroShotSource };
}

/**
 * What there is to run: experiment 1 for each model on test sets of the training set's kind, 3 on those of another kind, 2 for two
 * models, 4 for two or more, 5 for each model into a tower.
 */
export function allExperiments({ models, train, test, into }: AllExperiments): AskedExperiment[][] {
  if (models.length === 0) {
    throw new UsageError(`Expected a model or more for all experiments: give ${option('models', '--models')}.`);
  }
  const own = test.filter((spec) => kindOf(spec) === kindOf(train));
  const shifted = test.filter((spec) => kindOf(spec) !== kindOf(train));
  const each = (experiment: 1 | 3, tests: readonly string[]): AskedExperiment[] =>
    tests.length === 0 ? [] : models.map((source) => ({ experiment, source, train, test: tests }));
  const across = own.length > 0 ? own : test;
  return [
    each(1, own),
    models.length === 2 ? [{ experiment: 2, source: models[0], target: models[1], train, test: across }] : [],
    each(3, shifted),
    models.length > 1 ? [{ experiment: 4, models, train, test: across }] : [],
    into ? models.map((source) => ({ experiment: 5, source, ...into, train, test: across })) : [],
  ].filter((specs) => specs.length > 0);
}

/** A result for each experiment, in their order; activations are extracted once for all of them where there are stores. */
export async function runAll(
  all: AllExperiments,
  options: RunOptions,
  onPart?: (experiment: number) => void,
): Promise<Results[]> {
  const results: Results[] = [];
  for (const specs of allExperiments(all)) {
    const [{ experiment }] = specs;
    onPart?.(experiment);
    const parts: Results[] = [];
    for (const spec of specs) parts.push(await runAsked(spec, await optionsFor(spec, options)));
    results.push(together(parts));
  }
  return results;
}

/** Leaves out what an experiment does not take: other models' transforms and tensors, and what its definition lacks. */
async function optionsFor(spec: AskedExperiment, options: RunOptions): Promise<RunOptions> {
  const { names, definition } = await checkExperiment(spec, options);
  const { lacks = [] } = definition;
  const of = <Value>(given: Readonly<Record<string, Value>> | undefined): Record<string, Value> | undefined =>
    given && Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
  return {
    ...options,
    transforms: of(options.transforms),
    tensors: of(options.tensors),
    ...(lacks.includes('sgd') ? { sgd: undefined } : {}),
    ...(lacks.includes('samples') ? { classNames: undefined } : {}),
    ...(lacks.includes('cross-validation') ? { crossValidation: undefined } : {}),
  } as RunOptions;
}

/**
 * `cifar100:train[0:10]` → `cifar100`. All folders and files are of one kind, since their names do not say what images they
 * hold; data sets of the Hub are each of their own.
 */
const kindOf = (spec: string): string => (spec.startsWith('hf:') ? kindOfImages(spec) : spec.split(':')[0]);
