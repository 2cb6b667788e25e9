import type { RowSource } from '../tensor/index.js';

/** ImageNet's 1000 classes with "background" before them, as TensorFlow's models have them. */
const withBackground = 1001;
const backgroundOf = ({ cols }: RowSource): number => (cols === withBackground ? 1 : 0);

/**
 * Share of images on which two models give the same class of their own; null where they have not the same classes. 1001
 * classes are 1000 after a background, which is no class of the other's.
 */
export async function rawAgreement(source: RowSource, target: RowSource): Promise<number | null> {
  const [before, after] = [backgroundOf(source), backgroundOf(target)];
  if (source.cols - before !== target.cols - after) return null;
  if (source === target) return 1;
  const step = 1024;
  let agreed = 0;
  for (let start = 0; start < source.rows; start += step) {
    const end = Math.min(source.rows, start + step);
    const [a, b] = [await source.read(start, end), await target.read(start, end)];
    for (let row = 0; row < end - start; row++) {
      const own = argMax(a, row * source.cols, source.cols) - before;
      if (own === argMax(b, row * target.cols, target.cols) - after) agreed++;
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
