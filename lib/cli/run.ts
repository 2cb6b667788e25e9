import { InvalidArgumentError, Option, type Command } from 'commander';
import { isCoded, UsageError } from '../base/index.js';
import type { AllExperiments, RunOptions, ZeroShotSource } from '../experiments/index.js';
import type { TransformChoice } from '../images/index.js';
import { crossValidationOptions, readPenalties, type CrossValidationFlags } from './choose-alpha.js';
import { common, createContext } from './context.js';
import { recordOptions } from './config.js';
import {
  experimentOptions,
  finish,
  finishAll,
  noSamples,
  shownOptions,
  storesOption,
  type ExperimentFlags,
  type ShownFlags,
} from './experiment.js';
import {
  dataOptions,
  number,
  readTensors,
  readTransform,
  runtimeOptions,
  targetFlags,
  tensorsOfModels,
  transformFor,
  transformOptions,
  wholeNumber,
} from './options.js';
import { datasetSpec, partOptions, type PartFlags } from './part.js';
import { kept } from './signals.js';
import { readZeroShot, zeroShotOptions, type ZeroShotFlags } from './zero-shot.js';

interface Flags extends ExperimentFlags, PartFlags, ZeroShotFlags, CrossValidationFlags, ShownFlags {
  source?: string;
  model?: string;
  models?: string[];
  featuresTensor?: string[];
  logitsTensor?: string[];
  transformFor?: Record<string, TransformChoice>;
  target?: string;
  train: string;
  test: string[];
  store: boolean;
  alpha: string;
  rcond?: number;
  topk: number[];
  baseline?: 'sgd';
  sgdEpochs?: number;
  sgdBatch?: number;
  sgdLearningRate?: number;
  sgdShuffle?: number;
}

/** The number of an experiment, or all that the models and data sets allow. */
type Experiment = number | 'all';

export function register(program: Command): void {
  const command = program
    .command('run')
    .description('run an experiment from models and images to a table, results.json and a report')
    .argument(
      '<experiment>',
      '1: one model; 2: across models; 3: across data sets; 4: every model to every model; 5: into CLIP; all: those that the models and data sets allow',
      (text): Experiment => {
        if (text === 'all') return text;
        const value = Number(text);
        if (!Number.isInteger(value)) throw new InvalidArgumentError("Expected the number of an experiment, or 'all'.");
        return value;
      },
    )
    .optionsGroup('Models and images:')
    .option(
      '--source <file>',
      'the model whose logits are read (.onnx, a folder of Hugging Face, or hf:owner/name), in experiments 1 to 3 and 5',
    )
    .addOption(new Option('--model <file>', 'the same as --source').hideHelp())
    .option('--target <file>', 'the model whose features are predicted, in experiment 2; an image tower in 5')
    .option('--models <file...>', 'the models of experiment 4, and of all')
    .requiredOption(
      '--train <spec>',
      'data set to fit on: cifar100:train, hf:owner/name:train, folder:PATH or simply a folder, …',
    )
    .requiredOption('--test <spec...>', 'data sets to test on');
  dataOptions(partOptions(command));
  command
    .optionsGroup('What is written and shown:')
    .option('--out <dir>', 'folder for results.json, report.html and experiment.json', 'out')
    .option(
      '--config <file>',
      'read options from this file, such as the experiment.json of an earlier run; options that are typed override it',
    );
  storesOption(command)
    .option(
      '--no-store',
      'keep no activations on disk: accumulate statistics while the model runs (experiments 1 to 3; same figures)',
    )
    .addOption(noSamples());
  common(shownOptions(command));
  command
    .optionsGroup('The fit:')
    .option(
      '--alpha <grid>',
      'ridge penalty: a number, a grid such as "10^(-8:1:2)" with rows for each, or cv to choose by cross-validation',
      '0',
    )
    .addOption(
      new Option(
        '--rcond <number>',
        'eigenvalues below this fraction of the largest count as zero (default: 1e-12)',
      ).argParser(number),
    )
    .option('--topk <k...>', 'values of k for top-k agreement (default: 5)', (text: string, list: number[] = []) => [
      ...list,
      wholeNumber(text),
    ]);
  crossValidationOptions(command);
  command
    .optionsGroup('The published recipe beside it:')
    .addOption(
      new Option('--baseline <name>', 'also run the published recipe on the same activations').choices(['sgd']),
    )
    .addOption(new Option('--sgd-epochs <n>', 'default 100').argParser(wholeNumber))
    .addOption(new Option('--sgd-batch <n>', 'default 256').argParser(wholeNumber))
    .addOption(new Option('--sgd-learning-rate <x>', 'default 0.1').argParser(number))
    .addOption(
      new Option('--sgd-shuffle <seed>', "shuffle each epoch (default: the data's order)").argParser(wholeNumber),
    )
    .optionsGroup('How images become the input:');
  transformOptions(command);
  transformOptions(command, 'target');
  command.addOption(
    new Option(
      '--transform-for <model=spec>',
      'transform of one model by name, as in resnet20=timm,mean=0.485,0.456,0.406,std=0.5,crop-pct=0.9; repeatable',
    ).argParser(transformFor),
  );
  zeroShotOptions(command.optionsGroup('Class names, and the zero-shot head of experiment 5:'));
  runtimeOptions(tensorsOfModels(command.optionsGroup('How models are run:')));
  const config = recordOptions(command.optionsGroup('Options:'));
  command
    .addHelpText(
      'after',
      `
run all takes 1 for each model on test sets of the training set's kind, 2 for two models (of more, 4 holds
the pairs), 3 for test sets of another kind, 4 for two or more models, 5 for each model with an image tower
(--target) and its zero-shot head (--text-embeddings, or --text-model and --class-names). Folders and files
count as one kind, since their names do not say what they hold. It says what it left out and why.

Examples:
  $ featreconstruct run 1 --source resnet18.onnx --train cifar100:train --test cifar100:test --data-dir data --out out
  $ featreconstruct run 4 --models *.onnx --train cifar100:train --test cifar100:test --data-dir data --out out
  $ featreconstruct run all --models *.onnx --train cifar100:train --test cifar100:test places365:val --out out
  $ featreconstruct run --config out/experiment.json --out again
  $ featreconstruct run 5 --source resnet18.onnx --target ViT-B-32.image.onnx --text-model ViT-B-32.text.onnx \\
      --tokenizer tokenizer.json --class-names cifar100 --train cifar100:train --test cifar100:test --out out
  $ featreconstruct run 3 --source resnet18.onnx --train cifar10:train --test places365:val --out out --baseline sgd`,
    )
    .action(async (experiment: Experiment, flags: Flags) => {
      flags.source = oneModel(flags);
      const context = createContext(flags, flags.store ? kept : undefined);
      checkCompanions(flags);
      const penalties = await readPenalties(flags);
      const target = readTransform(targetFlags(flags as unknown as Record<string, unknown>));
      // In experiment 5 class names make the prompts; elsewhere they are those of the sample images.
      const isZeroShot =
        experiment === 5 || (experiment === 'all' && (flags.textModel ?? flags.textEmbeddings) !== undefined);
      const { checkExperiment, notRun, runAll, runAsked } = await import('../experiments/index.js');
      const { modelNameOf } = await import('../runtime/index.js');
      const zeroShot = readZeroShot(isZeroShot ? flags : { ...flags, classNames: undefined });
      const asked = { source: flags.source, target: flags.target, models: flags.models, zeroShot };
      const all = allOf(flags, zeroShot);
      const namesOf = async (model: RunOptions['model']): Promise<string[]> =>
        experiment === 'all'
          ? Promise.all(
              [...all.models, ...(all.into ? [all.into.target] : [])].map((path) => modelNameOf(path, model?.fetch)),
            )
          : (await checkExperiment({ experiment, ...asked }, { model })).names;
      // Checked before data are looked for; models that are not fetched yet are checked again afterwards.
      await namesOf({ fetch: { offline: flags.offline } }).catch((error: unknown) => {
        if (!isCoded(error, 'not-fetched')) throw error;
      });
      const train = await datasetSpec(flags.train, flags);
      const test = await Promise.all(flags.test.map((spec) => datasetSpec(spec, flags)));
      const base = await experimentOptions(flags, context, {
        models: [flags.source, flags.target, ...(flags.models ?? []), isZeroShot ? flags.textModel : undefined],
        datasets: [train, ...test],
      });
      const names = await namesOf(base.model);
      const tensors = { features: flags.featuresTensor, logits: flags.logitsTensor };
      const options: RunOptions = {
        ...base,
        ...(isZeroShot ? { classNames: undefined } : {}),
        ...(flags.store ? {} : { stores: null }),
        transforms: {
          ...flags.transformFor,
          ...(target && flags.target ? { [await modelNameOf(flags.target, base.model?.fetch)]: target } : {}),
        },
        tensors: names.length > 0 ? readTensors(names, tensors) : undefined,
        ...penalties,
        rcond: flags.rcond,
        topk: flags.topk,
        ...(flags.baseline === 'sgd'
          ? {
              sgd: {
                epochs: flags.sgdEpochs,
                batchSize: flags.sgdBatch,
                learningRate: flags.sgdLearningRate,
                shuffle: flags.sgdShuffle ?? false,
              },
            }
          : {}),
      };
      const shown = { ...flags, config: { experiment, ...config() } };
      if (experiment !== 'all') {
        const results = await runAsked({ experiment, ...asked, train, test }, options);
        await finish(results, flags.out, context, [], shown);
        return;
      }
      const results = await runAll({ ...all, train, test }, options, (id) => context.heading(`Experiment ${id}`));
      const { notRunInWords } = await import('../words/index.js');
      const left = notRunInWords(notRun({ ...all, train, test }));
      await finishAll(results, flags.out, context, { ...shown, left });
    });
}

/** The models for `run all`: with a zero-shot head the target is the tower of experiment 5, else one more model. */
function allOf(
  { source, target, models }: Flags,
  zeroShot: ZeroShotSource | undefined,
): Pick<AllExperiments, 'models' | 'into'> {
  const given = (paths: readonly (string | undefined)[]): string[] => paths.filter((path) => path !== undefined);
  if (!zeroShot) return { models: models ?? given([source, target]) };
  if (target === undefined) {
    throw new UsageError(
      'Expected --target beside a zero-shot head, found none: the image tower whose embeddings are wanted.',
    );
  }
  return { models: models ?? given([source]), into: { target, zeroShot } };
}

/** The model whose logits are read, under either name. */
function oneModel({ source, model }: Flags): string | undefined {
  if (source !== undefined && model !== undefined) {
    throw new UsageError('Expected --source or --model, found both: they are the same, so leave one out.');
  }
  return source ?? model;
}

/** Refuses an option that means nothing without another one: ignoring it would hide a mistake. */
function checkCompanions(flags: Flags): void {
  if (!flags.store && flags.stores !== undefined) {
    throw new UsageError('Expected --stores or --no-store, found both: leave one out.');
  }
  for (const [prefix, companion] of [
    ['sgd', 'baseline'],
    ['target', 'target'],
  ] as const) {
    const lone = Object.keys(flags).find((name) => name.startsWith(prefix) && name !== companion);
    if (lone === undefined || flags[companion] !== undefined) continue;
    const option = lone.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`Expected --${companion} with --${option}, found the latter alone: give both or neither.`);
  }
}
