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
      kept ??= source.read(0, rows).then((all) => memoryRows(all, rows, cols));
      return (await kept).read(start, end);
    },
  };
}
