import { blockRows, FeatReconstructError } from '../base/index.js';
import { memoryRows, type LinearMap } from '../tensor/index.js';
import { openBlocks, type AccumulateOptions } from './accumulate.js';
import { readJoint } from './joint.js';
import type { Statistics } from './statistics.js';

/** `accumulate` for rows that come in pieces and are not kept: float32 rows of X (n, p) and Y (n, q). */
export interface Accumulator {
  /** Takes the next rows of X, of Y or of both. A block is added once as many rows of each are there. */
  add(rows: { x?: Float32Array; y?: Float32Array }): Promise<void>;
  /**
   * The statistics of all rows, the same to the bit as those of `accumulate` on the same rows.
   * @throws FeatReconstructError when X and Y came with different numbers of rows, or with none
   */
  finish(): Promise<Statistics>;
  /** Frees the memory. */
  release(): Promise<void>;
}

/**
 * Opens an accumulator for rows X (n, p) and Y (n, q). It holds a block of 4,096 rows of each.
 * @param options `read`: a map of `logitReader`; X is then what it makes of the rows that are added, in float64
 */
export async function openAccumulator(
  p: number,
  q: number,
  { executionProviders, read }: Pick<AccumulateOptions, 'executionProviders'> & { read?: LinearMap } = {},
): Promise<Accumulator> {
  const type = read ? 'float64' : 'float32';
  const width = read ? read.weight.shape[1] : p;
  const blocks = await openBlocks([p, q], [type, 'float32'], executionProviders);
  const [xs, ys] = [new RowQueue(width), new RowQueue(q)];
  // The same blocks of the same rows as from a store, so that the bits are the same.
  const mapped = async (rows: Float32Array, count: number) =>
    read ? readJoint(read, memoryRows(rows, count, width)).read(0, count) : rows;
  let done = 0;
  const take = async (rows: number): Promise<void> => {
    await blocks.add(await mapped(xs.take(rows), rows), ys.take(rows), done);
    done += rows;
  };
  return {
    async add({ x, y }) {
      if (x) xs.push(x);
      if (y) ys.push(y);
      while (Math.min(xs.rows, ys.rows) >= blockRows) await take(blockRows);
    },
    async finish() {
      if (xs.rows !== ys.rows || done + xs.rows === 0) {
        throw new FeatReconstructError(
          `Expected X and Y to have a row for each example, found ${done + xs.rows} rows in X and ${done + ys.rows} in Y.`,
          { code: 'mismatch' },
        );
      }
      if (xs.rows > 0) await take(xs.rows);
      return blocks.statistics(type);
    },
    release: () => blocks.release(),
  };
}

/** Rows that have been added and are not taken yet. */
class RowQueue {
  private readonly pieces: Float32Array[] = [];
  rows = 0;

  constructor(private readonly cols: number) {}

  push(rows: Float32Array): void {
    this.pieces.push(rows);
    this.rows += rows.length / this.cols;
  }

  /** The first `count` rows, as an array of their own. */
  take(count: number): Float32Array {
    const out = new Float32Array(count * this.cols);
    for (let at = 0; at < out.length;) {
      const [piece] = this.pieces;
      const used = piece.subarray(0, out.length - at);
      out.set(used, at);
      at += used.length;
      if (used.length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(used.length);
    }
    this.rows -= count;
    return out;
  }
}
