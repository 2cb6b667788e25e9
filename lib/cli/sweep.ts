import { Option, type Command } from 'commander';
import { UsageError } from '../base/index.js';
import { crossValidationOptions, readPenalties, type AlphaFlags } from './choose-alpha.js';
import { common, createContext } from './context.js';
import {
  experimentOptions,
  finish,
  samplesOptions,
  shownOptions,
  storesOption,
  type ExperimentFlags,
  type ShownFlags,
} from './experiment.js';
import { dataOptions, runtimeOptions, tensorOptions, transformOptions } from './options.js';
import { datasetSpec, partOptions, type PartFlags } from './part.js';
import { kept } from './signals.js';

interface Flags extends ExperimentFlags, PartFlags, ShownFlags, Omit<AlphaFlags, 'head'> {
  source?: string;
  model?: string;
  train: string;
  test: string[];
  observe?: string[];
}

export function register(program: Command): void {
  const command = program
    .command('sweep')
    .description('repeat experiment 1 while revealing less and less of the logits')
    .option('--source <file>', 'the model (.onnx, a folder of Hugging Face, or hf:owner/name)')
    .addOption(new Option('--model <file>', 'the same as --source').hideHelp())
    .requiredOption(
      '--train <spec>',
      'data set to fit on: cifar100:train, hf:owner/name:train, folder:PATH or simply a folder, …',
    )
    .requiredOption('--test <spec...>', 'data sets to test on')
    .option('--observe <shown...>', 'interfaces to try (default: nine, from all logits to the largest probability)')
    .option('--out <dir>', 'folder for results.json and report.html', 'out')
    .option(
      '--alpha <grid>',
      'ridge penalty: a number, a grid with rows for each, or cv to choose one for each fit',
      '0',
    );
  crossValidationOptions(command);
  shownOptions(command);
  common(
    tensorOptions(runtimeOptions(dataOptions(partOptions(transformOptions(samplesOptions(storesOption(command))))))),
  )
    .addHelpText(
      'after',
      `
Steps of an interface: logits, log-probs, probs, topk:K, round:DECIMALS, float16, noise:DEVIATION and
temperature:T. Join them with + in the order in which they apply. Probabilities are read as they are and
through a logarithm with a floor; the row has the better one, judged on held-out training images. +log at the
end asks for the logarithm alone. Answers are compared with the arg-max of the model's own logits.

Example:
  $ featreconstruct sweep --source resnet18.onnx --train cifar100:train --test cifar100:test --data-dir data --out out \\
      --observe logits log-probs probs probs+topk:5 probs+topk:5+round:2 logits+float16`,
    )
    .action(async (flags: Flags) => {
      const source = flags.source ?? flags.model;
      if (source === undefined || (flags.source !== undefined && flags.model !== undefined)) {
        throw new UsageError(
          `Expected one model, with --source, found ${source === undefined ? 'none' : '--model too'}.`,
        );
      }
      const context = createContext(flags, kept);
      const { runAsked, usualInterfaces } = await import('../experiments/index.js');
      const { parseObserve } = await import('../words/index.js');
      const observe = flags.observe ?? usualInterfaces;
      observe.forEach(parseObserve);
      const penalties = await readPenalties(flags);
      const train = await datasetSpec(flags.train, flags);
      const test = await Promise.all(flags.test.map((spec) => datasetSpec(spec, flags)));
      const options = await experimentOptions(flags, context, { models: [source], datasets: [train, ...test] });
      const results = await runAsked({ experiment: 1, source, train, test }, { ...options, ...penalties, observe });
      await finish(results, flags.out, context, [], flags);
    });
}
