import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { visibleJson } from '../base/index.js';
import type { Estimate } from '../experiments/index.js';
import type { Results } from '../results/index.js';
import { common, createContext, type Context } from './context.js';
import { checkFailed } from './ending.js';
import { experimentOptions, type ExperimentFlags } from './experiment.js';
import { dataOptions, runtimeOptions, wholeNumber } from './options.js';
import { kept } from './signals.js';
import { linesOf, say } from './terminal.js';

interface Flags extends ExperimentFlags {
  first?: number;
  quiet?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('reproduce')
    .description('repeat the published experiments (models, data, transform, recipe), with the exact fit beside them')
    .argument(
      '[experiment]',
      '1 to 5, or all',
      (text) => {
        if (text === 'all') return undefined;
        const value = Number(text);
        if (!Number.isInteger(value)) throw new InvalidArgumentError('Expected 1, 2, 3, 4, 5 or all.');
        return value;
      },
      undefined,
    )
    .option('--first <n>', 'only the first images of each split', wholeNumber)
    .option('--out <dir>', 'folder for results and the report', 'reproduced')
    .option('--stores <dir>', 'folder for extracted activations (default: OUT/stores)');
  common(runtimeOptions(dataOptions(command)))
    .addHelpText(
      'after',
      '\nExamples:\n  $ featreconstruct reproduce 1 --first 2000\n  $ featreconstruct reproduce all --yes --out published',
    )
    .action(async (experiment: number | undefined, flags: Flags) => reproduce(experiment, flags));
}

async function reproduce(experiment: number | undefined, flags: Flags): Promise<void> {
  const context = createContext(flags, kept);
  const { datasetsOf, estimate, modelsOf, publishedRuns, runPublished } = await import('../experiments/index.js');
  const { renderPublished, renderReport } = await import('../report/index.js');
  const { makeFolder, writeWhole } = await import('../bytes/index.js');
  const runs = publishedRuns(experiment, flags.first);
  const named = { models: modelsOf(runs), datasets: datasetsOf(runs) };
  const options = await experimentOptions(flags, context, named);
  if (!flags.quiet && !flags.json) say(...(await planned(await estimate(runs, options))));
  const found: Results[] = [];
  for (const run of runs) {
    context.heading(`experiment ${run.name.replace('-', ': ')}`);
    const results = await runPublished(run, options);
    found.push(results);
    const folder = join(flags.out, run.name);
    await makeFolder(folder);
    await writeWhole(join(folder, 'results.json'), [Buffer.from(`${visibleJson(results)}\n`)]);
  }
  const page = join(flags.out, 'report.html');
  await writeWhole(page, [Buffer.from(await renderReport(found))]);
  print(context, renderPublished(found), found, page);
  if (found.some(({ failures }) => failures.length > 0)) checkFailed();
}

async function planned({ models, seconds, bytes }: Estimate): Promise<string[]> {
  const { bytesInWords } = await import('../hub/index.js');
  const { count } = await import('../words/index.js');
  const speeds = models.map(
    ({ name, images, imagesPerSecond }) =>
      `  ${name}: ${count(images)} images at ${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} a second`,
  );
  return [
    `About ${duration(seconds.all)} on this machine, estimated from a few batches of each model: ${duration(seconds.extract)} for the models, ${duration(seconds.sgd)} for SGD. Activations take ${bytesInWords(bytes)} on disk.`,
    ...speeds,
  ];
}

const duration = (seconds: number): string =>
  seconds < 90
    ? `${Math.max(1, Math.round(seconds))} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

function print(context: Context, table: string, results: readonly Results[], page: string): void {
  context.print([...linesOf(table), '', page], results);
}
