import { keepColumns, onlyColumns, forgetColumns } from '../../lib/leaks/kept-columns.js';
import { memoryRows, type RowSource } from '../../lib/tensor/index.js';

const [rows, cols] = [6, 5];
const values = Float32Array.from({ length: rows * cols }, (_, i) => i);
const columns = Int32Array.of(1, 4);
const picked = [1, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 29];

/** Rows that count how often they are read. */
function counted(): { source: RowSource; reads: () => number } {
  const source = memoryRows(values, rows, cols);
  let reads = 0;
  return {
    source: { ...source, rows, cols, dtype: 'float32', read: (a, b) => (reads++, source.read(a, b)) },
    reads: () => reads,
  };
}

const all = async (source: RowSource): Promise<number[]> => Array.from(await source.read(0, source.rows));

test('columns that are kept are those that are picked, without reading again', async () => {
  const { source, reads } = counted();
  const kept = keepColumns(source, columns);
  for (const [from, to] of [
    [0, 2],
    [1, 4],
  ]) {
    await kept.read(from, to);
  }
  // Two rows were not read so far: what is asked for is read as ever.
  expect(await all(onlyColumns(kept, columns))).toEqual(picked);
  const before = reads();
  expect(await all(onlyColumns(kept, columns))).toEqual(picked);
  expect(Array.from(await onlyColumns(kept, columns).read(2, 4))).toEqual(picked.slice(4, 8));
  expect(reads()).toBe(before);
});

test('other columns, and those that were forgotten, are read again', async () => {
  const { source, reads } = counted();
  const kept = keepColumns(source, columns);
  expect(await all(kept)).toEqual(Array.from(values));
  expect(await all(onlyColumns(kept, Int32Array.of(0, 4)))).toEqual([0, 4, 5, 9, 10, 14, 15, 19, 20, 24, 25, 29]);
  forgetColumns(kept);
  const before = reads();
  expect(await all(onlyColumns(kept, columns))).toEqual(picked);
  expect(await all(onlyColumns(kept, columns))).toEqual(picked);
  expect(reads()).toBe(before + 2);
});

test('nothing is kept of rows that are wanted whole', () => {
  const { source } = counted();
  expect(keepColumns(source, Int32Array.of(0, 1, 2, 3, 4))).toBe(source);
});
