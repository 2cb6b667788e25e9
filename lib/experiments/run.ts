import { nearest, option, UsageError } from '../base/index.js';
import { unstatedTransform } from '../extract/index.js';
import { definitionOf, definitions, type Capability, type ExperimentDefinition } from '../results/index.js';
import type { Failure } from '../words/index.js';
import { float64Providers, modelNameOf, providerName } from '../runtime/index.js';
import type { CrossValidationRecord, ResultRow, Results, SampleGroup, SpectrumRecord } from '../results/index.js';
import { runAllPairs } from './all-pairs.js';
import { classNamesOf } from './class-names.js';
import { describeEnvironment } from './environment.js';
import { Extraction, type Role } from './extraction.js';
import type {
  AskedExperiment,
  ExperimentData,
  ExperimentOptions,
  ExperimentSpec,
  OptionsByExperiment,
  RunOptions,
} from './options.js';
import { runPair } from './pairs.js';
import { trainPairs, type Training } from './training.js';
import { runZeroShot } from './zero-shot-run.js';

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
    const rows: ResultRow[] = [];
    const failures: Failure[] = [];
    const spectra: SpectrumRecord[] = [];
    const samples: SampleGroup[] = [];
    const crossValidations: CrossValidationRecord[] = [];
    const trainings: Training[] = [];
    let jointSeconds: number | null = null;
    let zero: Awaited<ReturnType<typeof runZeroShot>> | undefined;
    if (definition.pairs === 'all') {
      const all = await runAllPairs(roles(spec.models ?? []), datasets, extraction, options);
      rows.push(...all.rows);
      failures.push(...all.failures);
      spectra.push(...all.spectra);
      jointSeconds = all.jointSeconds;
    } else if (definition.pairs === 'zero-shot') {
      const [source, target] = roles([spec.source!, spec.target!]);
      zero = await runZeroShot({ source, target, zeroShot: spec.zeroShot! }, datasets, extraction, options);
      rows.push(...zero.rows);
      spectra.push(...zero.spectra);
      crossValidations.push(...zero.crossValidations);
      jointSeconds = zero.jointSeconds;
    } else {
      const pairs = definition.pairs.map(([from, to]) => roles([spec[from]!, spec[to]!]));
      await extraction.all(roles([...new Set(paths)]), [datasets.train, ...datasets.tests]);
      for await (const training of trainPairs(pairs as [Role, Role][], datasets.train, extraction, options)) {
        trainings.push(training);
        const [source, target] = pairs[trainings.length - 1];
        const pair = await runPair(source, target, training, datasets, { extraction, classNames }, options);
        rows.push(...pair.rows);
        failures.push(...pair.failures);
        samples.push(...pair.samples);
        crossValidations.push(...pair.crossValidations);
        // Experiment 2 has two pairs, each with a source of its own.
        spectra.push(pair.spectrum);
      }
    }
    return {
      schema: 2,
      kind: options.observe ? 'sweep' : 'experiment',
      experiment: definition.id,
      question: definition.question,
      rows,
      spectra,
      ...(crossValidations.length > 0 ? { crossValidations } : {}),
      ...(samples.length > 0 ? { samples } : {}),
      failures,
      environment: await describeEnvironment(
        zero?.stores ?? extraction.stores,
        trainings.flatMap(({ source, target }) => [source, target]),
        {
          command: options.command ?? null,
          fitProvider: providerName(float64Providers(options.executionProviders)[0]),
          jointSeconds,
          ...(zero ? { zeroShot: zero.zeroShot } : {}),
        },
      ),
    };
  } finally {
    await extraction.close();
  }
}

type AskedModels = Omit<AskedExperiment, keyof ExperimentData>;

/**
 * Finds an experiment's definition and the names of its models, before its data are looked for.
 * @throws UsageError as `runExperiment` does
 */
export async function checkExperiment(
  spec: AskedModels,
  { model }: Pick<RunOptions, 'model'> = {},
): Promise<{ definition: ExperimentDefinition; paths: string[]; names: string[] }> {
  const definition = findDefinition(spec);
  const paths = [spec.source, spec.target, ...(spec.models ?? [])].filter((path) => path !== undefined);
  const names = await Promise.all(paths.map((path) => modelNameOf(path, model?.fetch)));
  checkNames(names);
  return { definition, paths, names };
}

function findDefinition(spec: AskedModels): ExperimentDefinition {
  const definition = definitionOf(spec.experiment);
  if (!definition) {
    const known = definitions.map(({ id }) => id).join(', ');
    throw new UsageError(`Expected an experiment out of ${known}, found ${spec.experiment}.`);
  }
  const { id, models, wantsZeroShot = false } = definition;
  for (const name of ['source', 'target', 'models'] as const) {
    const given = name === 'models' ? (spec.models ?? []).length > 0 : spec[name] !== undefined;
    const wanted = models.includes(name);
    if (wanted && !given)
      throw new UsageError(
        `Experiment ${id} wants ${option(name)}: give ${name === 'models' ? 'two .onnx files or more' : 'an .onnx file'}.`,
      );
    if (given && !wanted) {
      throw new UsageError(
        `Experiment ${id} has no ${option(name)}; it takes ${models.map((each) => option(each)).join(' and ')}.`,
      );
    }
  }
  if (wantsZeroShot !== (spec.zeroShot !== undefined)) {
    throw new UsageError(
      spec.zeroShot
        ? `Experiment ${id} has no zero-shot head, which is experiment 5's: leave out ${option('zeroShot', '--text-embeddings, --text-model and what goes with it')}.`
        : `Experiment ${id} wants a zero-shot head: give ${option('zeroShot: { textEmbeddings }', '--text-embeddings FILE')}, or ${option('zeroShot: { textModel, tokenizer, classNames }', '--text-model, --tokenizer and --class-names')}.`,
    );
  }
  return definition;
}

const isWithout = ({ lacks = [] }: ExperimentDefinition, what: Capability): boolean => lacks.includes(what);

/** Names of the target's classes, where they are given. */
async function namesFor(
  definition: ExperimentDefinition,
  { source, target = source }: AskedExperiment,
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
  const [role] = roles([target!]);
  return classNamesOf(() => extraction.describe(role), classNames);
}

/** Refuses options that mean nothing to an experiment: ignoring them would hide a mistake. */
function checkOptions(definition: ExperimentDefinition, options: RunOptions): void {
  const { id } = definition;
  const { stores, sgd, crossValidation, alphas } = options;
  if (isWithout(definition, 'sgd') && sgd) {
    throw new UsageError(
      `Experiment ${id} takes all of its fits from one joint Gram, in which SGD has no part: leave out ${option('sgd', '--baseline')}, or run a pair by itself in experiment 1, 2 or 3.`,
    );
  }
  if (crossValidation && alphas) {
    throw new UsageError(
      `Expected ${option('alphas', '--alpha')} or ${option('crossValidation', '--alpha cv')}, found both: leave one out.`,
    );
  }
  if (crossValidation && isWithout(definition, 'cross-validation')) {
    throw new UsageError(
      `Experiment ${id} holds its pairs against each other, all at one alpha: give ${option('alphas', '--alpha')} a number or a grid; cross-validation is for experiments 1 to 3 and 5.`,
    );
  }
  if (stores === null) checkWithoutStores(definition, options);
}

/** Refuses what reads rows more than once: without stores each is seen once. */
function checkWithoutStores(definition: ExperimentDefinition, { sgd, observe, crossValidation }: RunOptions): void {
  if (isWithout(definition, 'running without stores')) {
    throw new UsageError(
      `Experiment ${definition.id} reads the training activations more than once; running without stores (${option('stores: null', '--no-store')}) is for experiments 1 to 3.`,
    );
  }
  if (observe) {
    throw new UsageError(
      `A sweep reads the training activations once for each of its fits: give a folder for ${option('stores')}.`,
    );
  }
  if (sgd) {
    throw new UsageError(
      `The SGD baseline reads the training activations in every epoch: leave out ${option('stores: null', '--no-store')}, or ${option('sgd', '--baseline')}.`,
    );
  }
  if (crossValidation) {
    throw new UsageError(
      `Cross-validation reads the training activations fold by fold: leave out ${option('stores: null', '--no-store')}, or give ${option('alphas', '--alpha')} a number.`,
    );
  }
}

/** Refuses two models of one name: rows of results and stores are told apart by names. */
function checkNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new UsageError(
    `Expected models of different names, found '${twice}' twice: results tell models apart by file name. Rename one; a single model is experiment 1.`,
  );
}

/**
 * Refuses an option for a model that is not in the experiment: it would be ignored, and the model meant would go
 * without it.
 */
function checkByName(property: string, flag: string, names: readonly string[], given: object = {}): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const guess = nearest(unknown, names);
  throw new UsageError(
    `Expected ${option(property, flag)} with the name of a model of this experiment (${names.join(', ')}), found '${unknown}'${guess === undefined ? '.' : `: did you mean ${guess}?`}`,
  );
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
