import type { Progress } from '../base/index.js';
import type { ActivationBatch, SkippedImage, Store } from '../extract/index.js';
import {
  accumulate,
  accumulateFolds,
  mergeStatistics,
  openAccumulator,
  type Accumulator,
  type Statistics,
} from '../fit/index.js';
import { float64Providers } from '../runtime/index.js';
import type { LinearMap, RowSource } from '../tensor/index.js';
import { checkSameImages, isSameRows, type Extracted, type Extraction, type Role } from './extraction.js';
import type { RunOptions } from './options.js';
import { headReader, readsOf } from './reading.js';

/** A model's part in the training of a pair, without its rows. */
export type Trained = Pick<Store, 'rows' | 'positions' | 'head' | 'provenance' | 'skipped'>;

/**
 * What a pair is fitted from: the statistics of the source's logits and the target's features on the training images.
 */
export interface Training {
  source: Trained;
  target: Trained;
  sameModel: boolean;
  /** From the source's features to what the statistics are of; null where they are of its logits. */
  read: LinearMap | null;
  statistics: Statistics;
  /** The same by fold, where alpha is chosen by cross-validation. */
  folds?: Statistics[];
  seconds: { extract: number; statistics: number };
  /** The rows themselves; null where they were not kept. */
  rows: { source: Store; target: Store; x: RowSource } | null;
}

/** The training of each pair, one after another from stores or, without stores, all in one pass over the images. */
export async function* trainPairs(
  pairs: readonly (readonly [Role, Role])[],
  dataset: string,
  extraction: Extraction,
  options: RunOptions,
): AsyncGenerator<Training> {
  if (options.stores === null) yield* await streamedTrainings(pairs, dataset, extraction, options);
  else for (const pair of pairs) yield await storedTraining(pair, dataset, extraction, options);
}

async function storedTraining(
  [source, target]: readonly [Role, Role],
  dataset: string,
  extraction: Extraction,
  options: RunOptions,
): Promise<Training> {
  return trainingFrom(await extraction.of(source, dataset), await extraction.of(target, dataset), options);
}

/** The training of a pair from its stores, which are the same where source and target are one model. */
export async function trainingFrom(
  x: Extracted,
  y: Extracted,
  { signal, onProgress, executionProviders, crossValidation }: RunOptions,
): Promise<Training> {
  checkSameImages(x.store, y.store);
  const stage = `fit ${x.store.provenance.model.name} → ${y.store.provenance.model.name}`;
  const begun = performance.now();
  const task = {
    executionProviders: float64Providers(executionProviders),
    signal,
    onProgress: (progress: Progress) => onProgress?.({ ...progress, stage }),
  };
  const read = await headReader(x.store.head);
  const rows = { source: x.store, target: y.store, x: read ? readsOf(read)(x.store) : x.store.logits };
  const { features } = y.store;
  const folds = crossValidation && (await accumulateFolds(rows.x, features, { ...crossValidation, ...task }));
  const statistics = folds ? mergeStatistics(...folds) : await accumulate(rows.x, features, task);
  return {
    source: x.store,
    target: y.store,
    sameModel: isSameRows(x.store, y.store),
    read,
    statistics,
    ...(folds ? { folds } : {}),
    seconds: {
      extract: [...new Set([x, y])].reduce((sum, { seconds }) => sum + seconds, 0),
      statistics: (performance.now() - begun) / 1000,
    },
    rows,
  };
}

/** A model on its way through the images. */
interface StreamedModel {
  role: Role;
  head: Trained['head'];
  provenance: Trained['provenance'];
  batches: AsyncGenerator<ActivationBatch>;
  positions: number[];
  skipped: SkippedImage[];
}

/** A pair whose statistics are being accumulated. */
interface OpenPair {
  source: StreamedModel;
  target: StreamedModel;
  read: LinearMap | null;
  accumulator: Accumulator;
}

/**
 * Each model runs once over the images; its rows go to the statistics of every pair that it is in and are let go. The
 * seconds of the pass are shared by the pairs.
 */
async function streamedTrainings(
  pairs: readonly (readonly [Role, Role])[],
  dataset: string,
  extraction: Extraction,
  options: RunOptions,
): Promise<Training[]> {
  const begun = performance.now();
  const passes: StreamedModel[] = [];
  const pending: OpenPair[] = [];
  try {
    for (const role of pairs.flat()) {
      if (passOf(passes, role)) continue;
      const { provenance, batches } = await extraction.stream(role, dataset);
      const { head } = await extraction.load(role);
      passes.push({ role, head, provenance, batches, positions: [], skipped: [] });
    }
    for (const [source, target] of pairs) {
      pending.push(await openPair(passOf(passes, source)!, passOf(passes, target)!, options));
    }
    let statistics = await streamRows(passes, pending);
    const trainings: Training[] = [];
    for (const { source, target, read, accumulator } of pending) {
      checkSameImages(trained(source), trained(target));
      const finishing = performance.now();
      trainings.push({
        source: trained(source),
        target: trained(target),
        sameModel: isSameRows(source, target),
        read,
        statistics: await accumulator.finish(),
        seconds: { extract: 0, statistics: 0 },
        rows: null,
      });
      statistics += (performance.now() - finishing) / 1000;
    }
    const seconds = { extract: (performance.now() - begun) / 1000 - statistics, statistics };
    return trainings.map((training) => ({ ...training, seconds }));
  } finally {
    for (const { accumulator } of pending) await accumulator.release();
    for (const { batches } of passes) await batches.return(undefined);
  }
}

const passOf = (passes: readonly StreamedModel[], { path }: Role): StreamedModel | undefined =>
  passes.find(({ role }) => role.path === path);

async function openPair(
  source: StreamedModel,
  target: StreamedModel,
  { executionProviders }: RunOptions,
): Promise<OpenPair> {
  const read = await headReader(source.head);
  const p = read ? read.weight.shape[0] : source.provenance.model.classCount;
  const accumulator = await openAccumulator(p, target.provenance.model.featureDim, {
    executionProviders: float64Providers(executionProviders),
    ...(read ? { read } : {}),
  });
  return { source, target, read, accumulator };
}

/**
 * Lets the models run side by side, the one that is behind first, so that few rows wait for each other.
 * @returns seconds of it that the statistics took
 */
async function streamRows(passes: readonly StreamedModel[], pending: readonly OpenPair[]): Promise<number> {
  const open = new Set(passes);
  let seconds = 0;
  while (open.size > 0) {
    const pass = [...open].reduce((a, b) => (b.positions.length < a.positions.length ? b : a));
    const { value, done } = await pass.batches.next();
    if (done) {
      open.delete(pass);
      continue;
    }
    pass.positions.push(...value.positions);
    pass.skipped.push(...value.skipped);
    const begun = performance.now();
    for (const { source, target, read, accumulator } of pending) {
      await accumulator.add({
        x: source === pass ? (read ? value.features : value.logits) : undefined,
        y: target === pass ? value.features : undefined,
      });
    }
    seconds += (performance.now() - begun) / 1000;
  }
  return seconds;
}

const trained = ({ head, provenance, positions, skipped }: StreamedModel): Trained => ({
  rows: positions.length,
  positions: Int32Array.from(positions),
  head,
  provenance,
  skipped,
});
