import type { Store } from '../extract/index.js';
import type {
  CrossValidationRecord,
  ExperimentDefinition,
  ResultRow,
  SampleGroup,
  SpectrumRecord,
  ZeroShotRecord,
} from '../results/index.js';
import type { Failure } from '../words/index.js';
import { runAllPairs } from './all-pairs.js';
import type { Extraction, Role } from './extraction.js';
import type { AskedExperiment, RunOptions } from './options.js';
import { runPair, type Activations } from './pairs.js';
import { trainPairs, type Training } from './training.js';
import { runZeroShot } from './zero-shot-run.js';

/** What an experiment is run on. */
export interface Run {
  definition: ExperimentDefinition;
  spec: AskedExperiment;
  /** Models by their paths. */
  roles: (paths: readonly string[]) => Role[];
  datasets: { train: string; tests: readonly string[] };
  extraction: Extraction;
  classNames: readonly string[] | undefined;
}

/** What a way to fit found. */
export interface Found {
  rows: ResultRow[];
  failures: Failure[];
  spectra: SpectrumRecord[];
  samples: SampleGroup[];
  crossValidations: CrossValidationRecord[];
  /** Of a fit that all pairs share; null where each has its own. */
  jointSeconds: number | null;
  /** Trainings that may have no store, for what is said of their models. */
  trainings: Training[];
  /** Stores that the results are of, where these are not the extracted ones. */
  stores?: readonly Store[];
  zeroShot?: ZeroShotRecord;
}

type Way = (run: Run, options: RunOptions) => Promise<Partial<Found>>;

/** Ways to fit, by the `pairs` of an experiment's definition: `each` is a list of them. A new one is a line here. */
const ways: Record<'each' | Extract<ExperimentDefinition['pairs'], string>, Way> = {
  each: eachPair,
  all: ({ spec, roles, datasets, extraction }, options) =>
    runAllPairs(roles(spec.models ?? []), datasets, extraction, options),
  'zero-shot': ({ spec, roles, datasets, extraction }, options) => {
    const [source, target] = roles([spec.source!, spec.target!]);
    return runZeroShot({ source, target, zeroShot: spec.zeroShot! }, datasets, extraction, options);
  },
};

/** Fits and judges all that an experiment's definition asks for. */
export async function fitsOf(run: Run, options: RunOptions): Promise<Found> {
  const { pairs } = run.definition;
  return { ...nothing(), ...(await ways[typeof pairs === 'string' ? pairs : 'each'](run, options)) };
}

const nothing = (): Found => ({
  ...{ rows: [], failures: [], spectra: [], samples: [], crossValidations: [], trainings: [] },
  jointSeconds: null,
});

/** Pairs of single models, one after the other: experiment 2 has two, each with a spectrum of its own source. */
async function eachPair(
  { definition, spec, roles, datasets, extraction, classNames }: Run,
  options: RunOptions,
): Promise<Found> {
  const found = nothing();
  const named = definition.pairs as readonly (readonly ['source' | 'target', 'source' | 'target'])[];
  const pairs = named.map(([from, to]) => roles([spec[from]!, spec[to]!]) as [Role, Role]);
  const models = new Map(pairs.flat().map((role) => [role.path, role]));
  await extraction.all([...models.values()], [datasets.train, ...datasets.tests]);
  for await (const training of trainPairs(pairs, datasets.train, extraction, options)) {
    const [source, target] = pairs[found.trainings.length];
    const activations = async (dataset: string): Promise<Activations> => ({
      source: await extraction.of(source, dataset),
      target: await extraction.of(target, dataset),
    });
    const pair = await runPair(activations, training, datasets, { extraction, classNames }, options);
    found.trainings.push(training);
    found.rows.push(...pair.rows);
    found.failures.push(...pair.failures);
    found.samples.push(...pair.samples);
    found.crossValidations.push(...pair.crossValidations);
    found.spectra.push(pair.spectrum);
  }
  return found;
}
