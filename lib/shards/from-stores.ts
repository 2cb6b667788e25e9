import { blockRows, FeatReconstructError, type TaskOptions } from '../base/index.js';
import { coveredBy, openStore, type Store } from '../extract/index.js';
import { mergeStatistics, openBlocks, type AccumulateOptions, type Statistics } from '../fit/index.js';
import { joinOrigins, originOf, type Origin, type OriginOfFile, type Tensor } from './origin.js';

/** Statistics, and which rows they are of. */
export interface StatisticsOf {
  statistics: Statistics;
  origin: Origin;
}

/** The rows of X or of Y: a tensor of one model's stores. */
interface StoredRows {
  /** Stores of shards of one data set, or of all of it; in any order. */
  paths: readonly string[];
  tensor: Tensor;
}

type StoreOptions = TaskOptions & Pick<AccumulateOptions, 'executionProviders'>;

/**
 * Statistics of the rows of stores. Blocks are cut at positions in the whole data set, so that shards, in any number and order,
 * merge to the bits of one run.
 * @param y stores of the same images, one for each of X's
 * @throws FeatReconstructError where stores are not of one data set, or two of them hold the same images
 */
export async function accumulateStores(
  x: StoredRows,
  y: StoredRows,
  options: StoreOptions = {},
): Promise<StatisticsOf> {
  if (x.paths.length !== y.paths.length) {
    throw new FeatReconstructError(
      `Expected a store of Y for each of X, found ${y.paths.length} and ${x.paths.length}.`,
      { code: 'mismatch' },
    );
  }
  const parts: Statistics[] = [];
  const origins: OriginOfFile[] = [];
  for (const [k, path] of x.paths.entries()) {
    const stores = await openPair(path, y.paths[k], options);
    try {
      // Checked before the pass over the rows, which takes long.
      const origin = originOf(
        { provenance: stores.x.provenance, tensor: x.tensor },
        { provenance: stores.y.provenance, tensor: y.tensor },
        stores.x.skipped.length,
      );
      origins.push({ path, origin });
      joinOrigins(origins);
      parts.push(await accumulatePair(stores, [x.tensor, y.tensor], options));
    } finally {
      for (const store of new Set([stores.x, stores.y])) await store.close();
    }
  }
  return { statistics: mergeStatistics(...parts), origin: joinOrigins(origins) };
}

interface Pair {
  x: Store;
  y: Store;
}

/** @throws FeatReconstructError where the two are not of the same images */
async function openPair(xPath: string, yPath: string, options: TaskOptions): Promise<Pair> {
  const x = await openStore(xPath, options);
  if (xPath === yPath) return { x, y: x };
  const y = await openStore(yPath, options).catch(async (error: unknown) => {
    await x.close();
    throw error;
  });
  const isSame =
    x.provenance.dataset.digest === y.provenance.dataset.digest &&
    x.rows === y.rows &&
    x.positions.every((position, row) => position === y.positions[row]);
  if (isSame) return { x, y };
  await x.close();
  await y.close();
  throw new FeatReconstructError(
    `Expected X and Y of the same images in the same order, found ${xPath} of ${x.provenance.dataset.spec}, ${x.rows} rows, and ${yPath} of ${y.provenance.dataset.spec}, ${y.rows} rows: extract both from the same shard.`,
    { code: 'mismatch' },
  );
}

/** Statistics of a store of X and one of Y. */
async function accumulatePair(
  { x, y }: Pair,
  [xTensor, yTensor]: readonly [Tensor, Tensor],
  { signal, onProgress, executionProviders }: StoreOptions,
): Promise<Statistics> {
  const [xs, ys] = [x[xTensor], y[yTensor]];
  const { start, end } = coveredBy(x.provenance);
  const first = [await xs.read(0, 1), await ys.read(0, 1)];
  const [xType, yType] = first.map((rows) => (rows instanceof Float64Array ? 'float64' : 'float32'));
  const blocks = await openBlocks([xs.cols, ys.cols], [xType, yType], executionProviders);
  try {
    for (const { from, to, position, next } of positionBlocks(x.positions, start, end)) {
      signal?.throwIfAborted();
      await blocks.add(await xs.read(from, to), await ys.read(from, to), position, next);
      onProgress?.({ stage: `statistics of ${x.path}`, done: to, total: x.rows, unit: 'rows' });
    }
    return blocks.statistics(xs.dtype);
  } finally {
    await blocks.release();
  }
}

/** Rows [from, to) of a store whose images lie in one block of the data set, [position, next); blocks without any are left out. */
export function* positionBlocks(
  positions: Int32Array,
  start: number,
  end: number,
): Generator<{ from: number; to: number; position: number; next: number }> {
  for (let from = 0, position = start; position < end;) {
    const next = Math.min(end, position + blockRows - (position % blockRows));
    let to = from;
    while (to < positions.length && start + positions[to] < next) to++;
    if (to > from) yield { from, to, position, next };
    [from, position] = [to, next];
  }
}
