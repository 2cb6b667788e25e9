import type { RowSource } from '../tensor/index.js';

/** Share of images on which two models give the same class of their own; null where they have not the same classes. */
export async function rawAgreement(source: RowSource, target: RowSource): Promise<number | null> {
  if (source.cols !== target.cols) return null;
  if (source === target) return 1;
  const step = 1024;
  let agreed = 0;
  for (let start = 0; start < source.rows; start += step) {
    const end = Math.min(source.rows, start + step);
    const [a, b] = [await source.read(start, end), await target.read(start, end)];
    for (let at = 0; at < a.length; at += source.cols) {
      if (argMax(a, at, source.cols) === argMax(b, at, source.cols)) agreed++;
    }
  }
  return agreed / source.rows;
}

/** The lowest index of the largest value, as in NumPy. */
function argMax(values: Float32Array | Float64Array, offset: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[offset + i] > values[offset + best]) best = i;
  return best;
}
