import { InvalidArgumentError, Option, type Command } from 'commander';
import { isCoded, UsageError } from '../base/index.js';
import type { TransformChoice } from '../images/index.js';
import { crossValidationOptions, readPenalties, type CrossValidationFlags } from './choose-alpha.js';
import { common, createContext } from './context.js';
import { experimentOptions, finish, noSamples, storesOption, type ExperimentFlags } from './experiment.js';
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

interface Flags extends ExperimentFlags, PartFlags, ZeroShotFlags, CrossValidationFlags {
  source?: string;
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

export function register(program: Command): void {
  const command = program
    .command('run')
    .description('run an experiment from models and images to a table, results.json and a report')
    .argument(
      '<experiment>',
      '1: one model; 2: across models; 3: across data sets; 4: every model to every model; 5: into CLIP',
      (text) => {
        const value = Number(text);
        if (!Number.isInteger(value)) throw new InvalidArgumentError('Expected the number of an experiment.');
        return value;
      },
    )
    .option(
      '--source <file>',
      'the model whose logits are read (.onnx, a folder of Hugging Face, or hf:owner/name), in experiments 1 to 3 and 5',
    )
    .option('--target <file>', 'the model whose features are wanted, in experiment 2; an image tower in 5')
    .option('--models <file...>', 'all models, in experiment 4')
    .requiredOption(
      '--train <spec>',
      'data set to fit on: cifar100:train, hf:owner/name:train, folder:PATH or simply a folder, …',
    )
    .requiredOption('--test <spec...>', 'data sets to test on')
    .requiredOption('--out <dir>', 'folder for results.json and report.html')
    .option(
      '--no-store',
      'write no activations: accumulate statistics while the model runs, in experiments 1 to 3; the same figures',
    )
    .option(
      '--alpha <grid>',
      'ridge penalty: a number, a grid such as "10^(-8:1:2)" with rows for each, or cv for the best',
      '0',
    )
    .addOption(new Option('--rcond <number>', 'cut of the rank, of the largest eigenvalue').argParser(number))
    .option('--topk <k...>', 'ranks to count', (text: string, list: number[] = []) => [...list, wholeNumber(text)])
    .addOption(
      new Option('--baseline <name>', 'also run the published recipe on the same activations').choices(['sgd']),
    )
    .addOption(new Option('--sgd-epochs <n>', 'default 100').argParser(wholeNumber))
    .addOption(new Option('--sgd-batch <n>', 'default 256').argParser(wholeNumber))
    .addOption(new Option('--sgd-learning-rate <x>', 'default 0.1').argParser(number))
    .addOption(
      new Option('--sgd-shuffle <seed>', "shuffle each epoch (default: the data's order)").argParser(wholeNumber),
    );
  crossValidationOptions(command);
  storesOption(command).addOption(noSamples());
  zeroShotOptions(command);
  transformOptions(command);
  transformOptions(command, 'target');
  tensorsOfModels(command);
  command.addOption(
    new Option(
      '--transform-for <model=spec>',
      'transform of one model by name, as in resnet20=timm,mean=0.5,std=0.5,crop-pct=0.9; repeatable',
    ).argParser(transformFor),
  );
  common(runtimeOptions(dataOptions(partOptions(command))))
    .addHelpText(
      'after',
      `
Examples:
  $ featreconstruct run 1 --source resnet18.onnx --train cifar100:train --test cifar100:test --data-dir data --out out
  $ featreconstruct run 4 --models *.onnx --train cifar100:train --test cifar100:test --data-dir data --out out
  $ featreconstruct run 5 --source resnet18.onnx --target ViT-B-32.image.onnx --text-model ViT-B-32.text.onnx \\
      --tokenizer tokenizer.json --class-names cifar100 --train cifar100:train --test cifar100:test --out out
  $ featreconstruct run 3 --source resnet18.onnx --train cifar10:train --test places365:val --out out --baseline sgd`,
    )
    .action(async (experiment: number, flags: Flags) => {
      const context = createContext(flags, flags.store ? kept : undefined);
      checkCompanions(flags);
      const penalties = await readPenalties(flags);
      const target = readTransform(targetFlags(flags as unknown as Record<string, unknown>));
      // There class names make the prompts; elsewhere they stand beside the sample images.
      const isZeroShot = experiment === 5;
      const { checkExperiment, runAsked } = await import('../experiments/index.js');
      const { modelNameOf } = await import('../runtime/index.js');
      const asked = {
        experiment,
        source: flags.source,
        target: flags.target,
        models: flags.models,
        zeroShot: readZeroShot(isZeroShot ? flags : { ...flags, classNames: undefined }),
      };
      // Before data are looked for. Models that are not here yet are looked at again once they are.
      await checkExperiment(asked, { model: { fetch: { offline: flags.offline } } }).catch((error: unknown) => {
        if (!isCoded(error, 'not-fetched')) throw error;
      });
      const train = await datasetSpec(flags.train, flags);
      const test = await Promise.all(flags.test.map((spec) => datasetSpec(spec, flags)));
      const options = await experimentOptions(flags, context, {
        models: [flags.source, flags.target, ...(flags.models ?? []), isZeroShot ? flags.textModel : undefined],
        datasets: [train, ...test],
      });
      const { names } = await checkExperiment(asked, options);
      const tensors = { features: flags.featuresTensor, logits: flags.logitsTensor };
      const results = await runAsked(
        { ...asked, train, test },
        {
          ...options,
          ...(isZeroShot ? { classNames: undefined } : {}),
          ...(flags.store ? {} : { stores: null }),
          transforms: {
            ...flags.transformFor,
            ...(target && flags.target ? { [await modelNameOf(flags.target, options.model?.fetch)]: target } : {}),
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
        },
      );
      await finish(results, flags.out, context);
    });
}

/** An option that means nothing without another one is a mistake, and not to be passed over. */
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
