import { describe, expect, it } from '@jest/globals';
import { matrix } from '../../lib/linalg/index.js';
import { byChanceOf, checkFacet } from '../../lib/leaks/certificate.js';
import { numbers } from './data.js';

const r = 6;

interface Cloud {
  /** Rows on which both of the first two functions are zero. */
  zeros?: number;
  /** Rows on which the second alone is all but zero. */
  chance?: number;
  /** So many of the zero rows lie on each line. */
  each?: number;
  /** Size of what rounding leaves of the two functions on those rows. */
  rounding?: number;
}

/** Rows (n, r + 1) of two functions that are zero on the same rows, and four more; the last column is 1. */
function cloud({ zeros = 600, chance = 0, each = 1, rounding = 0 }: Cloud) {
  const { uniform, normal } = numbers(3);
  const on = 600;
  const rows = matrix(zeros + chance + on, r + 1);
  const free = (): number[] => [normal(), normal(), normal(), normal()];
  let [from, to] = [free(), free()];
  for (let i = 0; i < rows.rows; i++) {
    if (i % each === 0) [from, to] = [free(), free()];
    const along = uniform();
    const rest = each > 1 && i < zeros ? from.map((value, j) => value + along * (to[j] - value)) : free();
    const both =
      i < zeros
        ? [rounding * normal(), rounding * normal()]
        : i < zeros + chance
          ? [0.5 + uniform(), 1e-6 * uniform()]
          : [0.5 + uniform(), 0.1 + uniform()];
    rows.data.set([...both, ...rest, 1], i * (r + 1));
  }
  return rows;
}

const noise = new Float64Array(r);
const second = Float64Array.from({ length: r + 1 }, (_, j) => (j === 1 ? 1 : 0));

describe('rows that are near zero by chance', () => {
  it('are expected by the rows a little above: negative binomial', () => {
    // scipy.stats.nbinom.isf(1e-6 / 12, near + 1, 10 / 11)
    expect([0, 1, 3, 10, 100, 1000].map((near) => byChanceOf(near, 12))).toEqual([6, 7, 8, 12, 32, 160]);
  });

  it.each([
    ['none of them: two functions are left', { chance: 0 }, false],
    ['one', { chance: 1 }, false],
    ['three', { chance: 3 }, false],
    ['five', { chance: 5 }, false],
    ['five, beside rows on lines', { chance: 5, each: 3 }, false],
    [
      'three among more rows than are weighed first, all of them rounded',
      { zeros: 8000, chance: 3, rounding: 1e-7 },
      false,
    ],
    ['three among more rows than are looked at for lines', { zeros: 3000, chance: 3, each: 10 }, false],
    ['as many as make a facet', { chance: 60 }, true],
  ] as const)('do not fix a function: %s', async (_, of, holds) => {
    const { certificate } = await checkFacet(cloud(of), noise, second);
    expect(certificate.holds).toBe(holds);
  });
});
