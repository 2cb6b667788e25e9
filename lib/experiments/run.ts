import { option, UsageError } from '../base/index.js';
import { unstatedTransform } from '../extract/index.js';
import type { ExperimentDefinition, Results } from '../results/index.js';
import { float64Providers, providerName } from '../runtime/index.js';
import { checkByName, checkExperiment, checkOptions, isWithout } from './check-experiment.js';
import { classNamesOf } from './class-names.js';
import { describeEnvironment } from './environment.js';
import { Extraction, type Role } from './extraction.js';
import type { AskedExperiment, ExperimentOptions, ExperimentSpec, OptionsByExperiment, RunOptions } from './options.js';
import { fitsOf } from './ways.js';

/**
 * Runs one of the experiments: extracts what is not there yet, fits each pair of models exactly, evaluates on each test
 * set, and checks itself: a model's own image inside the training span whose answer is not reproduced is listed in
 * `failures`.
 * @throws UsageError for an unknown experiment, a missing model, or a transform for a model that is not in it
 */
export function runExperiment<E extends keyof OptionsByExperiment>(
  spec: ExperimentSpec & { experiment: E },
  options: ExperimentOptions<E>,
): Promise<Results> {
  return runAsked(spec, options);
}

/** The same for a spec and options that are put together while a program runs, so that no compiler has checked them. */
export async function runAsked(spec: AskedExperiment, options: RunOptions): Promise<Results> {
  const { definition, paths, names } = await checkExperiment(spec, options);
  checkOptions(definition, options);
  checkByName('transforms', '--transform-for', names, options.transforms);
  checkByName('tensors', '--logits-tensor or --features-tensor', names, options.tensors);
  const nameOf = new Map(paths.map((path, i) => [path, names[i]]));
  const roles = (of: readonly string[]): Role[] => rolesOf(of, nameOf, spec.train, options);
  const datasets = { train: spec.train, tests: typeof spec.test === 'string' ? [spec.test] : [...new Set(spec.test)] };
  const extraction = new Extraction(options);
  try {
    const classNames = await namesFor(definition, spec, roles, extraction, options);
    const found = await fitsOf({ definition, spec, roles, datasets, extraction, classNames }, options);
    return {
      schema: 2,
      kind: options.observe ? 'sweep' : 'experiment',
      experiment: definition.id,
      question: definition.question,
      rows: found.rows,
      spectra: found.spectra,
      ...(found.crossValidations.length > 0 ? { crossValidations: found.crossValidations } : {}),
      ...(found.samples.length > 0 ? { samples: found.samples } : {}),
      failures: found.failures,
      environment: await describeEnvironment(
        found.stores ?? extraction.stores,
        found.trainings.flatMap(({ source, target }) => [source, target]),
        {
          command: options.command ?? null,
          fitProvider: providerName(float64Providers(options.executionProviders)[0]),
          jointSeconds: found.jointSeconds,
          ...(found.zeroShot ? { zeroShot: found.zeroShot } : {}),
        },
      ),
    };
  } finally {
    await extraction.close();
  }
}

/** The model whose features are wanted: of several the last. */
const targetOf = ({ source, target, models }: AskedExperiment): string => target ?? models?.at(-1) ?? source!;

/** Names of the target's classes, where they are given. */
async function namesFor(
  definition: ExperimentDefinition,
  spec: AskedExperiment,
  roles: (of: readonly string[]) => Role[],
  extraction: Extraction,
  { classNames }: RunOptions,
): Promise<readonly string[] | undefined> {
  if (isWithout(definition, 'samples')) {
    if (classNames === undefined) return undefined;
    throw new UsageError(
      `Experiment ${definition.id} shows no sample images for class names to stand at: leave ${option('classNames')} out.`,
    );
  }
  const [role] = roles([targetOf(spec)]);
  return classNamesOf(() => extraction.describe(role), classNames);
}

/** Each model with the transform that it is seen through, and the tensors that it is read at. */
function rolesOf(
  paths: readonly string[],
  nameOf: ReadonlyMap<string, string>,
  train: string,
  { transform, transforms = {}, tensors = {}, model }: RunOptions,
): Role[] {
  const [seen, read] = [new Map(Object.entries(transforms)), new Map(Object.entries(tensors))];
  return paths.map((path) => {
    const name = nameOf.get(path)!;
    return {
      path,
      transform: seen.get(name) ?? transform,
      // The training set decides for all data sets of a run, since the map is fitted on it.
      unstated: unstatedTransform(train),
      ...(read.has(name) ? { extract: { model: { ...model, ...read.get(name) } } } : {}),
    };
  });
}
