import ndarray from 'ndarray';
import { coded } from '../support/coded.js';
import { evaluateAgreement } from '../../lib/evaluate/index.js';
import { memoryRows, type RowSource } from '../../lib/tensor/index.js';
import { expectClose, fixture, linearMap, matrix } from './fixtures.js';

interface Golden {
  name: string;
  weight: number[][];
  bias: number[];
  features: number[][];
  logits: number[][];
  expected: { kappa: number | null; topk: Record<string, number> };
}
const goldens = fixture<Golden[]>('agreement');
const identity = linearMap({
  weight: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  bias: [0, 0, 0],
});

describe('evaluateAgreement', () => {
  // Counts are exact; shares, interval and kappa are a dozen float64 operations on them.
  it.each(goldens)('says what scikit-learn and SciPy say: $name', async (golden) => {
    // scikit-learn counts every image at a rank above the classes; here such a rank is refused.
    const isRank = (k: number): boolean => k <= golden.logits[0].length;
    const topk = [1, 2, 5].filter(isRank);
    const found = await evaluateAgreement(linearMap(golden), matrix(golden.features), matrix(golden.logits), { topk });
    const shares = Object.entries(golden.expected.topk).filter(([k]) => isRank(Number(k)));
    expectClose(found, { ...golden.expected, topk: Object.fromEntries(shares) }, 1e-14);
  });

  it('refuses a rank above the classes, and takes none by default', async () => {
    await expect(evaluateAgreement(identity, [[5, 5, 0]], [0], { topk: [1, 4] })).rejects.toThrow(coded('usage', 3, 4));
    expect((await evaluateAgreement(identity, [[5, 5, 0]], [0])).topk).toEqual({});
  });

  it('takes float32 rows, number[][] and sources on disk alike', async () => {
    const { features, logits, expected, ...head } = goldens[0];
    const float32 = (rows: number[][]): RowSource =>
      memoryRows(Float32Array.from(rows.flat()), rows.length, rows[0].length);
    for (const [x, y] of [
      [features, logits],
      [float32(features), float32(logits)],
      [features, float32(logits)],
    ]) {
      expectClose(await evaluateAgreement(linearMap(head), x, y, { topk: [1, 2, 5] }), expected, 1e-14);
    }
  });

  it('takes classes instead of logits, in any form', async () => {
    const features = [
      [1, 2, 3],
      [3, 2, 1],
      [1, 1, 0],
      [0, 4, 4],
    ];
    const classes = [2, 0, 1, 1];
    const expected = { n: 4, agreed: 3, agreement: 0.75, ties: 2, distinctClasses: 3, majorityShare: 0.5 };
    for (const y of [classes, Int32Array.from(classes), ndarray(Int32Array.from(classes)), ndarray(classes)]) {
      expect(await evaluateAgreement(identity, features, y)).toMatchObject(expected);
    }
  });

  it('breaks ties by the lowest index, in the arg-max and in the ranks', async () => {
    // Original class 1; reconstructed row ties 0 and 1 at the top: class 0 wins, class 1 is second.
    const found = await evaluateAgreement(identity, [[5, 5, 0]], [[0, 1, 0]], { topk: [1, 2] });
    expect(found).toMatchObject({ agreed: 0, ties: 1, topk: { 1: 0, 2: 1 } });
    const tied = await evaluateAgreement(identity, [[5, 5, 0]], [[1, 1, 0]], { topk: [1] });
    expect(tied).toMatchObject({ agreed: 1, ties: 1, topk: { 1: 1 } });
    // All equal: class 2 comes last of three.
    const last = await evaluateAgreement(identity, [[0, 0, 0]], [[0, 0, 1]], { topk: [2, 3] });
    expect(last.topk).toEqual({ 2: 0, 3: 1 });
  });

  it('has no kappa where both always name one class, and a kappa of 0 where only one of them does', async () => {
    const always = [[9, 0, 0], [8, 0, 0]]; // prettier-ignore
    expect((await evaluateAgreement(identity, always, always)).kappa).toBeNull();
    expect((await evaluateAgreement(identity, always, [[1, 0, 0], [0, 1, 0]])).kappa).toBe(0); // prettier-ignore
  });

  it('walks over more rows than one block holds, and reports on the way', async () => {
    const rows = 10_000;
    const features = new Float32Array(rows * 3).map((_, i) => (i * 7919) % 1013);
    const logits = features.slice();
    logits.set([0, 0, 2000], 3 * 9_999);
    const seen: number[] = [];
    const found = await evaluateAgreement(identity, memoryRows(features, rows, 3), memoryRows(logits, rows, 3), {
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    const arg = (data: Float32Array, i: number): number => {
      const row = [...data.subarray(3 * i, 3 * i + 3)];
      return row.indexOf(Math.max(...row));
    };
    const disagree = Array.from({ length: rows }, (_, i) => i).filter((i) => arg(features, i) !== arg(logits, i));
    expect(disagree).toEqual([9_999]);
    expect(found.agreed).toBe(9_999);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toBe(1);
  });

  it('stops when told to', async () => {
    const stop = AbortSignal.abort();
    await expect(evaluateAgreement(identity, [[1, 2, 3]], [0], { signal: stop })).rejects.toThrow('aborted');
  });

  it('refuses what does not fit, and names the row that is no number', async () => {
    const x = [[1, 2, 3], [4, 5, 6]]; // prettier-ignore
    const says = (call: Promise<unknown>, message: string): Promise<void> => expect(call).rejects.toThrow(message);
    await says(evaluateAgreement(identity, [[1, 2]], [0]), 'width 3 to go with the head, found 2');
    await says(evaluateAgreement(identity, x, [[1, 2], [3, 4]]), 'original logits of width 3 to go with the head, found 2'); // prettier-ignore
    await says(evaluateAgreement(identity, x, [0]), 'to have 2 rows like the reconstructed features, found 1');
    await says(
      evaluateAgreement(identity, x, [0, 3]),
      'Row 1 of the original classes: expected a whole number from 0 to 2',
    );
    await says(evaluateAgreement(identity, x, [0.5, 1]), 'Row 0 of the original classes');
    await says(evaluateAgreement(identity, [[1, 2, 3], [4, NaN, 6]], [0, 1]), 'Row 1 of the reconstructed features, column 1: expected a finite number, found NaN'); // prettier-ignore
    await says(evaluateAgreement(identity, x, [[1, 2, 3], [Infinity, 0, 0]]), 'Row 1 of the original logits'); // prettier-ignore
    await says(evaluateAgreement(identity, x, [0, 1], { topk: [0] }), 'Expected topk to hold whole numbers');
    await says(evaluateAgreement(identity, [], []), 'at least one row');
    const broken = linearMap({ weight: [[1, NaN, 0]], bias: [0] });
    await says(evaluateAgreement(broken, x, [0, 0]), 'Expected the head to hold finite numbers');
  });
});
