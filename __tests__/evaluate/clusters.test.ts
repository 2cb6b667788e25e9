import { clusteredInterval, type Cluster } from '../../lib/evaluate/index.js';
import { wilsonInterval } from '../../lib/base/index.js';
import { random } from '../cli/support.js';

const of = (agreed: number[], n: number[]): Cluster[] => agreed.map((value, i) => ({ agreed: value, n: n[i] }));

test.each([
  // By NumPy: squares of a − p n over N p (1 − p), with two clusters of either kind added; then Wilson.
  [[4, 3, 0, 4, 2, 4, 1, 4], Array<number>(8).fill(4), [0.389493271404, 0.883536784085]],
  [Array<number>(20).fill(16), Array<number>(20).fill(16), [0.838874841947, 1]],
  [
    [3, 2, 5, 1, 4],
    [3, 4, 5, 4, 4],
    [0.371789416274, 0.938299224628],
  ],
])('the interval of clusters of %j', (agreed, n, expected) => {
  const [low, high] = clusteredInterval(of(agreed, n));
  expect(low).toBeCloseTo(expected[0], 11);
  expect(high).toBeCloseTo(expected[1], 11);
});

test('clusters of one row are rows; clusters of one mind are as many trials as clusters', () => {
  expect(clusteredInterval(of([1, 0, 1, 1], [1, 1, 1, 1]))).toEqual(wilsonInterval(3, 4));
  const [low, high] = clusteredInterval(of([8, 8, 0, 8, 0], [8, 8, 8, 8, 8]));
  const [of5, to5] = wilsonInterval(3, 5);
  expect([low, high]).toEqual([expect.closeTo(of5, 12), expect.closeTo(to5, 12)]);
});

/** Images whose rows agree with a probability of their own: all or none at weight 1, all the same at weight 0. */
function drawn(next: () => number, images: number, rows: number, p: number, weight: number): Cluster[] {
  return Array.from({ length: images }, () => {
    const own = next() < weight ? (next() < p ? 1 : 0) : p;
    let agreed = 0;
    for (let i = 0; i < rows; i++) if (next() < own) agreed++;
    return { agreed, n: rows };
  });
}

test.each([
  [0.8, 0],
  [0.8, 0.5],
  [0.8, 1],
  [0.97, 0.2],
  [0.97, 0.8],
])(
  'at p = %d and a weight of %d nineteen of twenty intervals of 155 images in 16 variations hold the truth',
  (p, weight) => {
    const next = random(7);
    let [held, heldByRows] = [0, 0];
    for (let i = 0; i < 600; i++) {
      const clusters = drawn(next, 155, 16, p, weight);
      const [low, high] = clusteredInterval(clusters);
      if (low <= p && p <= high) held++;
      const [from, to] = wilsonInterval(
        clusters.reduce((sum, { agreed }) => sum + agreed, 0),
        155 * 16,
      );
      if (from <= p && p <= to) heldByRows++;
    }
    // Three deviations of 600 draws below 95 %.
    expect(held / 600).toBeGreaterThan(0.923);
    // What counts every row as a trial does not.
    if (weight >= 0.5) expect(heldByRows / 600).toBeLessThan(0.8);
  },
);
