import type { GraphTensor } from '../runtime/index.js';
import type { RowSource } from '../tensor/index.js';

/** Rows of X and Y, in the order of an epoch, as float32 tensors. */
interface EpochRows {
  /** Called before an epoch's first read. */
  newEpoch(): void;
  read(start: number, end: number): Promise<{ x: GraphTensor; y: GraphTensor }>;
}

/** Rows in the order of the data. A float32 array in memory is not copied. */
export function orderedRows(x: RowSource, y: RowSource): EpochRows {
  const block = async (source: RowSource, start: number, end: number): Promise<GraphTensor> =>
    float32(await source.read(start, end), source.cols);
  return {
    newEpoch: () => undefined,
    read: async (start, end) => ({ x: await block(x, start, end), y: await block(y, start, end) }),
  };
}

/** Rows in a new random order every epoch. */
export function shuffledRows(x: RowSource, y: RowSource, random: () => number): EpochRows {
  const order = Int32Array.from({ length: x.rows }, (_, i) => i);
  const gather = async (source: RowSource, start: number, end: number): Promise<GraphTensor> => {
    const data = new Float32Array((end - start) * source.cols);
    for (let i = start; i < end; i++) {
      data.set(await source.read(order[i], order[i] + 1), (i - start) * source.cols);
    }
    return float32(data, source.cols);
  };
  return {
    // Fisher and Yates.
    newEpoch() {
      for (let i = order.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
    },
    read: async (start, end) => ({ x: await gather(x, start, end), y: await gather(y, start, end) }),
  };
}

const float32 = (data: Float32Array | Float64Array, cols: number): GraphTensor => ({
  type: 'float32',
  data: data instanceof Float32Array ? data : new Float32Array(data),
  dims: [data.length / cols, cols],
});
