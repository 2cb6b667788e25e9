import { expect, test } from '@jest/globals';
import { accumulate, openAccumulator, type Statistics } from '../../lib/fit/index.js';
import { toNdArray } from '../../lib/tensor/index.js';
import { integers } from './data.js';
import { coded } from '../support/coded.js';

const [p, q] = [7, 5];
const x = (n: number): Float32Array => Float32Array.from(integers(n, p, 1), (value, i) => value + 0.1 * (i % 13));
const y = (n: number): Float32Array => Float32Array.from(integers(n, q, 2), (value, i) => value / (3 + (i % 7)));

/** Every number of the merge tree. */
const bits = ({ nodes }: Statistics) => nodes.map(({ moments, ...place }) => ({ ...place, ...moments }));

test.each([100, 4096, 9000, 3 * 4096 + 1])(
  'rows that come in pieces give the bits of rows at once: %i rows',
  async (n) => {
    const [xs, ys] = [x(n), y(n)];
    const whole = await accumulate(toNdArray(xs, [n, p]), toNdArray(ys, [n, q]));
    const accumulator = await openAccumulator(p, q);
    // Pieces of X and of Y do not meet, neither each other nor the blocks.
    for (let start = 0; start < n; start += 1500) {
      await accumulator.add({ x: xs.subarray(start * p, (start + 1500) * p) });
      for (let at = start; at < Math.min(n, start + 1500); at += 700) {
        await accumulator.add({ y: ys.subarray(at * q, Math.min(at + 700, start + 1500) * q) });
      }
    }
    const pieces = await accumulator.finish();
    await accumulator.release();
    expect(pieces.dtype).toBe(whole.dtype);
    expect(bits(pieces)).toEqual(bits(whole));
  },
);

test('X and Y of different lengths, and none at all, are refused', async () => {
  const accumulator = await openAccumulator(p, q);
  await expect(accumulator.finish()).rejects.toThrow(coded('mismatch', '0', '0'));
  await accumulator.add({ x: x(5), y: y(4) });
  await expect(accumulator.finish()).rejects.toThrow(coded('mismatch', '5', '4'));
  await accumulator.release();
});
