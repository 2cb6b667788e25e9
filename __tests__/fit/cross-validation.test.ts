import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  accumulate,
  accumulateFolds,
  applyLinearMap,
  crossValidate,
  fitLinearMap,
  splitFolds,
  type Fold,
} from '../../lib/fit/index.js';
import { memoryRows, toRowSource, type LinearMap, type RowSource } from '../../lib/tensor/index.js';
import { integers, mapOf, matrixOf, product } from './data.js';
import { coded } from '../support/coded.js';

interface Search {
  alpha: number;
  mse: number[];
  perFold: number[][];
}

/** What `__tests__/goldens/cross_validation.py` wrote. */
const goldens = JSON.parse(readFileSync(new URL('../fixtures/fit/cross-validation.json', import.meta.url), 'utf8')) as {
  alphas: number[];
  order: number[];
} & Record<'contiguous' | 'shuffled' | 'threeNoIntercept', Search>;

/** As in the script: X correlated through k dimensions with a little of its own, Y mostly noise. */
function data(n: number, p: number, q: number, k: number): { x: RowSource; y: RowSource } {
  const own = integers(n, p, 3);
  const x = product(integers(n, k, 1), integers(k, p, 2), k).map((value, i) => value + own[i] + 5);
  const noise = integers(n, q, 5);
  const y = product(x, integers(p, q, 4), p).map((value, i) => value / 64 + 8 * noise[i] - 3);
  return { x: memoryRows(x, n, p), y: memoryRows(y, n, q) };
}

const relative = (found: number, expected: number): number => Math.abs(found / expected - 1);

/** Mean squared error of a map over all elements of some rows, by going over them. */
async function errorOf(map: LinearMap, x: RowSource, y: RowSource): Promise<number> {
  const rows = applyLinearMap(map, x);
  const [found, expected] = [await rows.read(0, rows.rows), await y.read(0, y.rows)];
  return Float64Array.from(found, (value, i) => (value - expected[i]) ** 2).reduce((a, b) => a + b, 0) / found.length;
}

/** All rows but a fold's. */
async function restOf(folds: readonly Fold[], held: number, source: RowSource): Promise<RowSource> {
  const parts: number[] = [];
  for (const fold of folds) {
    if (fold.index === held) continue;
    const rows = fold.of(source);
    parts.push(...(await rows.read(0, rows.rows)));
  }
  return memoryRows(Float64Array.from(parts), parts.length / source.cols, source.cols);
}

describe('splitFolds', () => {
  it('makes the first n mod k folds one row larger', async () => {
    const source = toRowSource(
      matrixOf(
        Float64Array.from({ length: 11 }, (_, i) => i),
        1,
      ),
    );
    const rows = await Promise.all(
      splitFolds(11, { folds: 3 }).map(async (fold) => [...(await fold.of(source).read(0, fold.n))]),
    );
    expect(rows).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10],
    ]);
  });

  it('shuffles by a seed, every row once', async () => {
    const source = toRowSource(
      matrixOf(
        Float64Array.from({ length: 103 }, (_, i) => i),
        1,
      ),
    );
    const rows: number[] = [];
    for (const fold of splitFolds(103, { shuffle: 7 })) {
      const held = [...(await fold.of(source).read(0, fold.n))];
      expect(held).toEqual([...goldens.order.slice(rows.length, rows.length + fold.n)].sort((a, b) => a - b));
      rows.push(...held);
    }
    expect(rows.length).toBe(103);
  });

  it('reads scattered rows of long sources, whole and in part', async () => {
    const n = 5000;
    const source = toRowSource(
      matrixOf(
        Float64Array.from({ length: 2 * n }, (_, i) => i),
        2,
      ),
    );
    const fold = splitFolds(n, { folds: 1000, shuffle: 1 })[3];
    const all = await fold.of(source).read(0, 5);
    for (let i = 0; i < 5; i++) expect(all[2 * i + 1]).toBe(all[2 * i] + 1);
    expect([...(await fold.of(source).read(2, 4))]).toEqual([...all.slice(4, 8)]);
  });

  it.each([1, 2.5, 12])('refuses %p folds of 11 rows', (folds) => {
    expect(() => splitFolds(11, { folds })).toThrow(coded('usage', '2', '11'));
  });
});

describe('crossValidate', () => {
  const { x, y } = data(103, 9, 4, 5);
  const { alphas } = goldens;

  it.each([
    ['contiguous', {}],
    ['shuffled', { shuffle: 7 }],
    ['threeNoIntercept', { folds: 3, intercept: false }],
  ] as const)("is scikit-learn's GridSearchCV: %s", async (name, options) => {
    const golden = goldens[name];
    const found = await crossValidate(x, y, { alphas, ...options });
    expect(found.alpha).toBe(golden.alpha);
    found.curve.forEach(({ alpha, mse, perFold }, i) => {
      expect(alpha).toBe(alphas[i]);
      expect(relative(mse, golden.mse[i])).toBeLessThan(1e-9);
      golden.perFold[i].forEach((value, k) => expect(relative(perFold[k], value)).toBeLessThan(1e-9));
    });
    expect(found.warning).toBeNull();
  });

  it.each([
    ['with few targets', 40, 2, undefined],
    ['with many targets, where the eigenvectors pay', 12, 400, undefined],
    ['near a prior', 12, 3, mapOf(integers(3, 12, 9), 12, integers(1, 3, 8))],
  ] as const)('equals a new fit for each fold and alpha, %s', async (_, p, q, prior) => {
    const rows = data(157, p, q, 6);
    const grid = [0, 1, 1e4];
    const folds = splitFolds(157, { folds: 4 });
    const { curve } = await crossValidate(rows.x, rows.y, { alphas: grid, folds: 4, prior });
    for (const { alpha, perFold } of curve) {
      for (const [k, fold] of folds.entries()) {
        const [trainX, trainY] = [await restOf(folds, k, rows.x), await restOf(folds, k, rows.y)];
        const map = await fitLinearMap(trainX, trainY, { alpha, prior });
        expect(relative(perFold[k], await errorOf(map, fold.of(rows.x), fold.of(rows.y)))).toBeLessThan(1e-9);
      }
    }
  });

  it('equals a new fit where X is wide and of low rank', async () => {
    const [n, p, k] = [90, 300, 4];
    const wide = memoryRows(product(integers(n, k, 1), integers(k, p, 2), k), n, p);
    const { y: targets } = data(n, 9, 3, 5);
    const { curve } = await crossValidate(wide, targets, { alphas: [0, 1e4], folds: 2 });
    const folds = splitFolds(n, { folds: 2 });
    for (const { alpha, perFold } of curve) {
      const map = await fitLinearMap(await restOf(folds, 0, wide), await restOf(folds, 0, targets), { alpha });
      expect(relative(perFold[0], await errorOf(map, folds[0].of(wide), folds[0].of(targets)))).toBeLessThan(1e-9);
    }
  });

  it('is the same from statistics of the folds as from rows', async () => {
    const folds = await accumulateFolds(x, y, { folds: 4 });
    expect(await crossValidate(folds, { alphas })).toEqual(await crossValidate(x, y, { alphas, folds: 4 }));
  });

  it('selects by generalised cross-validation: n RSS / (n − df)²', async () => {
    const { curve, alpha } = await crossValidate(x, y, { alphas, select: 'gcv' });
    for (const entry of curve) {
      const map = await fitLinearMap(x, y, { alpha: entry.alpha });
      // df = tr X(G + αI)⁻¹Xᵀ + 1 from the fit of X to itself: it is the trace of that fit's weight.
      const { weight } = await fitLinearMap(x, x, { alpha: entry.alpha });
      let df = 1;
      for (let i = 0; i < 9; i++) df += weight.get(i, i);
      expect(relative(entry.gcv!, (await errorOf(map, x, y)) / (1 - df / 103) ** 2)).toBeLessThan(1e-9);
    }
    expect(alpha).toBe(curve.reduce((best, entry) => (entry.gcv! < best.gcv! ? entry : best)).alpha);
  });

  it('selects by a score of the held-out rows, called once a fold with the maps of all alphas', async () => {
    const seen: number[] = [];
    const found = await crossValidate(x, y, {
      alphas,
      select: 'agreement',
      shuffle: 7,
      score: async (maps, fold) => {
        seen.push(fold.index);
        return Promise.all(maps.map(async (map) => -(await errorOf(map, fold.of(x), fold.of(y)))));
      },
    });
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(found.alpha).toBe(goldens.shuffled.alpha);
    found.curve.forEach(({ agreement }, i) =>
      expect(relative(-agreement!, goldens.shuffled.mse[i])).toBeLessThan(1e-9),
    );
  });

  it('gives the first of equals, and says so where rounding hides the errors', async () => {
    const exact = memoryRows(product((await x.read(0, 103)) as Float64Array, integers(9, 2, 6), 9), 103, 2);
    const found = await crossValidate(x, exact, { alphas: [0, 1e-12, 1e6] });
    expect(found.alpha).toBe(0);
    expect(found.warning).toContainEqual({ kind: 'errors-at-rounding', alphas: 2 });
  });

  it('says where no alpha is better than another, and asks for no wider grid', async () => {
    // Features that the prior gives back but for rounding of float32, as a model's own head does.
    const weight = integers(9, 5, 31);
    const prior = { ...mapOf(weight, 9, integers(1, 5, 32)) };
    const answers = await applyLinearMap(prior, x).read(0, 103);
    const noise = integers(103, 5, 33).map((value, i) => value * 2 ** -26 * answers[i]);
    const own = memoryRows(
      Float64Array.from(answers, (value, i) => value + noise[i]),
      103,
      5,
    );
    for (const select of ['mse', 'gcv'] as const) {
      const found = await crossValidate(x, own, { prior, select });
      expect(found.warning).toEqual([{ kind: 'no-difference', alphas: 11, select: 'error', tolerance: 1e-9 }]);
      expect(found.alpha).toBe(found.curve[0].alpha);
    }
    // Noise of a hundredth is something to learn, or to shrink.
    const off = memoryRows(
      Float64Array.from(answers, (value, i) => value + 2 ** 20 * noise[i]),
      103,
      5,
    );
    expect((await crossValidate(x, off, { prior })).warning ?? []).not.toContainEqual(
      expect.objectContaining({ kind: 'no-difference' }),
    );
    const every = await crossValidate(x, y, {
      select: 'agreement',
      score: (maps) => Promise.resolve(maps.map(() => 1)),
    });
    expect(every.warning).toMatchObject([{ kind: 'no-difference', alphas: 11, select: 'agreement' }]);
  });

  it('asks for no wider grid where the errors have levelled off at its edge', async () => {
    const found = await crossValidate(x, memoryRows(await x.read(0, 103), 103, 9), { alphas: [1e-7, 1e-6, 1e3, 1e6] });
    expect(found.alpha).toBe(1e-7);
    expect(found.warning ?? []).not.toContainEqual(expect.objectContaining({ kind: 'edge-of-grid' }));
  });

  it('warns at the edges of the grid, but not at 0', async () => {
    const best = async (...grid: number[]) => (await crossValidate(x, y, { alphas: grid })).warning;
    expect(await best(1, 1e3)).toEqual([{ kind: 'edge-of-grid', alpha: 1000, edge: 'largest' }]);
    expect(await best(1e5, 1e7, 1e9)).toEqual([{ kind: 'edge-of-grid', alpha: 100000, edge: 'smallest' }]);
    expect(await best(1e5)).toBeNull();
    expect((await crossValidate(x, memoryRows(await x.read(0, 103), 103, 9), { alphas: [0, 1] })).warning).toBeNull();
  });

  it('refuses what it cannot use', async () => {
    await expect(crossValidate(x, y, { alphas: [] })).rejects.toThrow(coded('usage', 'alphas'));
    await expect(crossValidate(x, y, { alphas: [1, -1] })).rejects.toThrow('found -1');
    // @ts-expect-error: agreement wants a score
    await expect(crossValidate(x, y, { select: 'agreement' })).rejects.toThrow(coded('usage', 'score'));
    await expect(crossValidate([await accumulate(x, y)])).rejects.toThrow(coded('usage', '2'));
    await expect(crossValidate([await accumulate(x, y), await accumulate(x, y)])).rejects.toThrow('twice');
    // @ts-expect-error: a grid is for alpha 'cv'
    await expect(fitLinearMap(x, y, { alphas })).rejects.toThrow(coded('usage', "'cv'"));
  });
});

describe('fitLinearMap with alpha: cv', () => {
  it('fits all rows with the best alpha, and keeps the curve', async () => {
    const { x, y } = data(103, 9, 4, 5);
    const found = await fitLinearMap(x, y, { alpha: 'cv', alphas: goldens.alphas });
    const direct = await fitLinearMap(x, y, { alpha: goldens.contiguous.alpha });
    expect(found.fit.alpha).toBe(goldens.contiguous.alpha);
    expect(found.fit.crossValidation?.curve.length).toBe(goldens.alphas.length);
    direct.weight.data.forEach((value, i) => expect(Math.abs(found.weight.data[i] - value)).toBeLessThan(1e-12));
  });

  it('shrinks the map as alpha grows from 0 to 1e6', async () => {
    const { x, y } = data(60, 8, 3, 5);
    let last = Infinity;
    for (const alpha of [0, 1e-3, 1, 10, 100, 1e3, 1e4, 1e5, 1e6]) {
      const { weight } = await fitLinearMap(x, y, { alpha });
      const norm = Math.hypot(...weight.data);
      expect(norm).toBeLessThan(last);
      last = norm;
    }
  });
});
