import { random } from '../../lib/base/index.js';
import { keptOutShare } from '../../lib/evaluate/index.js';

const each = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** n images of 20 features, of which 1 − left of the variance is read off. */
function images(n: number, left: number, seed: number): { errors: Float64Array; variances: Float64Array } {
  const { normal } = random(seed);
  const squares = (): number => Array.from({ length: 20 }, () => normal() ** 2).reduce((a, b) => a + b);
  const variances = Float64Array.from({ length: n }, squares);
  return { variances, errors: Float64Array.from({ length: n }, () => left * squares()) };
}

describe('a share of variance with its interval', () => {
  test('does not begin above the true share more often than it says', () => {
    const [n, left, tries] = [60, 0.7, 150];
    let above = 0;
    for (let seed = 0; seed < tries; seed++) {
      const { errors, variances } = images(n, left, seed + n);
      // About the images' own mean, as they would be measured.
      const measured = variances.map((value) => (value * (n - 1)) / n);
      if (keptOutShare(errors, measured, { groups: each(n) }).interval[0] > 1 - left) above++;
    }
    // 2.5 % and three standard deviations of so many tries.
    expect(above / tries).toBeLessThan(0.025 + 3 * Math.sqrt((0.025 * 0.975) / tries));
  });

  test('is wider where errors come from splits, which share what they were fitted on', () => {
    const { errors, variances } = images(100, 0.5, 1);
    const width = (folds?: number): number => {
      const { interval } = keptOutShare(errors, variances, { groups: each(100), folds });
      return interval[1] - interval[0];
    };
    expect(width(5) / width()).toBeGreaterThan(1.3);
    expect(width(5) / width()).toBeLessThan(1.7);
  });

  test('counts an image and its copies once', () => {
    const { errors, variances } = images(50, 0.5, 2);
    const copied = (values: Float64Array): Float64Array => Float64Array.from({ length: 200 }, (_, i) => values[i >> 2]);
    const groups = each(200).map((i) => i >> 2);
    const once = keptOutShare(errors, variances, { groups: each(50) });
    const copies = keptOutShare(copied(errors), copied(variances), { groups });
    copies.interval.forEach((end, i) => expect(end).toBeCloseTo(once.interval[i], 6));
    const asImages = keptOutShare(copied(errors), copied(variances), { groups: each(200) });
    expect(asImages.interval[1] - asImages.interval[0]).toBeLessThan(0.6 * (once.interval[1] - once.interval[0]));
  });

  test('is drawn over classes where these differ, and not over fewer than five of them', () => {
    const { errors, variances } = images(120, 0.5, 3);
    const classes = each(120).map((i) => i % 12);
    const differ = errors.map((value, i) => value * (classes[i] < 6 ? 0.2 : 1.8));
    const groups = each(120);
    const byImage = keptOutShare(differ, variances, { groups });
    const byClass = keptOutShare(differ, variances, { groups, classes });
    expect(byClass.over).toBe('classes');
    expect(byClass.interval[0]).toBeLessThanOrEqual(byImage.interval[0]);
    expect(byClass.interval[1]).toBeGreaterThan(byImage.interval[1]);
    expect(keptOutShare(differ, variances, { groups, classes: classes.map((of) => of % 3) }).over).toBe('images');
  });

  test('is below zero where a map does worse than the mean, and not cut off there', () => {
    const { errors, variances } = images(60, 1.4, 4);
    const { r2, interval } = keptOutShare(errors, variances, { groups: each(60) });
    expect(r2).toBeLessThan(0);
    expect(interval[0]).toBeLessThan(r2);
  });
});
