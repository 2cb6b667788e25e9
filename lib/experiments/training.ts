import type { ActivationBatch, SkippedImage, Store } from '../extract/index.js';
import { accumulate, openAccumulator, type Accumulator, type Statistics } from '../fit/index.js';
import { float64Providers } from '../runtime/index.js';
import type { RowSource } from '../tensor/index.js';
import { checkSameImages, type Extraction, type Role } from './extraction.js';
import type { RunOptions } from './options.js';

/** A model's part in the training of a pair, without its rows. */
export type Trained = Pick<Store, 'rows' | 'positions' | 'head' | 'provenance' | 'skipped'>;

/** What the training images say of a pair: source logits against target features. */
export interface Training {
  source: Trained;
  target: Trained;
  sameModel: boolean;
  statistics: Statistics;
  seconds: { extract: number; statistics: number };
  /** Null where they were not kept. */
  rows: { logits: RowSource; features: RowSource } | null;
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
  { signal, onProgress, model }: RunOptions,
): Promise<Training> {
  const [x, y] = [await extraction.of(source, dataset), await extraction.of(target, dataset)];
  checkSameImages(x.store, y.store);
  const stage = `fit ${x.store.provenance.model.name} → ${y.store.provenance.model.name}`;
  const begun = performance.now();
  const statistics = await accumulate(x.store.logits, y.store.features, {
    executionProviders: float64Providers(model?.executionProviders),
    signal,
    onProgress: (progress) => onProgress?.({ ...progress, stage }),
  });
  return {
    source: x.store,
    target: y.store,
    sameModel: x === y,
    statistics,
    seconds: {
      extract: [...new Set([x, y])].reduce((sum, { seconds }) => sum + seconds, 0),
      statistics: (performance.now() - begun) / 1000,
    },
    rows: { logits: x.store.logits, features: y.store.features },
  };
}

/** A model on its way through the images. */
interface Pass {
  trained: { -readonly [Key in keyof Trained]: Trained[Key] };
  seen: number[];
  batches: AsyncGenerator<ActivationBatch>;
}

/**
 * Each model runs once over the images; its rows go to the statistics of every pair that it is in and are let go. The
 * models go side by side, the one that is behind first, so that little waits.
 */
async function streamedTrainings(
  pairs: readonly (readonly [Role, Role])[],
  dataset: string,
  extraction: Extraction,
  options: RunOptions,
): Promise<Training[]> {
  const begun = performance.now();
  const passes = new Map<string, Pass>();
  for (const role of pairs.flat()) {
    if (!passes.has(role.path)) passes.set(role.path, await openPass(role, dataset, extraction));
  }
  const accumulators: { accumulator: Accumulator; x: Pass; y: Pass }[] = [];
  let statisticsTime = 0;
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work;
    statisticsTime += performance.now() - start;
    return result;
  };
  try {
    for (const [source, target] of pairs) {
      const [x, y] = [passes.get(source.path)!, passes.get(target.path)!];
      const [p, q] = [x.trained.provenance.model.classCount, y.trained.provenance.model.featureDim];
      const providers = { executionProviders: float64Providers(options.model?.executionProviders) };
      accumulators.push({ accumulator: await openAccumulator(p, q, providers), x, y });
    }
    const open = new Set(passes.values());
    while (open.size > 0) {
      const pass = [...open].reduce((behind, each) => (each.seen.length < behind.seen.length ? each : behind));
      const { value, done } = await pass.batches.next();
      if (done) {
        open.delete(pass);
        continue;
      }
      pass.seen.push(...value.positions);
      (pass.trained.skipped as SkippedImage[]).push(...value.skipped);
      for (const { accumulator, x, y } of accumulators) {
        const rows = { x: x === pass ? value.logits : undefined, y: y === pass ? value.features : undefined };
        await timed(accumulator.add(rows));
      }
    }
    const trainings: Training[] = [];
    for (const { trained, seen } of passes.values()) {
      trained.rows = seen.length;
      trained.positions = Int32Array.from(seen);
    }
    for (const { accumulator, x, y } of accumulators) {
      checkSameImages(x.trained, y.trained);
      const statistics = await timed(accumulator.finish());
      trainings.push({
        source: x.trained,
        target: y.trained,
        sameModel: x === y,
        statistics,
        seconds: { extract: 0, statistics: 0 },
        rows: null,
      });
    }
    // The pass is shared by the pairs, and so are its seconds.
    const extract = (performance.now() - begun - statisticsTime) / 1000;
    for (const { seconds } of trainings) Object.assign(seconds, { extract, statistics: statisticsTime / 1000 });
    return trainings;
  } finally {
    for (const { accumulator } of accumulators) await accumulator.release();
    for (const { batches } of passes.values()) await batches.return(undefined);
  }
}

async function openPass(role: Role, dataset: string, extraction: Extraction): Promise<Pass> {
  const { head } = await extraction.load(role);
  const { provenance, batches } = await extraction.stream(role, dataset);
  const trained = { rows: 0, positions: new Int32Array(0), head, provenance, skipped: [] };
  return { trained, seen: [], batches };
}
