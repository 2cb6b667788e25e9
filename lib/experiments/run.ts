import { UsageError } from '../base/index.js';
import { runAllPairs } from './all-pairs.js';
import { definitions, type ExperimentDefinition } from './definitions.js';
import { describeEnvironment } from './environment.js';
import { Extraction, type Role } from './extraction.js';
import type { ExperimentSpec, RunOptions } from './options.js';
import { runPair } from './pairs.js';
import type { ResultRow, Results } from './types.js';

/**
 * Runs one of the experiments: extracts what is not there yet, fits each pair of models exactly, evaluates on each test
 * set, and checks itself: a model's own image inside the training span whose answer is not reproduced is listed in
 * `failures`.
 * @throws UsageError for an unknown experiment or a missing model
 */
export async function runExperiment(spec: ExperimentSpec, options: RunOptions): Promise<Results> {
  const definition = findDefinition(spec);
  const datasets = { train: spec.train, tests: typeof spec.test === 'string' ? [spec.test] : [...new Set(spec.test)] };
  const extraction = new Extraction(options);
  try {
    const rows: ResultRow[] = [];
    const failures: string[] = [];
    let jointSeconds: number | null = null;
    if (definition.pairs === 'all') {
      const all = await runAllPairs(rolesOf(spec.models ?? [], options), datasets, extraction, options);
      rows.push(...all.rows);
      failures.push(...all.failures);
      jointSeconds = all.jointSeconds;
    } else {
      for (const [from, to] of definition.pairs) {
        const [source, target] = rolesOf([spec[from]!, spec[to]!], options);
        const pair = await runPair(source, target, datasets, extraction, options);
        rows.push(...pair.rows);
        failures.push(...pair.failures);
      }
    }
    return {
      schema: 1,
      experiment: definition.id,
      question: definition.question,
      rows,
      failures,
      environment: await describeEnvironment(extraction.stores, { command: options.command ?? null, jointSeconds }),
    };
  } finally {
    await extraction.close();
  }
}

function findDefinition(spec: ExperimentSpec): ExperimentDefinition {
  const definition = definitions.find(({ id }) => id === spec.experiment);
  if (!definition) {
    const known = definitions.map(({ id }) => id).join(', ');
    throw new UsageError(`Expected an experiment out of ${known}, found ${spec.experiment}.`);
  }
  const { id, models } = definition;
  for (const name of ['source', 'target', 'models'] as const) {
    const given = name === 'models' ? (spec.models ?? []).length > 0 : spec[name] !== undefined;
    const wanted = models.includes(name);
    if (wanted && !given)
      throw new UsageError(
        `Experiment ${id} wants --${name}: give ${name === 'models' ? 'two .onnx files or more' : 'an .onnx file'}.`,
      );
    if (given && !wanted) {
      throw new UsageError(
        `Experiment ${id} has no --${name}; it takes ${models.map((option) => `--${option}`).join(' and ')}.`,
      );
    }
  }
  return definition;
}

/** Each model with the transform that it is seen through. */
function rolesOf(paths: readonly string[], { transform = 'protocol', transforms = {} }: RunOptions): Role[] {
  return paths.map((path) => ({ path, transform: transforms[modelName(path)] ?? transform }));
}

/** File name without folder and ending, as in `ModelDescription`. */
const modelName = (path: string): string => path.replace(/^.*[\\/]/, '').replace(/\.[^.]*$/, '');
