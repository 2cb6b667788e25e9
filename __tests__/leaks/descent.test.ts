import { random } from '../../lib/base/index.js';
import { matrix } from '../../lib/linalg/index.js';
import { descend, unitDirection } from '../../lib/leaks/facet.js';
import { withOnes } from '../../lib/leaks/search.js';

const settings = { lowest: 32, share: 1 / 8, penalty: 10, shrink: 0.8, steps: 1000 };
const [n, r] = [4000, 8];
const numbers = random(3, r);
const drawn = (of: (x: number) => number) =>
  withOnes(
    matrix(
      n,
      r,
      Float64Array.from({ length: n * r }, () => of(numbers.normal())),
    ),
  );
const start = Float64Array.from({ length: r + 1 }, (_, j) => (j === 0 ? 1 : j < r ? 0.1 * (-1) ** j : 0));

describe('a descent', () => {
  it('ends where rows near zero become too few for a feature, long before its steps are over', async () => {
    let steps = 0;
    const over = {
      get aborted() {
        steps++;
        return false;
      },
    };
    expect(
      await descend(
        drawn((x) => x),
        start,
        { ...settings, over },
      ),
    ).not.toBeNull();
    expect(steps).toBeGreaterThan(8);
    expect(steps).toBeLessThan(100);
  });

  it('is given up on its way into a function found before, as near to it as it is told', async () => {
    const rows = drawn((x) => Math.max(0, x) - 0.4);
    const arrived = (await descend(rows, start, settings))!;
    const feature = unitDirection(arrived);
    expect(feature[0]).toBeGreaterThan(0.999999);
    // A direction with a cosine of 0.97 to the feature.
    const beside = feature.map((value, j) => 0.97 * value + (j === 1 ? Math.sqrt(1 - 0.97 ** 2) : 0));
    expect(await descend(rows, start, { ...settings, found: [beside], sameFacet: 0.95 })).toBeNull();
    expect(await descend(rows, start, { ...settings, found: [beside] })).toEqual(arrived);
    expect(await descend(rows, start, { ...settings, found: [feature] })).toBeNull();
  });
});
