import { describe, expect, it } from '@jest/globals';
import { compareUpToRotation } from '../../lib/leaks/index.js';
import { memoryRows } from '../../lib/tensor/index.js';
import { numbers } from './data.js';

describe('features that were recovered up to a rotation', () => {
  const [n, d] = [300, 3];
  const { normal } = numbers(5);
  const truth = Float64Array.from({ length: n * d }, (_, i) => (1 + (i % d)) * normal() + 4);
  // A rotation about two axes.
  const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
  const turn = [c, -s, 0, s * c, c * c, -s, s * s, c * s, c];
  const turned = (scale: number): Float64Array =>
    Float64Array.from({ length: n * d }, (_, at) => {
      const i = Math.floor(at / d);
      let sum = 10;
      for (let k = 0; k < d; k++) sum += scale * truth[i * d + k] * turn[k * d + (at % d)];
      return sum;
    });

  it.each([1, 2.5, 0.01])('are all there in a unit of %d', async (scale) => {
    const found = await compareUpToRotation(memoryRows(turned(scale), n, d), memoryRows(truth, n, d));
    expect(found.r2).toBeGreaterThan(1 - 1e-9);
    expect(found.equalNeighbours).toBe(1);
  });

  it('are not there in numbers that have nothing to do with them', async () => {
    const noise = Float64Array.from({ length: n * d }, normal);
    expect((await compareUpToRotation(memoryRows(noise, n, d), memoryRows(truth, n, d))).r2).toBeLessThan(0.1);
  });
});
