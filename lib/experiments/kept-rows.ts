import type { Store } from '../extract/index.js';
import { memoryRows, type RowSource } from '../tensor/index.js';
import { widest } from './shown.js';

/** Most bytes of logits that are kept: 3,000 images of 21,843 classes. */
const mostKept = 2 ** 28;

/**
 * A store whose logits are read from disk once, where there are very many classes and few enough rows to keep: each
 * interface reads all of them again for a few columns.
 */
export function readOnce(store: Store): Store {
  const { rows, cols } = store.logits;
  return cols > widest && 4 * rows * cols <= mostKept ? { ...store, logits: keptRows(store.logits) } : store;
}

function keptRows(source: RowSource): RowSource {
  const { rows, cols, dtype } = source;
  let kept: Promise<RowSource> | null = null;
  return {
    ...{ rows, cols, dtype },
    async read(start, end) {
      kept ??= readAll(source);
      return (await kept).read(start, end);
    },
  };
}

async function readAll(source: RowSource): Promise<RowSource> {
  const { rows, cols } = source;
  const step = Math.max(1, Math.floor(2 ** 22 / cols));
  let all: Float32Array | Float64Array | null = null;
  for (let start = 0; start < rows; start += step) {
    const block = await source.read(start, Math.min(rows, start + step));
    all ??= block instanceof Float64Array ? new Float64Array(rows * cols) : new Float32Array(rows * cols);
    all.set(block, start * cols);
  }
  return memoryRows(all ?? new Float32Array(0), rows, cols);
}
