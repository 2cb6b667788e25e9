import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { visibleJson, wrap } from '../base/index.js';
import type { Results } from '../results/index.js';
import type { RunOptions } from '../experiments/index.js';
import type { LoadModelOptions } from '../runtime/index.js';
import type { Context } from './context.js';
import { checkFailed } from './ending.js';
import { bringNamed, type Named, type NamesFlags } from './names.js';
import { readTransform, type TensorFlags, type TransformFlags } from './options.js';
import { readProviders, type ProviderFlags } from './provider.js';
import { openPage } from './open.js';
import { linesOf, terminalWidth } from './terminal.js';

/** Flags of every command that extracts activations, fits on them and writes results.json. */
export interface ExperimentFlags extends TransformFlags, ProviderFlags, NamesFlags {
  out: string;
  stores?: string;
  threads?: number;
  imageSize?: number | [number, number];
  batchSize?: number;
  dataDir?: string;
  allowPartial?: boolean;
  skipBadImages?: boolean;
  classNames?: string;
  samples?: boolean;
  json?: boolean;
}

export const storesOption = (command: Command): Command =>
  command.option('--stores <dir>', 'folder for extracted activations, which later runs reuse (default: OUT/stores)');

/** Options for the sample images of a report. */
export const samplesOptions = (command: Command): Command =>
  command
    .option(
      '--class-names <names>',
      'class names in the report: cifar10, cifar100, imagenet, or a file (a name on each line, or JSON) (default: those of config.json beside the model)',
    )
    .addOption(noSamples());

export const noSamples = (): Option =>
  new Option('--no-samples', 'write no thumbnails of test images to results.json and the report');

/** The options of an experiment as the flags ask for them. Models and data that the command names are fetched first. */
export const experimentOptions = async (
  flags: ExperimentFlags,
  context: Context,
  named: Named = {},
): Promise<RunOptions & { stores: string }> => {
  const { checkPlace } = await import('../bytes/index.js');
  await checkPlace(join(flags.out, 'results.json'));
  const fetch = await bringNamed(named, flags, context);
  return {
    stores: flags.stores ?? join(flags.out, 'stores'),
    transform: readTransform(flags),
    batchSize: flags.batchSize,
    skipBadImages: flags.skipBadImages,
    classNames: flags.classNames,
    samples: flags.samples === false ? 0 : undefined,
    dataset: { dataDir: flags.dataDir, allowPartial: flags.allowPartial, fetch },
    executionProviders: await readProviders(flags),
    model: {
      intraOpNumThreads: flags.threads,
      imageSize: flags.imageSize,
      fetch,
      ...tensorsOf(flags),
    },
    command: commandLine(),
    signal: context.signal,
    onProgress: context.onProgress,
  };
};

/** The tensors of a command's one model; `run` names the model of each, and has none here. */
const tensorsOf = ({
  featuresTensor,
  logitsTensor,
}: ExperimentFlags & TensorFlags): Pick<LoadModelOptions, 'features' | 'logits'> =>
  Array.isArray(featuresTensor) || Array.isArray(logitsTensor)
    ? {}
    : { features: featuresTensor, logits: logitsTensor };

/** The command that was typed, as a shell takes it. */
export const commandLine = (): string => `featreconstruct ${process.argv.slice(2).map(quote).join(' ')}`;

/** An argument as a shell takes it. */
const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** How a result is shown. */
export interface ShownFlags {
  wide?: boolean;
  open?: boolean;
}

export const shownOptions = (command: Command): Command =>
  command
    .option('--wide', 'print every column and matrix, with transforms and ranks')
    .option('--open', 'open the report in the browser');

/**
 * Writes OUT/results.json and OUT/report.html, and prints the tables below `heading` (of visible names). A failed check
 * makes the exit code 1.
 * @param config the options of the run, written beside the results so that it can be run again
 */
export async function finish(
  results: Results,
  out: string,
  context: Context,
  heading: string[] = [],
  { config, wide = false, open = false }: ShownFlags & { config?: object } = {},
): Promise<void> {
  const { renderReport, renderResults } = await import('../report/index.js');
  const { makeFolder, writeWhole } = await import('../bytes/index.js');
  await makeFolder(out);
  const [file, page] = [join(out, 'results.json'), join(out, 'report.html')];
  await writeWhole(file, [Buffer.from(`${visibleJson(results)}\n`)]);
  await writeWhole(page, [Buffer.from(await renderReport([results]))]);
  const again = join(out, 'experiment.json');
  if (config) await writeWhole(again, [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
  // Without a model there are no fits to show.
  const blocks = [
    ...heading,
    ...(results.leaks?.log ? [] : [renderResults(results, { width: terminalWidth(), wide })]),
  ];
  context.print([...linesOf(blocks.join('\n\n')), '', file, ...(config ? [again] : []), `Open ${page}`], results);
  if (open && !context.json) await openPage(page);
  if (results.failures.length > 0) checkFailed();
}

/**
 * Writes a folder with results.json for each experiment and one report for all, and prints their tables.
 * @param left what is said of experiments that were not run
 */
export async function finishAll(
  results: readonly Results[],
  out: string,
  context: Context,
  { config, left, wide = false, open = false }: ShownFlags & { config: object; left: string | null },
): Promise<void> {
  const { renderReport, renderResults } = await import('../report/index.js');
  const { makeFolder, writeWhole } = await import('../bytes/index.js');
  const files: string[] = [];
  for (const each of results) {
    const folder = join(out, String(each.experiment));
    await makeFolder(folder);
    files.push(join(folder, 'results.json'));
    await writeWhole(files[files.length - 1], [Buffer.from(`${visibleJson(each)}\n`)]);
  }
  const [again, page] = [join(out, 'experiment.json'), join(out, 'report.html')];
  await writeWhole(page, [Buffer.from(await renderReport(results))]);
  await writeWhole(again, [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
  const blocks = results.map(
    (each) => `Experiment ${each.experiment}\n\n${renderResults(each, { width: terminalWidth(), wide })}`,
  );
  const last = left === null ? [] : ['', ...wrap(left, terminalWidth())];
  context.print([...linesOf(blocks.join('\n\n\n')), ...last, '', ...files, again, `Open ${page}`], results);
  if (open && !context.json) await openPage(page);
  if (results.some(({ failures }) => failures.length > 0)) checkFailed();
}
