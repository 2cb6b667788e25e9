import { loadRows } from '../../lib/extract/store.js';
import { memoryRows } from '../../lib/tensor/index.js';

test.each([1, 4095, 4096, 4097, 10_000])('%i rows are loaded as they are, whatever is read at a time', async (rows) => {
  const data = Float32Array.from({ length: 2 * rows }, (_, i) => i + 1);
  expect(Buffer.from((await loadRows(memoryRows(data, rows, 2))).buffer).equals(Buffer.from(data.buffer))).toBe(true);
});
