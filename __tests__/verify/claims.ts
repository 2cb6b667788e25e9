import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultRow, Results } from 'featreconstruct';
import { notRun, type Check } from './check.js';
import type { Bar } from './bars.js';
import { command } from './command.js';
import { findExpected } from './expected.js';
import { project, type Settings } from './settings.js';

/** One call of the command line, as a user would make it. */
export interface Run {
  experiment: 1 | 2 | 3 | 4;
  /** Names of models in the models' folder, or paths. */
  source: string;
  target?: string;
  /** Experiment 4: all of them, instead of a source. */
  models?: readonly string[];
  train: string;
  /** `scenes` stands for the folder of photographs. */
  tests: readonly string[];
  /** The model's own normalisation, where it is not the protocol's. */
  own?: { mean: string; std: string };
  /** Also the published recipe. */
  sgd?: boolean;
}

/** What one row of the run's results has to show. The target's name is the source's, and the test is the first, if not told. */
export interface Claim {
  source?: string;
  target?: string;
  test?: string;
  fit: 'least squares' | 'head as prior' | 'sgd';
  bars: readonly Bar[];
}

/** Runs the command line and holds the rows of its results.json against the claims. */
export async function checkRun(run: Run, claims: readonly Claim[], settings: Settings): Promise<Check[]> {
  const { results, problem } = await runExperiment(run, settings);
  const title = `run ${run.experiment} ${nameOf(run.source)}${run.target ? ` → ${nameOf(run.target)}` : ''}, ${run.train}`;
  if (!results) return [{ subject: title, bar: 'the command ends well', figure: problem!, held: false }];
  return claims.flatMap((claim) => checkClaim(run, claim, results.rows, settings));
}

/** The results of a run, or what went wrong. */
export async function runExperiment(
  run: Run,
  settings: Settings,
): Promise<{ results: Results | null; problem: string | null }> {
  const models = run.models ?? [run.source, ...(run.target ? [run.target] : [])];
  const slug = [run.experiment, ...models.map(nameOf), run.train, ...run.tests];
  const out = join(project, 'out', 'verify', slug.join('-').replaceAll(/[^\w]+/g, '-'));
  await mkdir(out, { recursive: true });
  const args = [
    ...['run', String(run.experiment)],
    ...(run.models
      ? ['--models', ...run.models.map((model) => modelFile(model, settings))]
      : ['--source', modelFile(run.source, settings)]),
    ...(run.target ? ['--target', modelFile(run.target, settings)] : []),
    ...['--train', run.train, '--test', ...run.tests.map((test) => specOf(test, settings))],
    ...['--data-dir', settings.data!, '--stores', settings.stores, '--out', out],
    ...(run.train.startsWith('cifar10:') ? ['--allow-partial'] : []),
    ...(run.own ? ['--mean', run.own.mean, '--std', run.own.std] : []),
    ...(run.sgd ? ['--baseline', 'sgd'] : []),
  ];
  process.stderr.write(`$ featreconstruct ${args.join(' ')}\n`);
  const { code, lastWords } = await command(process.execPath, [join(project, 'dist/cli/main.js'), ...args]);
  if (code !== 0) return { results: null, problem: `exit ${code}: ${lastWords}` };
  return { results: JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as Results, problem: null };
}

function checkClaim(run: Run, claim: Claim, rows: readonly ResultRow[], settings: Settings): Check[] {
  const { source = nameOf(run.source), target = nameOf(run.target ?? run.source), test = run.tests[0], fit } = claim;
  const models = source === target ? source : `${source} → ${target}`;
  const subject = `run ${run.experiment} ${models}, ${run.train} → ${test}, ${fit}`;
  const prior = fit === 'head as prior' ? 'head' : null;
  const row = rows.find(
    (each) =>
      each.source === source &&
      each.target === target &&
      each.test === specOf(test, settings) &&
      each.prior === prior &&
      (each.solver === 'sgd') === (fit === 'sgd'),
  );
  if (!row) return [{ subject, bar: 'a row is there', figure: 'none', held: false }];
  const transform = run.own ? 'own' : 'protocol';
  const key = {
    experiment: run.experiment,
    transform,
    from: 'logits',
    source,
    target,
    train: run.train,
    test,
    prior,
  } as const;
  const expected = settings.expected && findExpected(settings.expected, { ...key, nTrain: row.nTrain });
  return claim.bars.map((bar) => {
    const verdict = bar(row, expected);
    return verdict ? { subject, ...verdict } : notRun(subject, 'as in expected.json', 'it has no such row here');
  });
}

/** `scenes` → the folder of photographs. */
export const specOf = (test: string, { data }: Settings): string =>
  test === 'scenes' ? `folder:${data}/scenes` : test;

const nameOf = (model: string): string =>
  model
    .split('/')
    .at(-1)!
    .replace(/\.onnx$/, '');

const modelFile = (model: string, { models }: Settings): string =>
  model.endsWith('.onnx') ? model : join(models!, `${model}.onnx`);
