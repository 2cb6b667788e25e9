import { join } from 'node:path';
import { FeatReconstructError, UsageError, type TaskOptions } from '../base/index.js';
import type { OpenDatasetOptions } from '../datasets/index.js';
import type { TransformSpec } from '../images/index.js';
import { evaluateMap, type MapEvaluation } from '../evaluate/index.js';
import { extractToStore, storeKey, type Store } from '../extract/index.js';
import { accumulate, fitSgd, pseudoInverse, solve, trainingSpan, type SgdOptions } from '../fit/index.js';
import type { LoadModelOptions } from '../runtime/index.js';
import { definitions, type ExperimentDefinition } from './definitions.js';
import { describeEnvironment } from './environment.js';
import { rawAgreement } from './raw.js';
import { failuresOf, resultRow, type Fit } from './rows.js';
import type { ResultRow, Results } from './types.js';

export interface ExperimentSpec {
  experiment: number;
  /** Path of the model whose logits are read. */
  source: string;
  /** Path of the model whose features are wanted, in experiments that have two. */
  target?: string;
  /** Data set to fit on. */
  train: string;
  /** One data set or several to test on. */
  test: string | readonly string[];
}

export interface RunOptions extends TaskOptions {
  /** Folder for stores of activations; what is there already is used again. */
  stores: string;
  /** For both models, unless the target has its own. Default `protocol`. */
  transform?: TransformSpec | TransformSpec['name'];
  targetTransform?: TransformSpec | TransformSpec['name'];
  batchSize?: number;
  skipBadImages?: boolean;
  dataset?: OpenDatasetOptions;
  model?: LoadModelOptions;
  /** Ridge penalties, in units of the centred Gram; a row each. Default 0 alone: exact least squares. */
  alphas?: readonly number[];
  rcond?: number;
  /** k of `topkAgreement`. Default 5. */
  topk?: readonly number[];
  /** Also the published SGD recipe on the same activations, as rows of their own. */
  sgd?: SgdOptions;
  /** What to write into the results as the command that makes them again. */
  command?: string;
}

/** A model in its role: where it lies and how images become its input. */
interface Role {
  path: string;
  transform: TransformSpec | TransformSpec['name'];
}

/** A store, and the seconds that it took to make. */
interface Extracted {
  store: Store;
  seconds: number;
}

/**
 * Runs one of the experiments: extracts what is not there yet, fits each pair of models exactly, evaluates on each test
 * set, and checks itself: a model's own image inside the training span whose answer is not reproduced is listed in
 * `failures`.
 * @throws UsageError for an unknown experiment or a missing model
 */
export async function runExperiment(spec: ExperimentSpec, options: RunOptions): Promise<Results> {
  const definition = findDefinition(spec);
  const roles = rolesOf(spec, options);
  const tests = typeof spec.test === 'string' ? [spec.test] : [...spec.test];
  const extracted = new Map<string, Extracted>();

  const extract = async (role: Role, dataset: string): Promise<Extracted> => {
    const id = JSON.stringify([role, dataset]);
    let found = extracted.get(id);
    if (!found) {
      const begun = performance.now();
      const store = await extractToStore(
        role.path,
        dataset,
        (provenance) => join(options.stores, storeName(provenance.model.name, dataset, storeKey(provenance))),
        { ...options, transform: role.transform },
      );
      found = { store, seconds: (performance.now() - begun) / 1000 };
      extracted.set(id, found);
    }
    return found;
  };

  try {
    const rows: ResultRow[] = [];
    const failures: string[] = [];
    for (const [from, to] of definition.pairs) {
      const [source, target] = [roles[from]!, roles[to]!];
      const train = { source: await extract(source, spec.train), target: await extract(target, spec.train) };
      const fits = await fitPair(train.source.store, train.target.store, source === target, options);
      for (const test of tests) {
        const held = { source: await extract(source, test), target: await extract(target, test) };
        const stores = new Set([train.source, train.target, held.source, held.target]);
        const extractSeconds = [...stores].reduce((sum, { seconds }) => sum + seconds, 0);
        const context = {
          source: train.source.store.provenance.model.name,
          target: train.target.store.provenance.model.name,
          train: spec.train,
          test,
          nTrain: train.source.store.rows,
          nTest: held.source.store.rows,
          rawAgreement: await rawAgreement(held.source.store.logits, held.target.store.logits),
        };
        for (const fit of fits) {
          const begun = performance.now();
          const evaluation = fit.diverged
            ? null
            : await judge(fit, held.source.store, held.target.store, source === target, options);
          const evaluateSeconds = (performance.now() - begun) / 1000;
          const row = resultRow(fit, evaluation, {
            ...context,
            seconds: { extract: extractSeconds, fit: fit.seconds, evaluate: evaluateSeconds },
          });
          rows.push(row);
          if (evaluation) failures.push(...failuresOf(row, evaluation));
        }
      }
    }
    const stores = [...extracted.values()].map(({ store }) => store);
    return {
      schema: 1,
      experiment: definition.id,
      question: definition.question,
      rows,
      failures,
      environment: await describeEnvironment(stores, options.command ?? null),
    };
  } finally {
    for (const { store } of extracted.values()) await store.close();
  }
}

function findDefinition(spec: ExperimentSpec): ExperimentDefinition {
  const definition = definitions.find(({ id }) => id === spec.experiment);
  if (!definition) {
    const known = definitions.map(({ id }) => id).join(', ');
    throw new UsageError(`Expected an experiment out of ${known}, found ${spec.experiment}.`);
  }
  for (const name of definition.models) {
    if (!spec[name])
      throw new UsageError(`Experiment ${definition.id} wants a ${name} model: give --${name} MODEL.onnx.`);
  }
  if (spec.target && !definition.models.includes('target')) {
    throw new UsageError(`Experiment ${definition.id} looks at one model: leave out --target, or run experiment 2.`);
  }
  return definition;
}

function rolesOf(spec: ExperimentSpec, options: RunOptions): { source: Role; target?: Role } {
  const transform = options.transform ?? 'protocol';
  return {
    source: { path: spec.source, transform },
    ...(spec.target ? { target: { path: spec.target, transform: options.targetTransform ?? transform } } : {}),
  };
}

/** `resnet18-cifar100-test-3fa94c01.safetensors`: readable, and different wherever the numbers may be. */
function storeName(model: string, dataset: string, key: string): string {
  const slug = dataset
    .replace(/^folder:.*\/(?=[^/]+)/, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${model}-${slug}-${key.slice(0, 12)}.safetensors`;
}

async function fitPair(source: Store, target: Store, sameModel: boolean, options: RunOptions): Promise<Fit[]> {
  checkRows(source, target);
  const { signal, onProgress, alphas = [0], rcond } = options;
  const stage = `fit ${source.provenance.model.name} → ${target.provenance.model.name}`;
  const begun = performance.now();
  const statistics = await accumulate(source.logits, target.features, {
    signal,
    onProgress: (progress) => onProgress?.({ ...progress, stage }),
  });
  const shared = (performance.now() - begun) / 1000;
  const span = await trainingSpan(statistics, { rcond });
  const fits: Fit[] = [];
  for (const alpha of alphas) {
    for (const prior of sameModel ? ([null, 'head'] as const) : ([null] as const)) {
      const solving = performance.now();
      const map = await solve(statistics, {
        alpha,
        rcond,
        ...(prior === 'head' ? { prior: await pseudoInverse(source.head) } : {}),
      });
      const { rank, gap, condition, solver, warning } = map.fit;
      const seconds = shared + (performance.now() - solving) / 1000;
      fits.push({
        map,
        prior,
        solver,
        alpha,
        rank,
        gap,
        condition,
        seconds,
        span,
        warnings: warning === null ? [] : [warning],
        sgd: null,
        diverged: false,
      });
    }
  }
  if (options.sgd) {
    const solving = performance.now();
    const map = await fitSgd(source.logits, target.features, {
      ...options.sgd,
      signal,
      onProgress: (progress) => onProgress?.({ ...progress, stage: `${stage} by SGD` }),
    });
    const { diverged, note, epochs, batchSize, learningRate, momentum, shuffle } = map.fit;
    fits.push({
      map,
      prior: null,
      solver: 'sgd',
      alpha: null,
      rank: null,
      gap: null,
      condition: null,
      seconds: (performance.now() - solving) / 1000,
      span,
      warnings: note === null ? [] : [note],
      sgd: { epochs, batchSize, learningRate, momentum, shuffle },
      diverged,
    });
  }
  return fits;
}

function checkRows(source: Store, target: Store): void {
  const same =
    source.rows === target.rows && source.positions.every((position, row) => position === target.positions[row]);
  if (!same) {
    throw new FeatReconstructError(
      `Expected the same images for both models, found ${source.rows} of ${source.provenance.dataset.spec} for ${source.provenance.model.name} and ${target.rows} of ${target.provenance.dataset.spec} for ${target.provenance.model.name}. Delete both stores and run again.`,
    );
  }
}

async function judge(
  fit: Fit,
  source: Store,
  target: Store,
  sameModel: boolean,
  { topk = [5], signal, onProgress }: RunOptions,
): Promise<MapEvaluation> {
  checkRows(source, target);
  const stage = `evaluate ${source.provenance.model.name} → ${target.provenance.model.name} on ${target.provenance.dataset.spec}`;
  return evaluateMap(
    {
      head: target.head,
      map: fit.map,
      X: source.logits,
      Y: target.features,
      Z: target.logits,
      span: fit.span ?? undefined,
      labels: labelsOf(target),
      sameModel,
      topk: topk.filter((k) => k <= target.logits.cols),
    },
    { signal, onProgress: (progress) => onProgress?.({ ...progress, stage }) },
  );
}

/** The labels, where they can be the model's classes: as many of them as the model has. */
function labelsOf({ labels, logits }: Store): Int32Array | undefined {
  const most = labels.reduce((highest, label) => Math.max(highest, label), -1);
  return most + 1 === logits.cols ? labels : undefined;
}
