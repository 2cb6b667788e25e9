import { option, UsageError } from '../base/index.js';
import { definitions, type Results } from '../results/index.js';
import { checkExperiment } from './check-experiment.js';
import { kindOfImages, type NotRun } from '../words/index.js';
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
  const own = test.filter((spec) => !isOtherKind(train, spec));
  const shifted = test.filter((spec) => isOtherKind(train, spec));
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

/** The experiments that `allExperiments` leaves out, or runs on some of the test sets alone, each with the reason. */
export function notRun(all: AllExperiments): NotRun[] {
  const { models, train, test } = all;
  const run = new Set(allExperiments(all).map(([{ experiment }]) => experiment));
  const reasons: Record<number, NotRun['why']> = {
    1: 'no-test-of-this-kind',
    2: models.length === 1 ? 'one-model' : 'in-4',
    3: test.some((spec) => isOfFiles(spec) && withoutPart(spec) !== withoutPart(train))
      ? 'files-of-unknown-kind'
      : 'no-test-of-another-kind',
    4: 'one-model',
    5: 'no-tower',
  };
  const shifted = test.filter((spec) => isOtherKind(train, spec));
  const isMixed = shifted.length > 0 && shifted.length < test.length;
  return definitions.flatMap(({ id }): NotRun[] => {
    if (!run.has(id)) return [{ experiment: id, why: reasons[id] }];
    // What experiment 1 leaves out is what experiment 3 takes.
    return isMixed && id !== 1 && id !== 3 ? [{ experiment: id, on: shifted, why: 'another-kind' }] : [];
  });
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
 * Whether a test set is known to be of other images than the training set. Two folders (or lists, or files) may be two halves of one
 * data set: their names do not say it, so that they count as one kind; whoever knows better asks for experiment 3 itself.
 */
const isOtherKind = (train: string, test: string): boolean =>
  !(isOfFiles(train) && isOfFiles(test)) && kindOfImages(train) !== kindOfImages(test);

const isOfFiles = (spec: string): boolean => /^(folder|imagefolder|list|tensors|parquet):/.test(spec);

const withoutPart = (spec: string): string => spec.replace(/(\[[^\]]*\])+$/, '');
