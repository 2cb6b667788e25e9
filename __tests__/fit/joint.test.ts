import { expect, it } from '@jest/globals';
import { logitReader } from '../../lib/fit/joint.js';
import { integers, mapOf, product } from './data.js';

it('reads as many directions of a head, whatever the unit of its weights', async () => {
  // 12 logits of 5 features, of which 4 are told apart: the fifth column is the sum of the first two.
  const weight = product(
    integers(12, 4, 1),
    Float64Array.from([1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]),
    4,
  );
  for (const unit of [1, 1e-9, 1e9]) {
    const { weight: found } = await logitReader(
      mapOf(
        weight.map((value) => unit * value),
        5,
        new Float64Array(12),
      ),
    );
    expect(found.shape).toEqual([4, 5]);
  }
});
