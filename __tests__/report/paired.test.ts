import { decodeOutcomes, clusteredDifference, newcombe, pairedDifference } from '../../lib/results/index.js';
import { random } from '../cli/support.js';
import { madeRow } from './made.js';

test('the interval of method 10, as the same formula gives it with SciPy’s bounds', () => {
  // scipy.stats.binomtest(32 and 22, 50).proportion_ci(method='wilson') and phi = 271 / √354816 of 20, 12, 2, 16.
  const { difference, interval } = newcombe({ both: 20, first: 12, second: 2, neither: 16 });
  expect(difference).toBeCloseTo(0.2, 12);
  expect(interval[0]).toBeCloseTo(0.0561564248, 9);
  expect(interval[1]).toBeCloseTo(0.3292069954, 9);
});

test('turning the two around turns the interval around; equal rows differ by 0, but not for certain', () => {
  const { interval } = newcombe({ both: 700, first: 40, second: 12, neither: 248 });
  const turned = newcombe({ both: 700, first: 12, second: 40, neither: 248 }).interval;
  expect(turned[0]).toBeCloseTo(-interval[1], 12);
  expect(turned[1]).toBeCloseTo(-interval[0], 12);
  const same = newcombe({ both: 100, first: 0, second: 0, neither: 0 });
  expect(same.difference).toBe(0);
  expect(same.interval[0]).toBeLessThan(0);
  expect(same.interval[1]).toBeGreaterThan(0);
});

test('95 % of the intervals hold the truth, summed over every table of 24 images', () => {
  const [n, truth] = [24, { both: 0.6, first: 0.2, second: 0.05, neither: 0.15 }];
  const logFactorial = Array.from({ length: n + 1 }, () => 0);
  for (let i = 1; i <= n; i++) logFactorial[i] = logFactorial[i - 1] + Math.log(i);
  let covered = 0;
  for (let both = 0; both <= n; both++) {
    for (let first = 0; both + first <= n; first++) {
      for (let second = 0; both + first + second <= n; second++) {
        const counts = { both, first, second, neither: n - both - first - second };
        const { interval } = newcombe(counts);
        if (interval[0] > 0.15 || interval[1] < 0.15) continue;
        const logs = (['both', 'first', 'second', 'neither'] as const).map(
          (key) => counts[key] * Math.log(truth[key]) - logFactorial[counts[key]],
        );
        covered += Math.exp(logFactorial[n] + logs.reduce((a, b) => a + b));
      }
    }
  }
  expect(covered).toBeGreaterThan(0.94);
  expect(covered).toBeLessThan(0.99);
});

test('rows are compared image by image', () => {
  const bits = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');
  const first = madeRow({ nTest: 10, outcomes: bits(0b11110000, 0b11000000) });
  const second = madeRow({ nTest: 10, outcomes: bits(0b00110000, 0b11000000) });
  expect([...decodeOutcomes(first.outcomes!, 10)!]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 1, 1]);
  expect(pairedDifference(first, second)).toEqual(newcombe({ both: 4, first: 2, second: 0, neither: 4 }));
  expect(pairedDifference(first, madeRow({ nTest: 11, outcomes: first.outcomes }))).toBeNull();
  expect(pairedDifference(first, madeRow({ nTest: 10, outcomes: null }))).toBeNull();
  expect(pairedDifference(first, madeRow({ nTest: 10 }))).toBeNull();
  expect(pairedDifference(first, madeRow({ nTest: 10, outcomes: 'AAAA' }))).toBeNull();
});

test('variations of an image are one unit', () => {
  const bits = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');
  // Two images in four variations each, of one mind; a third of which a quarter differs.
  const first = madeRow({ nTest: 12, variations: 4, outcomes: bits(0b11110000, 0b11110000) });
  const second = madeRow({ nTest: 12, variations: 4, outcomes: bits(0b00000000, 0b11100000) });
  const of = (both: number, first_: number, neither: number) => ({ both, first: first_, second: 0, neither });
  expect(pairedDifference(first, second)).toEqual(clusteredDifference([of(0, 4, 0), of(0, 0, 4), of(3, 1, 0)]));
  expect(pairedDifference(first, madeRow({ ...second, variations: 2 }))).toBeNull();
  // Of one mind throughout: as many units as images.
  const { difference, interval } = clusteredDifference([of(4, 0, 0), of(0, 4, 0), of(0, 0, 4), of(4, 0, 0)]);
  const units = newcombe({ both: 2, first: 1, second: 0, neither: 1 });
  expect(difference).toBe(0.25);
  expect(interval[0]).toBeCloseTo(units.interval[0], 12);
  expect(interval[1]).toBeCloseTo(units.interval[1], 12);
  const rows = [of(1, 0, 0), { both: 0, first: 0, second: 1, neither: 0 }, of(0, 1, 0), of(0, 0, 1)];
  expect(clusteredDifference(rows)).toEqual(newcombe({ both: 1, first: 1, second: 1, neither: 1 }));
});

test.each([0, 0.5, 1])('with rows of an image alike by %d nineteen of twenty intervals hold the truth', (weight) => {
  const next = random(3);
  const draw = (): keyof typeof truth => {
    const u = next();
    return u < 0.6 ? 'both' : u < 0.8 ? 'first' : u < 0.85 ? 'second' : 'neither';
  };
  const truth = { both: 0.6, first: 0.2, second: 0.05, neither: 0.15 };
  let held = 0;
  for (let k = 0; k < 600; k++) {
    const images = Array.from({ length: 100 }, () => {
      const image = { both: 0, first: 0, second: 0, neither: 0 };
      const whole = next() < weight ? draw() : null;
      for (let i = 0; i < 8; i++) image[whole ?? draw()]++;
      return image;
    });
    const { interval } = clusteredDifference(images);
    if (interval[0] <= truth.first - truth.second && truth.first - truth.second <= interval[1]) held++;
  }
  expect(held / 600).toBeGreaterThan(0.923);
});
