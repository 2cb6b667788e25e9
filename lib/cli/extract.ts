import { Option, type Command } from 'commander';
import { count } from '../base/index.js';
import { common, createContext } from './context.js';
import {
  dataOptions,
  readTransform,
  runtimeOptions,
  transformOptions,
  wholeNumber,
  type TransformFlags,
} from './options.js';
import { bringNamed, type NamesFlags } from './names.js';
import { datasetSpec, partOptions, shardOption, type PartFlags } from './part.js';
import { readProviders, type ProviderFlags } from './provider.js';
import { kept } from './signals.js';

interface Flags extends TransformFlags, ProviderFlags, PartFlags, NamesFlags {
  model: string;
  dataset: string;
  store: string;
  featuresTensor?: string;
  logitsTensor?: string;
  threads?: number;
  imageSize?: number | [number, number];
  batchSize?: number;
  dataDir?: string;
  allowPartial?: boolean;
  skipBadImages?: boolean;
  headOnly?: boolean;
  vary?: number;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('extract')
    .description('run a model over a data set and store its features and logits')
    .requiredOption('--model <file>', 'an .onnx classifier, the folder that holds it (Hugging Face), or hf:owner/name')
    .requiredOption(
      '--dataset <spec>',
      'cifar100:train[0:5000], places365:val, hf:owner/name:test, folder:PATH, tensors:FILE, … (the command datasets lists them)',
    )
    .requiredOption('--store <file>', 'safetensors file to write, continue or reuse (s3://bucket/key, too)')
    .option('--head-only', 'store features only; logits are computed from the head when they are read')
    .addOption(
      new Option(
        '--vary <n>',
        'store n variations of each image, the image itself first, as probes for an audit',
      ).argParser(wholeNumber),
    )
    .option('--features-tensor <name>', 'input of the head (default: found in the graph)')
    .option('--logits-tensor <name>', 'output of the head (default: found in the graph)');
  common(runtimeOptions(dataOptions(shardOption(partOptions(transformOptions(command))))))
    .addHelpText(
      'after',
      `
Example:
  $ featreconstruct extract --model resnet18.onnx --dataset cifar100:test --data-dir data --store resnet18-cifar100-test.safetensors`,
    )
    .action(async (flags: Flags) => {
      const context = createContext(flags, kept);
      // Wrong options are refused before anything is opened.
      const transform = readTransform(flags);
      const executionProviders = await readProviders(flags);
      const { leftOutInWords, noticeInWords } = await import('../words/index.js');
      const { openDataset } = await import('../datasets/index.js');
      const { extractToStore, whyLeftOut } = await import('../extract/index.js');
      const { varied } = await import('../leaks/index.js');
      const { transformNotices } = await import('../results/index.js');
      const { dataDir, allowPartial } = flags;
      const spec = await datasetSpec(flags.dataset, flags);
      const fetch = await bringNamed({ models: [flags.model], datasets: [spec] }, flags, context);
      const dataset = await openDataset(spec, { dataDir, allowPartial, fetch });
      const images = flags.vary === undefined ? dataset : varied(dataset, flags.vary);
      const store = await extractToStore(flags.model, images, flags.store, {
        transform,
        batchSize: flags.batchSize,
        logits: flags.headOnly ? 'head' : 'stored',
        skipBadImages: flags.skipBadImages,
        executionProviders,
        model: {
          intraOpNumThreads: flags.threads,
          imageSize: flags.imageSize,
          fetch,
          features: flags.featuresTensor,
          logits: flags.logitsTensor,
        },
        signal: context.signal,
        onProgress: context.onProgress,
      }).finally(() => dataset.close());
      const { rows, features, logits, provenance, skipped } = store;
      const { leftOut, part } = provenance.dataset;
      await store.close();
      const lines = [
        `${flags.store}: ${count(rows)} rows, features (n, ${features.cols}), logits (n, ${logits.cols})`,
        ...(part ? [`of ${count(part.of)} in ${dataset.spec}`] : []),
        ...(leftOut ? [`${leftOutInWords(leftOut)} left out`] : []),
        ...(skipped.length > 0
          ? [`${skipped.length} bad images skipped, the first: ${whyLeftOut(skipped[0].reason)}`]
          : []),
        ...transformNotices([{ name: provenance.model.name, ...provenance, transformAssumed: provenance.assumed }])
          // Whoever extracts by the published recipe asked for it.
          .filter(({ kind }) => kind !== 'unstated-transform')
          .map((notice) => `! ${noticeInWords(notice)}`),
      ];
      context.print(lines, {
        store: flags.store,
        rows,
        featureDim: features.cols,
        classCount: logits.cols,
        skipped,
        provenance,
      });
    });
}
