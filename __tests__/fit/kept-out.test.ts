import { readFileSync } from 'node:fs';
import { keptOutErrors, repeatedFolds } from '../../lib/fit/index.js';
import { matrix, type Matrix } from '../../lib/linalg/index.js';

interface Case {
  name: string;
  x: number[][];
  y: number[][];
  folds: number[];
  trace: number;
  /** By share of the trace: the squared error of each row by scikit-learn's Ridge of the rows of the other folds. */
  errors: Record<string, number[]>;
}

const cases = JSON.parse(readFileSync('__tests__/fixtures/fit/kept-out.json', 'utf8')) as Case[];
const of = (rows: number[][]): Matrix => matrix(rows.length, rows[0].length, Float64Array.from(rows.flat()));

describe('errors on rows that were kept out', () => {
  test.each(cases)('are those of fits that did not see them: $name', async ({ x, y, folds, trace, errors }) => {
    const split = { folds: 3, repeats: [Int32Array.from(folds)] };
    const found = await keptOutErrors(of(x), [of(y)], split);
    const compared = found.filter(({ alpha }) => {
      const expected = Object.entries(errors).find(([share]) => Math.abs(Number(share) * trace - alpha) < 1e-9 * alpha);
      return expected !== undefined;
    });
    expect(compared.length).toBeGreaterThanOrEqual(2);
    for (const { alpha, errors: ofTargets } of compared) {
      const share = Object.keys(errors).find((each) => Math.abs(Number(each) * trace - alpha) < 1e-9 * alpha)!;
      errors[share].forEach((error, row) => expect(ofTargets[0][0][row]).toBeCloseTo(error, 8));
    }
  });

  test('the penalties that were tried have the best one among them, with a worse one on either side', async () => {
    const { x, y, folds } = cases[1];
    const found = await keptOutErrors(of(x), [of(y)], { folds: 3, repeats: [Int32Array.from(folds)] });
    const losses = found.map(({ errors }) => errors[0][0].reduce((a, b) => a + b, 0));
    const best = losses.indexOf(Math.min(...losses));
    for (let i = 1; i <= best; i++) expect(losses[i]).toBeLessThanOrEqual(losses[i - 1]);
    for (let i = best + 1; i < losses.length; i++) expect(losses[i]).toBeGreaterThanOrEqual(losses[i - 1]);
  });

  test('a target beside another one has the errors that it has alone', async () => {
    const { x, y, folds } = cases[0];
    const split = { folds: 3, repeats: [Int32Array.from(folds)] };
    const both = await keptOutErrors(of(x), [of(y), of(y.map((row) => row.map((value) => -2 * value)))], split);
    const { errors } = both.at(-1)!;
    errors[0][0].forEach((error, row) => expect(errors[1][0][row]).toBeCloseTo(4 * error, 8));
  });
});

describe('repeated splits', () => {
  const groups = Int32Array.from([0, 0, 1, 2, 3, 3, 3, 4, 5, 6]);

  test('keep rows of one group in one fold, in folds of about the same size, otherwise each time', () => {
    const { folds, repeats } = repeatedFolds(groups, { folds: 3, repeats: 4, seed: 1 });
    expect(folds).toBe(3);
    for (const split of repeats) {
      expect(split[0]).toBe(split[1]);
      expect(new Set([split[4], split[5], split[6]]).size).toBe(1);
      const sizes = [0, 1, 2].map((fold) => split.filter((each) => each === fold).length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
    expect(new Set(repeats.map(String)).size).toBeGreaterThan(1);
  });

  test('have no more folds than groups, and take two of these', () => {
    expect(repeatedFolds(Int32Array.from([0, 1, 1]), { folds: 10, repeats: 1, seed: 0 }).folds).toBe(2);
    expect(() => repeatedFolds(Int32Array.from([4, 4]), { folds: 2, repeats: 1, seed: 0 })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});
