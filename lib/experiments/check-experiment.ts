import { nearest, option, UsageError } from '../base/index.js';
import { definitionOf, definitions, type Capability, type ExperimentDefinition } from '../results/index.js';
import { modelNameOf } from '../runtime/index.js';
import { list } from '../words/index.js';
import type { AskedExperiment, ExperimentData, RunOptions } from './options.js';

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
  const { id, models, fewestModels = 1, wantsZeroShot = false } = definition;
  for (const name of ['source', 'target', 'models'] as const) {
    const found = name === 'models' ? (spec.models ?? []).length : spec[name] === undefined ? 0 : 1;
    const given = found > 0;
    const wanted = models.includes(name);
    const least = name === 'models' ? fewestModels : 1;
    if (wanted && found < least) {
      const some = least === 1 ? 'an .onnx file' : `${least} .onnx files or more`;
      throw new UsageError(`Experiment ${id} wants ${option(name)}: give ${some}${given ? `, found ${found}` : ''}.`);
    }
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

/** Whether an experiment cannot do something. */
export const isWithout = ({ lacks = [] }: ExperimentDefinition, what: Capability): boolean => lacks.includes(what);

/** Refuses options that mean nothing to an experiment: ignoring them would hide a mistake. */
export function checkOptions(definition: ExperimentDefinition, options: RunOptions): void {
  const { stores, sgd, crossValidation, alphas, observe } = options;
  if (sgd && isWithout(definition, 'sgd'))
    throw lacking(definition, 'sgd', `has no SGD baseline: leave out ${option('sgd', '--baseline')}`);
  if (observe && isWithout(definition, 'sweep'))
    throw lacking(definition, 'sweep', `shows all of the logits: leave out ${option('observe')}`);
  if (crossValidation && alphas) {
    throw new UsageError(
      `Expected ${option('alphas', '--alpha')} or ${option('crossValidation', '--alpha cv')}, found both: leave one out.`,
    );
  }
  if (crossValidation && isWithout(definition, 'cross-validation')) {
    const instead = `does not choose a penalty by cross-validation: give ${option('alphas', '--alpha')} a number or a grid`;
    throw lacking(definition, 'cross-validation', instead);
  }
  if (stores === null && isWithout(definition, 'running without stores')) {
    const instead = `does not run without stores: leave out ${option('stores: null', '--no-store')}`;
    throw lacking(definition, 'running without stores', instead);
  }
  if (stores === null) checkWithoutStores(options);
}

/** That an experiment cannot do something, and which can. */
function lacking({ id }: ExperimentDefinition, what: Capability, instead: string): UsageError {
  const able = definitions
    .filter((definition) => !isWithout(definition, what))
    .map((definition) => String(definition.id));
  return new UsageError(
    `Experiment ${id} ${instead}; it is for ${able.length === 1 ? 'experiment' : 'experiments'} ${list(able)}.`,
  );
}

/** Refuses what reads rows more than once: without stores each is seen once. */
function checkWithoutStores({ sgd, observe, crossValidation }: RunOptions): void {
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
export function checkByName(property: string, flag: string, names: readonly string[], given: object = {}): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const guess = nearest(unknown, names);
  throw new UsageError(
    `Expected ${option(property, flag)} with the name of a model of this experiment (${names.join(', ')}), found '${unknown}'${guess === undefined ? '.' : `: did you mean ${guess}?`}`,
  );
}
