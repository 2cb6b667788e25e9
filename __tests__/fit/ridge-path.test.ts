import { describe, expect, it } from '@jest/globals';
import { inverses } from '../../lib/fit/ridge-path.js';

describe('the eigenvalues that a penalty divides by', () => {
  const values = Float64Array.from([1, 1e-6, 1e-14, 0]);

  it('are cut as the solver cuts them where there is none', () => {
    expect(Array.from(inverses(values, 0, 1e-12))).toEqual([1, 1e6, 0, 0]);
  });

  it('are all kept where the penalty is above the cut', () => {
    expect(Array.from(inverses(values, 0.5, 1e-12))).toEqual(Array.from(values, (value) => 1 / (value + 0.5)));
  });
});
