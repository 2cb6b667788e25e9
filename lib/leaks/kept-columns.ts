import { aboutFewer, type RowSource } from '../tensor/index.js';

/** Outputs that keep some columns of each row when it is first read. */
export interface KeptColumns extends RowSource {
  /** Those columns alone, without reading any row again; null before every row was read, or of other columns. */
  only(columns: Int32Array): RowSource | null;
  /** Frees them; rows are read again from then on. */
  forget(): void;
}

/** Most bytes that are kept. */
const mostKept = 2 ** 29;

/**
 * A space of very many outputs is found from some of them, in several passes: these are kept while the rows are examined, so that
 * the others are read once.
 * @param columns ascending; nothing is kept where these are all columns, or would not fit into memory
 */
export function keepColumns(outputs: RowSource, columns: Int32Array): RowSource {
  const { rows, cols, dtype } = outputs;
  const width = columns.length;
  if (width >= cols || rows * width * (dtype === 'float64' ? 8 : 4) > mostKept) return outputs;
  let kept: Float32Array | Float64Array | undefined;
  let keeps = true;
  const known = new Uint8Array(rows);
  const source: KeptColumns = {
    ...{ rows, cols, dtype },
    ...(outputs.about ? { about: outputs.about } : {}),
    async read(start, end) {
      const block = await outputs.read(start, end);
      if (!keeps) return block;
      kept ??= block instanceof Float64Array ? new Float64Array(rows * width) : new Float32Array(rows * width);
      for (let i = start; i < end; i++) {
        if (known[i]) continue;
        const [from, to] = [(i - start) * cols, i * width];
        for (let j = 0; j < width; j++) kept[to + j] = block[from + columns[j]];
        known[i] = 1;
      }
      return block;
    },
    only(asked) {
      const same = asked.length === width && asked.every((column, j) => column === columns[j]);
      if (!same || !kept || known.includes(0)) return null;
      const all = kept;
      return {
        ...{ rows, cols: width, dtype },
        ...aboutFewer(outputs),
        read: async (start, end) => all.subarray(start * width, end * width),
      };
    },
    forget() {
      keeps = false;
      kept = undefined;
    },
  };
  return source;
}

/** Some columns of outputs, from what is kept of them where they are. */
export function onlyColumns(outputs: RowSource, columns: Int32Array): RowSource {
  const kept = (outputs as Partial<KeptColumns>).only?.(columns);
  if (kept) return kept;
  const { rows, cols, dtype } = outputs;
  const width = columns.length;
  return {
    ...{ rows, cols: width, dtype },
    ...aboutFewer(outputs),
    async read(start, end) {
      const block = await outputs.read(start, end);
      if (width === cols) return block;
      const out =
        block instanceof Float64Array
          ? new Float64Array((end - start) * width)
          : new Float32Array((end - start) * width);
      for (let i = 0; i < end - start; i++) {
        for (let j = 0; j < width; j++) out[i * width + j] = block[i * cols + columns[j]];
      }
      return out;
    },
  };
}

/** Frees the columns that are kept of outputs, if any: what follows needs the memory more. */
export const forgetColumns = (outputs: RowSource): void => (outputs as Partial<KeptColumns>).forget?.();
