import type { Command } from 'commander';
import { UsageError } from '../base/index.js';
import type { RegisteredModel } from '../models/index.js';
import { common, createContext, type Context } from './context.js';
import { checkFailed } from './ending.js';
import { bringNamed, namesOptions, type NamesFlags } from './names.js';
import { linesOf } from './terminal.js';

interface Flags extends NamesFlags {
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  const models = program.command('models').description('published models by name: list, fetch, verify');
  common(models.command('list', { isDefault: true }).description('list all names, and which files are on this machine'))
    .addHelpText('after', '\nExample:\n  $ featreconstruct models')
    .action(async (flags: Flags) => list(createContext(flags)));
  common(namesOptions(models.command('fetch').description('fetch checkpoints into the cache of Hugging Face')))
    .argument('<names...>', "names as 'models' lists them")
    .addHelpText('after', '\nExample:\n  $ featreconstruct models fetch resnet18 --yes')
    .action(async (names: string[], flags: Flags) => fetch(names, flags, createContext(flags)));
  common(models.command('verify').description('check graphs on random weights against the libraries they come from'))
    .argument('[names...]', 'models (default: all); their weights are not needed')
    .addHelpText('after', '\nExample:\n  $ featreconstruct models verify resnet18')
    .action(async (names: string[], flags: Flags) => verify(names, createContext(flags)));
}

async function list(context: Context): Promise<void> {
  const { cachedCheckpoint, registeredModels } = await import('../models/index.js');
  const { bytesInWords } = await import('../hub/index.js');
  const { renderTable } = await import('../report/index.js');
  const { count } = await import('../words/index.js');
  const rows = await Promise.all(
    registeredModels().map(async (model) => ({ ...model, cached: await cachedCheckpoint(model) })),
  );
  type Row = (typeof rows)[number];
  const table = renderTable<Row>(
    [
      { heading: 'name', cell: ({ name }) => name },
      { heading: 'd', align: 'right', cell: ({ featureDim }) => count(featureDim) },
      { heading: 'classes', align: 'right', cell: ({ classCount }) => (classCount === null ? '–' : count(classCount)) },
      { heading: 'image', align: 'right', cell: ({ inputSize }) => (inputSize === null ? '–' : String(inputSize[0])) },
      { heading: 'size', align: 'right', cell: ({ numbers }) => bytesInWords(4 * numbers) },
      { heading: 'here', cell: ({ cached }) => (cached === null ? 'no' : 'yes') },
      { heading: 'licence', cell: ({ licence }) => licence },
      { heading: 'repository', cell: ({ repo }) => `hf:${repo}` },
    ],
    rows,
  );
  const last =
    'A name works wherever a model file does: featreconstruct inspect resnet18. No name is pinned to a commit yet.';
  context.print(
    [...linesOf(table), '', last],
    rows.map(({ cached, ...model }) => ({ ...model, bytes: 4 * model.numbers, file: model.file, cached })),
  );
}

async function fetch(names: readonly string[], flags: Flags, context: Context): Promise<void> {
  const { cachedCheckpoint } = await import('../models/index.js');
  const models = await known(names);
  await bringNamed({ models: models.map(({ name }) => name) }, flags, context);
  const files = await Promise.all(
    models.map(async (model) => ({ name: model.name, file: await cachedCheckpoint(model) })),
  );
  context.print(
    files.map(({ name, file }) => `${name}  ${file}`),
    files,
  );
}

async function verify(names: readonly string[], context: Context): Promise<void> {
  const { registeredModels } = await import('../models/index.js');
  const { graphTolerance, verifyGraph } = await import('../runtime/index.js');
  const { renderTable } = await import('../report/index.js');
  const models = names.length > 0 ? await known(names) : registeredModels();
  const graphs = [...new Set(models.map(({ graph }) => graph))];
  const checks: Awaited<ReturnType<typeof verifyGraph>>[] = [];
  for (const [done, graph] of graphs.entries()) {
    context.signal.throwIfAborted();
    context.onProgress({ stage: `verify ${graph}`, done, total: graphs.length, unit: 'graphs' });
    checks.push(await verifyGraph(graph));
  }
  const isGood = ({ differences }: (typeof checks)[number]): boolean =>
    Object.values(differences).every((difference) => difference <= graphTolerance);
  const table = renderTable<(typeof checks)[number]>(
    [
      { heading: 'graph', cell: ({ graph }) => graph },
      { heading: 'against', cell: ({ source }) => source.split(',')[0] },
      {
        heading: 'largest difference, of the scale',
        cell: ({ differences }) =>
          Object.entries(differences)
            .map(([output, difference]) => `${output} ${difference.toExponential(1)}`)
            .join(', '),
      },
      { heading: `at most ${graphTolerance}`, cell: (check) => (isGood(check) ? 'yes' : 'NO') },
    ],
    checks,
  );
  context.print(linesOf(table), checks);
  if (!checks.every(isGood)) checkFailed();
}

/**
 * The registered models of these names.
 * @throws UsageError for a name that is not registered
 */
async function known(names: readonly string[]): Promise<RegisteredModel[]> {
  const { nearestModel, registeredModel } = await import('../models/index.js');
  return names.map((name) => {
    const model = registeredModel(name);
    if (model) return model;
    const guess = nearestModel(name);
    throw new UsageError(
      `Expected names of featreconstruct models, found '${name}'${guess ? `: did you mean ${guess}?` : '.'}`,
    );
  });
}
