import { evaluateMap, inSpan, type MapUnderTest } from '../../lib/evaluate/index.js';
import type { Span } from '../../lib/fit/index.js';
import { toNdArray } from '../../lib/tensor/index.js';
import { expectClose, fixture, linearMap, matrix } from './fixtures.js';
import { coded } from '../support/coded.js';

interface Affine {
  weight: number[][];
  bias: number[];
}
interface Golden {
  head: Affine;
  map: Affine;
  span: { mean: number[]; basis: number[][] };
  x: number[][];
  y: number[][];
  z: number[][];
  labels: number[];
  expected: { residual: number[]; violations: number[] } & Record<string, unknown>;
}
const golden = fixture<Golden>('map');
const spanOf = ({ mean, basis }: Golden['span']): Span => ({
  mean: Float64Array.from(mean),
  basis: matrix(basis) as Span['basis'],
  rank: basis[0].length,
});
const span: Span = spanOf(golden.span);
const test: MapUnderTest = {
  head: linearMap(golden.head),
  map: linearMap(golden.map),
  X: matrix(golden.x),
  Y: matrix(golden.y),
  Z: matrix(golden.z),
  span,
  labels: golden.labels,
  topk: [2],
  sameModel: true,
};

describe('evaluateMap', () => {
  it('says what NumPy, SciPy and scikit-learn say', async () => {
    const found = await evaluateMap(test);
    const { residual, violations, ...expected } = golden.expected;
    expectClose(found, expected, 1e-12);
    expect(found.n).toBe(47);
    expect(found.violations.map(({ row }) => row)).toEqual(violations);
    // Within the span a residual is rounding of float64, 1e-16 of the rows' own size.
    expectClose([...found.span!.residual], residual, 1e-13);
  });

  it('names the violations with their margins, and only for one model', async () => {
    const { violations } = await evaluateMap(test);
    expect(violations.length).toBeGreaterThan(0);
    for (const { row, margin, scale } of violations) {
      const logits = [...golden.z[row]].sort((a, b) => b - a);
      expectClose(margin, logits[0] - logits[1], 1e-15);
      expect(scale).toBe(Math.max(...logits.map(Math.abs)));
    }
    expect((await evaluateMap({ ...test, sameModel: false })).violations).toEqual([]);
  });

  it('finds no violation where the margin is rounding, or the image is outside the span', async () => {
    const identity = linearMap({ weight: [[1, 0], [0, 1]], bias: [0, 0] }); // prettier-ignore
    const line = spanOf({ mean: [0, 0], basis: [[1], [0]] });
    const swap = linearMap({ weight: [[0, 1], [1, 0]], bias: [0, 0] }); // prettier-ignore
    const base = { head: identity, map: swap, span: line, sameModel: true };
    // Both rows lie on the line and are swapped by the map; the first one's margin is 5e-5 of its scale.
    const Z = [[1, 0.99995], [1, 0.9998]]; // prettier-ignore
    const onLine = [[1, 0], [2, 0]]; // prettier-ignore
    const found = await evaluateMap({ ...base, X: onLine, Y: Z, Z });
    expect(found.agreement.agreed).toBe(0);
    expect(found.violations.map(({ row }) => row)).toEqual([1]);
    // What counts is the margin's share of the image's largest logit, not its size.
    const larger = Z.map((row) => row.map((value) => 1000 * value));
    const same = await evaluateMap({ ...base, X: onLine, Y: larger, Z: larger });
    expect(same.violations.map(({ row, scale }) => [row, scale])).toEqual([[1, 1000]]);
    // The same answers for rows off the line, by more and by less than the tolerance of 1e-5.
    const beside = [[1, 2e-5], [2, 1e-5]]; // prettier-ignore
    const off = await evaluateMap({ ...base, X: beside, Y: Z, Z });
    expect(off.violations.map(({ row }) => row)).toEqual([1]);
    expect(off.span).toMatchObject({ n: 1, share: 0.5, agreed: 0, agreement: 0 });
  });

  it('does without a span and labels, and with labels that are all unknown', async () => {
    const bare = await evaluateMap({ ...test, span: undefined, labels: undefined, sameModel: false });
    expect(bare.span).toBeNull();
    expect(bare.accuracy).toBeNull();
    expect((await evaluateMap({ ...test, labels: golden.labels.map(() => -1) })).accuracy).toBeNull();
  });

  it('groups fewer than ten images as they come', async () => {
    const rows = (x: unknown): number[][] => (x as number[][]).slice(0, 3);
    const few = await evaluateMap({
      ...test,
      X: rows(golden.x),
      Y: rows(golden.y),
      Z: rows(golden.z),
      labels: undefined,
    });
    expect(few.agreementByMargin.map(({ n }) => n)).toEqual([1, 1, 1]);
    expect(few.agreementByMargin[0].from).toBe(few.minMargin);
  });

  it('refuses what does not fit', async () => {
    const says = (change: Partial<MapUnderTest>, message: string): Promise<void> =>
      expect(evaluateMap({ ...test, ...change })).rejects.toThrow(message);
    await says({ span: undefined }, 'pass span');
    await says({ map: linearMap({ weight: [[1]], bias: [0] }) }, 'features from the map of width 5');
    await says({ X: golden.y }, "the source's outputs X of width 6");
    await says({ Y: golden.x }, "the target's features Y of width 5");
    await says({ Z: golden.x }, "the target's logits Z of width 4");
    await says({ Y: golden.y.slice(1) }, "the target's features Y to have 47 rows");
    await says({ labels: [0] }, 'the labels to have 47 rows');
    await says({ labels: golden.labels.map(() => 4) }, 'Row 0 of the labels: expected a whole number from -1 to 3');
    const broken = golden.z.map((row, i) => (i === 40 ? [0, NaN, 0, 0] : row));
    await says({ Z: broken }, 'Row 40 of the original logits');
  });
});

describe('inSpan', () => {
  it('measures how far each row is from the span', async () => {
    const { residual, share } = await inSpan(golden.x, span);
    expectClose([...residual], golden.expected.residual, 1e-13);
    expect(share).toBe(37 / 47);
    const loose = await inSpan(golden.x, span, { tolerance: 2 });
    expect(loose.share).toBe(1);
  });

  it('has everything in a span of all dimensions, the mean in any', async () => {
    const whole = spanOf({ mean: [1, 1], basis: [[1, 0], [0, 1]] }); // prettier-ignore
    expect((await inSpan([[3, 4], [1, 1]], whole)).residual).toEqual(new Float64Array(2)); // prettier-ignore
    const line = spanOf({ mean: [1, 1], basis: [[1], [0]] });
    expect([...(await inSpan([[3, 4], [1, 1], [5, 1]], line)).residual]).toEqual([3 / Math.sqrt(13), 0, 0]); // prettier-ignore
  });

  it('knows a span that is a single point', async () => {
    const point: Span = { mean: Float64Array.of(1, 1), basis: toNdArray(new Float64Array(0), [2, 0]), rank: 0 };
    expect([...(await inSpan([[3, 4], [1, 1]], point)).residual]).toEqual([1, 0]); // prettier-ignore
  });

  it('refuses rows of another width or that are no numbers', async () => {
    await expect(inSpan([[1, 2]], span)).rejects.toThrow(coded('mismatch', '6', '2'));
    await expect(inSpan([[1, 2, 3, 4, 5, NaN]], span)).rejects.toThrow(coded('not-finite', '0', '5'));
  });
});
