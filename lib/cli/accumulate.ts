import { Option, type Command } from 'commander';
import { count, UsageError } from '../base/index.js';
import type { Origin, Tensor } from '../shards/index.js';
import { common, createContext, type Context } from './context.js';
import { dataOptions, readTransform, runtimeOptions, transformOptions, type TransformFlags } from './options.js';
import { bringNamed, type NamesFlags } from './names.js';
import { datasetSpec, partOptions, shardOption, type PartFlags } from './part.js';
import { readProviders, type ProviderFlags } from './provider.js';
import { kept } from './signals.js';

interface Flags extends TransformFlags, ProviderFlags, PartFlags, NamesFlags {
  out: string;
  y?: string[];
  from: Tensor;
  model?: string;
  dataset?: string;
  featuresTensor?: string;
  logitsTensor?: string;
  threads?: number;
  imageSize?: number | [number, number];
  batchSize?: number;
  dataDir?: string;
  allowPartial?: boolean;
  skipBadImages?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('accumulate')
    .description('compute the statistics that a fit needs, from stores or straight from a model, for one shard or all')
    .argument('[store...]', 'stores of one data set, whole or in shards; X is their logits, Y their features')
    .requiredOption('--out <file>', '.stats file to write (s3://bucket/key, too)')
    .option('--y <store...>', 'stores whose features are Y (another model on the same images), one for each store of X')
    .addOption(new Option('--from <tensor>', 'what X is').choices(['logits', 'features']).default('logits'))
    .option('--model <file>', 'instead of stores: an .onnx classifier to run over --dataset; no row is kept')
    .option('--dataset <spec>', 'images for --model, such as cifar100:train')
    .option('--features-tensor <name>', 'input of the head (default: found in the graph)')
    .option('--logits-tensor <name>', 'output of the head (default: found in the graph)');
  common(runtimeOptions(dataOptions(shardOption(partOptions(transformOptions(command))))))
    .addHelpText(
      'after',
      `
Examples:
  $ featreconstruct accumulate --model resnet18.onnx --dataset cifar100:train --shard 2/7 --out part2.stats
  $ featreconstruct accumulate shard1.safetensors shard2.safetensors --out all.stats
  $ featreconstruct accumulate s3://bucket/shard1.safetensors --out s3://bucket/part1.stats
Then \`merge\` the parts and \`solve\` the result.`,
    )
    .action(async (stores: string[], flags: Flags) => {
      const context = createContext(flags, kept);
      checkFlags(stores, flags);
      const { checkPlace } = await import('../bytes/index.js');
      await checkPlace(flags.out);
      const { origin, rows } = flags.model ? await fromModel(flags, context) : await fromStores(stores, flags, context);
      context.print([`${flags.out}: ${inWords(origin, rows)}`], { out: flags.out, rows, ...origin });
    });
}

function checkFlags(stores: readonly string[], { model, dataset, y }: Flags): void {
  if ((model === undefined) === (stores.length === 0) || (model === undefined) !== (dataset === undefined)) {
    throw new UsageError('Expected stores, or --model FILE with --dataset SPEC.');
  }
  if (y !== undefined && model !== undefined) {
    throw new UsageError('Expected --y beside stores, found it beside --model: extract a store of each model.');
  }
}

interface Accumulated {
  origin: Origin;
  rows: number;
}

async function fromStores(stores: string[], flags: Flags, context: Context): Promise<Accumulated> {
  const { saveStatistics } = await import('../fit/index.js');
  const { float64Providers } = await import('../runtime/index.js');
  const { accumulateStores } = await import('../shards/index.js');
  const { statistics, origin } = await accumulateStores(
    { paths: stores, tensor: flags.from },
    { paths: flags.y ?? stores, tensor: 'features' },
    { ...context, executionProviders: float64Providers(await readProviders(flags)) },
  );
  await saveStatistics(flags.out, statistics, origin, context);
  return { origin, rows: statistics.n };
}

async function fromModel(flags: Flags, context: Context): Promise<Accumulated> {
  // Wrong options are refused before anything is opened.
  const transform = readTransform(flags);
  const executionProviders = await readProviders(flags);
  const { openDataset } = await import('../datasets/index.js');
  const { loadModel } = await import('../runtime/index.js');
  const { accumulateModel } = await import('../shards/index.js');
  const { dataDir, allowPartial } = flags;
  const spec = await datasetSpec(flags.dataset!, flags);
  const fetch = await bringNamed({ models: [flags.model], datasets: [spec] }, flags, context);
  const dataset = await openDataset(spec, { dataDir, allowPartial, fetch });
  try {
    const model = await loadModel(flags.model!, {
      executionProviders,
      intraOpNumThreads: flags.threads,
      imageSize: flags.imageSize,
      fetch,
      features: flags.featuresTensor,
      logits: flags.logitsTensor,
    });
    try {
      return await accumulateModel(model, dataset, flags.out, {
        from: flags.from,
        transform,
        batchSize: flags.batchSize,
        skipBadImages: flags.skipBadImages,
        signal: context.signal,
        onProgress: context.onProgress,
      });
    } finally {
      await model.release();
    }
  } finally {
    await dataset.close();
  }
}

/**
 * What statistics are of, in words: `statistics of 8,192 rows: images 0 to 8,191 of 50,000 in cifar100:train;
 * resnet18's logits → its features`
 */
export function inWords({ x, y, dataset, images, skipped }: Origin, rows: number): string {
  const seen = images.map(([start, end]) => `${count(start)} to ${count(end - 1)}`).join(', ');
  const target = y.model.digest === x.model.digest ? 'its' : `${y.model.name}'s`;
  const left = skipped > 0 ? `; ${count(skipped)} bad images left out` : '';
  return `statistics of ${count(rows)} rows: images ${seen} of ${count(dataset.size)} in ${dataset.spec}; ${x.model.name}'s ${x.tensor} → ${target} features${left}`;
}
