import { blockRows, FeatReconstructError, type TaskOptions } from '../base/index.js';
import { createSession, type SessionOptions } from '../runtime/index.js';
import { toRowSource, type RowsLike } from '../tensor/index.js';
import { blockGraph, panels } from './block-graph.js';
import { mergeNodes, Statistics, type Dtype, type MergeNode, type Moments } from './statistics.js';

/** Options of {@link accumulate}. */
export interface AccumulateOptions extends TaskOptions {
  /** Where the arithmetic runs; it needs float64. Default `cpu`. */
  executionProviders?: SessionOptions['executionProviders'] | undefined;
  /** Position of X's first row in the whole data set, where X is a shard of it. Default 0. */
  firstRow?: number | undefined;
}

/**
 * One pass over the rows of X (n, p) and Y (n, q): counts, means and centred sums of products in float64, computed on
 * ONNX Runtime in blocks of 4,096 rows and merged in a fixed tree, so that the same rows give the same bits.
 * @throws FeatReconstructError when X and Y differ in rows, have none, or hold a NaN or an infinity
 */
export async function accumulate(X: RowsLike, Y: RowsLike, options: AccumulateOptions = {}): Promise<Statistics> {
  const { signal, onProgress, executionProviders, firstRow = 0 } = options;
  const x = toRowSource(X, 'X');
  const y = toRowSource(Y, 'Y');
  if (x.rows !== y.rows) {
    throw new FeatReconstructError(
      `Expected X and Y to have a row for each example, found ${x.rows} rows in X and ${y.rows} in Y.`,
      { code: 'mismatch' },
    );
  }
  if (x.rows === 0 || x.cols === 0 || y.cols === 0) {
    throw new FeatReconstructError(
      `Expected X and Y to have rows and columns, found X ${x.rows} x ${x.cols} and Y ${y.rows} x ${y.cols}.`,
      { code: 'too-few-rows' },
    );
  }
  const ranges = blockRanges(x.rows, firstRow);
  const read = ([start, end]: [number, number]) => Promise.all([x.read(start, end), y.read(start, end)]);
  let next = read(ranges[0]);
  const first = await next;
  const blocks = await openBlocks([x.cols, y.cols], [typeOf(first[0]), typeOf(first[1])], executionProviders);
  try {
    for (const [k, [start, end]] of ranges.entries()) {
      signal?.throwIfAborted();
      const [xs, ys] = await next;
      // The next block is read from disk while ONNX Runtime works on this one.
      if (k + 1 < ranges.length) {
        next = read(ranges[k + 1]);
        next.catch(() => undefined);
      }
      await blocks.add(xs, ys, firstRow + start);
      onProgress?.({ stage: 'statistics', done: end, total: x.rows, unit: 'rows' });
    }
    return blocks.statistics(x.dtype);
  } finally {
    await blocks.release();
  }
}

/** Ranges [start, end) of rows, cut at multiples of the block length, counted from the whole data set's first row. */
function blockRanges(rows: number, firstRow: number): [number, number][] {
  const ranges: [number, number][] = [];
  for (let start = 0; start < rows;) {
    const end = Math.min(rows, start + blockRows - ((firstRow + start) % blockRows));
    ranges.push([start, end]);
    start = end;
  }
  return ranges;
}

const typeOf = (data: Float32Array | Float64Array): 'float32' | 'float64' =>
  data instanceof Float64Array ? 'float64' : 'float32';

type Rows = Float32Array | Float64Array;

/** Statistics that are accumulated block by block: one graph, and the tree in which the blocks' moments are merged. */
export interface Blocks {
  /**
   * Adds the rows of the whole data set from `start` on: at most one block's, and none of the next block.
   * @param x (rows, p)
   * @param y (rows, q)
   * @param end the row after them, where some in between are left out. Default: `start` plus their number
   * @throws FeatReconstructError where they hold a NaN or an infinity, or their sums overflow
   */
  add(x: Rows, y: Rows, start: number, end?: number): Promise<void>;
  /** The statistics of all blocks so far. @param dtype what X was stored as */
  statistics(dtype: Dtype): Statistics;
  /** Frees the graph's memory. */
  release(): Promise<void>;
}

/**
 * Opens an accumulation of rows of X (n, p) and Y (n, q).
 * @param types of X's and Y's numbers
 * @param before nodes of rows that were added earlier, to continue from
 */
export async function openBlocks(
  [p, q]: readonly [number, number],
  types: readonly ['float32' | 'float64', 'float32' | 'float64'],
  executionProviders: AccumulateOptions['executionProviders'],
  before: readonly MergeNode[] = [],
): Promise<Blocks> {
  const session = await createSession(blockGraph(p, q, ...types), {
    executionProviders,
    // An optimiser may rearrange the graph for one input type and not for another, which would then round differently.
    graphOptimizationLevel: 'disabled',
    // 160 MB less for 1000 → 2048 columns, at the same speed to a twentieth (bench/stream.ts).
    enableMemPattern: false,
  });
  let nodes: readonly MergeNode[] = before;
  return {
    async add(xs, ys, start, end) {
      const n = xs.length / p;
      const results = session.run({
        x: { type: typeOf(xs), data: xs, dims: [n, p] },
        y: { type: typeOf(ys), data: ys, dims: [n, q] },
      });
      nodes = mergeNodes(nodes, p, true);
      const out = await results;
      const moments: Moments = {
        n,
        mean: out.mean.data as Float64Array,
        gram: panels(p, q).map((_, i) => out[`gram${i}`].data as Float64Array),
        ssY: out.squares.data as Float64Array,
      };
      if (!moments.mean.every(Number.isFinite)) throw notFinite([xs, p], [ys, q], start);
      nodes = [...nodes, { level: 0, index: Math.floor(start / blockRows), start, end: end ?? start + n, moments }];
    },
    statistics: (dtype) => new Statistics(p, q, dtype, mergeNodes(nodes, p, true)),
    release: () => session.release(),
  };
}

function notFinite(x: readonly [Rows, number], y: readonly [Rows, number], start: number): FeatReconstructError {
  for (const [name, [data, cols]] of [['X', x] as const, ['Y', y] as const]) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      const row = start + Math.floor(at / cols);
      return new FeatReconstructError(
        `Expected finite numbers, found ${data[at]} in ${name}, row ${row} (counted from 0), column ${at % cols}; leave that example out or look at what made it.`,
        { code: 'not-finite' },
      );
    }
  }
  return new FeatReconstructError(
    `Expected sums that float64 can hold, found an overflow in rows ${start} to ${start + blockRows - 1}; scale X and Y down.`,
    { code: 'not-finite' },
  );
}
