import { describe, expect, it } from '@jest/globals';
import { fitLinearMap } from '../../lib/fit/index.js';
import type { FitWarning } from '../../lib/words/index.js';
import { random } from '../cli/support.js';
import { float32, matrixOf } from './data.js';

const n = 400;

/** Independent columns, uniform about 0. */
function columns(count: number, seed = 1): Float64Array[] {
  const next = random(seed);
  return Array.from({ length: count }, () => Float64Array.from({ length: n }, () => next() - 0.5));
}

const beside = (parts: readonly Float64Array[]): Float64Array =>
  Float64Array.from({ length: n * parts.length }, (_, at) => parts[at % parts.length][Math.floor(at / parts.length)]);

const scaled = (column: Float64Array, factor: number, shift = 0): Float64Array =>
  column.map((value) => shift + factor * value);

const fit = async (x: readonly Float64Array[], y: readonly Float64Array[], halve = false) => {
  const X = matrixOf(beside(x), x.length);
  return (await fitLinearMap(halve ? float32(X) : X, matrixOf(beside(y), y.length))).fit;
};

describe('a column that is lost to the cut for its unit alone is named', () => {
  const [a, b, c] = columns(3);

  it('columns of scale 1 to 1e-6', async () => {
    const twenty = columns(20, 2);
    const { rank, gap, warning } = await fit(
      twenty.map((column, j) => scaled(column, 10 ** ((6.3 * j) / 19 - 6.3))),
      twenty,
    );
    expect(rank).toBe(19);
    expect(gap).toBeLessThan(100);
    expect(warning).toMatchObject([
      { kind: 'unclear-rank', rank: 19, gap },
      { kind: 'columns-left-out', first: 0 },
      { kind: 'direction-left-out' },
    ]);
    const [, left] = warning as [FitWarning, Extract<FitWarning, { kind: 'columns-left-out' }>];
    expect(left.columns).toBeGreaterThan(1);
    expect(left.ratio.toExponential(0)).toBe('5e-7');
  });

  it.each([1e-7, 1e-9])('one column of scale %f, where the gap looks clear', async (scale) => {
    for (const halve of [false, true]) {
      const { rank, gap, warning } = await fit([a, scaled(b, scale), c], [b], halve);
      expect(rank).toBe(2);
      expect(gap).toBeGreaterThan(1e4);
      expect(warning).toContainEqual(expect.objectContaining({ kind: 'columns-left-out', columns: 1, first: 1 }));
    }
  });

  it('all but one column of 1e7', async () => {
    expect((await fit([a, b, scaled(c, 1e7)], [a])).warning).toContainEqual(
      expect.objectContaining({ kind: 'columns-left-out', columns: 2, first: 0 }),
    );
  });

  it('powers of t up to 100', async () => {
    const t = Float64Array.from({ length: n }, (_, i) => (100 * i) / n);
    const powers = [1, 2, 3, 4, 5, 6].map((power) => t.map((value) => value ** power));
    expect((await fit(powers, [t])).warning).toContainEqual(expect.objectContaining({ kind: 'columns-left-out' }));
  });

  it('not a column of nothing but rounding, a constant one, or one that others make up', async () => {
    const rough = Float64Array.from(Float32Array.from(scaled(a, 1e-6, 100)));
    expect((await fit([b, c, rough], [b], true)).warning).toBeNull();
    expect((await fit([b, c, new Float64Array(n).fill(1e6)], [b])).warning).toBeNull();
    expect((await fit([b, c, scaled(b, 1e-3)], [b])).warning).toBeNull();
  });
});

describe('a direction that float64 holds and the cut leaves out is named', () => {
  const [a, b, c] = columns(3);
  const near = (by: number): Float64Array => a.map((value, i) => value + by * b[i]);

  it('two columns that differ by 1e-6', async () => {
    const { rank, warning } = await fit([a, near(1e-6), c], [b]);
    expect(rank).toBe(2);
    expect(warning).toMatchObject([{ kind: 'direction-left-out' }]);
    const [{ ratio }] = warning as [Extract<FitWarning, { kind: 'direction-left-out' }>];
    expect(ratio).toBeGreaterThan(3.5e-7);
    expect(ratio).toBeLessThan(5.5e-7);
  });

  it('not in float32, which may be as rough as that, not where it was kept, and not where there is none', async () => {
    expect((await fit([a, near(1e-6), c], [b], true)).warning).toBeNull();
    const rounded = Float64Array.from(Float32Array.from(near(1e-6)));
    expect((await fit([Float64Array.from(Float32Array.from(a)), rounded], [a])).warning).toBeNull();
    expect((await fit([a, near(1e-4), c], [b])).warning).toBeNull();
    expect((await fit([a, scaled(a, 2), c], [b])).warning).toBeNull();
  });
});

describe('a column that does not vary', () => {
  it('has no direction of its own, however large it is beside one that hardly varies', async () => {
    const [a] = columns(1, 3);
    const { rank } = await fit([new Float64Array(n).fill(1e6 + 0.1), scaled(a, 1e-3)], [a]);
    expect(rank).toBe(1);
  });
});
