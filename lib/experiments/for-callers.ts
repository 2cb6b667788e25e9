/** Experiments and audits as callers of the library get them: with names of options looked at. */
import {
  byName,
  checkedTask,
  checkOptions,
  checkProviderList,
  found,
  optionsOf,
  taskNames,
  UsageError,
  withOptionsAt,
  type Known,
} from '../base/index.js';
import { datasetOptions } from '../datasets/index.js';
import { transformChoice } from '../images/index.js';
import { modelOptions } from '../runtime/index.js';
import { sgdOptions } from '../sgd/index.js';
import * as audits from './audit.js';
import * as outputs from './audit-outputs.js';
import type { AskedExperiment, ByModel, ChosenPenalty, CommonOptions, RunOptions, SampleOptions } from './options.js';
import * as runs from './run.js';
import * as heads from './zero-shot-head.js';

const zeroShotSource = optionsOf<heads.ZeroShotSource>({
  ...{ textEmbeddings: true, textModel: true, tokenizer: true, classNames: true, templates: true },
});

const spec = optionsOf<AskedExperiment>({
  ...{ experiment: true, source: true, target: true, models: true, train: true, test: true, zeroShot: zeroShotSource },
});

const common: Record<keyof CommonOptions, Known> = {
  ...taskNames,
  ...{ batchSize: true, skipBadImages: true, rcond: true, topk: true, command: true },
  ...{
    transform: transformChoice,
    dataset: datasetOptions,
    executionProviders: checkProviderList,
    model: modelOptions,
  },
};
const samples: Record<keyof SampleOptions, Known> = { samples: true, classNames: true };
const named: Record<keyof ByModel, Known> = {
  ...{ transforms: byName(transformChoice), tensors: byName({ features: true, logits: true }) },
};

const options = optionsOf<RunOptions>({
  ...{ ...common, ...samples, ...named, stores: true, observe: true, sgd: sgdOptions, alphas: true },
  crossValidation: optionsOf<ChosenPenalty>({ folds: true, shuffle: true, alphas: true, select: true }),
});

const auditOptions = optionsOf<audits.AuditOptions>({
  ...{ ...common, ...samples, stores: true, alphas: true, observe: true, vary: true },
  ...{ budgetSeconds: true, sharedSeconds: true, onInterfaces: true, recoverySeconds: true },
});

/** @function */
export const runExperiment: typeof runs.runExperiment = checkedTask(
  runs.runExperiment,
  'runExperiment',
  (asked, given) => {
    checkOptions(asked ?? null, spec, 'runExperiment');
    checkData(asked as Partial<Record<string, unknown>>);
    checkStores(given, 'runExperiment');
    checkOptions(given, options, 'runExperiment');
  },
);

/** Models are paths, and data sets their names: one to fit on, one or several to test on. */
function checkData({ source, target, models, train, test }: Partial<Record<string, unknown>>): void {
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const areTexts = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isText);
  const [data, path] = ["the name of a data set, such as 'folder:photos'", 'the path of a model'];
  const wrong = (
    [
      ['train', train, isText(train), data],
      ['test', test, isText(test) || areTexts(test), `${data}, or an array of some`],
      ['source', source, source === undefined || isText(source), path],
      ['target', target, target === undefined || isText(target), path],
      ['models', models, models === undefined || areTexts(models), 'an array of paths of models'],
    ] as const
  ).find(([, , holds]) => !holds);
  if (!wrong) return;
  const [name, value, , expected] = wrong;
  const what = Array.isArray(value) && value.length === 0 ? 'an empty array' : found(value);
  throw new UsageError(`Expected ${name} of runExperiment to be ${expected}, found ${what}.`);
}

/** Where activations are kept decides what a run costs on disk: it is always asked for. */
function checkStores(given: unknown, of: string): void {
  const stores = (given as { stores?: unknown } | null | undefined)?.stores;
  if (typeof stores === 'string' || stores === null) return;
  throw new UsageError(
    `Expected options of ${of} with stores, a folder for activations, or null to keep none, found ${given === undefined ? 'no options' : String(stores)}: give { stores: 'stores' }.`,
  );
}

/** @function */
export const auditModel: typeof audits.auditModel = checkedTask(audits.auditModel, 'auditModel', (model, _, given) => {
  checkOptions(given, auditOptions, 'auditModel');
  const { model: reading, executionProviders } = (given ?? {}) as audits.AuditOptions;
  const isLoaded = typeof (model as { run?: unknown } | null)?.run === 'function';
  if (isLoaded && (reading !== undefined || executionProviders !== undefined)) {
    throw new UsageError(
      `Expected no ${reading === undefined ? 'executionProviders' : 'model'} for a model that is loaded, found it: give it to loadModel.`,
    );
  }
});

/** @function */
export const auditOutputs: typeof outputs.auditOutputs = withOptionsAt(
  outputs.auditOutputs,
  'auditOutputs',
  1,
  optionsOf<outputs.OutputsAuditOptions>({
    ...taskNames,
    recoverySeconds: true,
    command: true,
    skipBadLines: true,
    columns: true,
  }),
);

const headOptions = optionsOf<heads.ZeroShotOptions>({
  ...{ ...taskNames, executionProviders: checkProviderList, model: modelOptions, stores: true },
});

/** @function */
export const zeroShotHead: typeof heads.zeroShotHead = checkedTask(
  heads.zeroShotHead,
  'zeroShotHead',
  (source, given) => {
    checkOptions(source ?? null, zeroShotSource, 'zeroShotHead');
    checkOptions(given, headOptions, 'zeroShotHead');
  },
);
