import { addRows, checksumList, type Checksums } from '../../lib/extract/checksums.js';

test('checksums are of the same blocks, however many rows come at a time', () => {
  const [rows, cols] = [10_000, 3];
  const data = Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i));
  const tensors = [{ name: 'x', dtype: 'F32' as const, shape: [rows, cols] }];
  const header = Buffer.from('{}');
  const listOf = (step: number): Int32Array => {
    const sums: Checksums = {};
    for (let start = 0; start < rows; start += step) {
      const end = Math.min(rows, start + step);
      addRows(sums, 'x', end - start, data.subarray(start * cols, end * cols));
    }
    return checksumList(sums, tensors, header);
  };
  const whole = listOf(rows);
  // The header's, and three blocks of 4,096 rows or what is left.
  expect(whole).toHaveLength(4);
  for (const step of [1, 30, 32, 4095, 4096, 4097, 9000]) expect(listOf(step)).toEqual(whole);
  data[3 * 5000] += 1;
  expect(Array.from(listOf(100), (sum, i) => sum === whole[i])).toEqual([true, true, false, true]);
});
