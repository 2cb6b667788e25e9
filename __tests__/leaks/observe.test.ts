import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { observe, observeColumns, RowFacts } from '../../lib/leaks/index.js';
import { parseObserve } from '../../lib/words/index.js';
import { memoryRows, toRowSource } from '../../lib/tensor/index.js';
import { all } from './data.js';
import { coded } from '../support/coded.js';

/** What `__tests__/goldens/leaks.py` wrote. */
const golden = JSON.parse(readFileSync(new URL('../fixtures/leaks/observe.json', import.meta.url), 'utf8')) as {
  logits: number[][];
  cases: Record<string, number[][]>;
};

describe('observe shows what NumPy and SciPy compute', () => {
  it.each(Object.keys(golden.cases))('%s', async (spec) => {
    const shown = await all(observe(toRowSource(golden.logits), spec));
    const expected = golden.cases[spec].flat();
    expect(shown.length).toBe(expected.length);
    expected.forEach((value, i) => {
      expect(Math.abs(shown[i] - value)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(value)));
    });
  });

  it('gives float32 for float32 and says float16 where it rounded to that', async () => {
    const logits = memoryRows(Float32Array.from([1, 2, 3, 4]), 2, 2);
    expect(await all(observe(logits, 'probs'))).toBeInstanceOf(Float32Array);
    expect(await all(observe(golden.logits, 'probs'))).toEqual(await all(observe(toRowSource(golden.logits), 'probs')));
    expect(observe(logits, 'probs+float16').dtype).toBe('float16');
    expect(observe(logits, 'probs').dtype).toBe('float32');
  });

  it('keeps the lowest index of equal ones, whatever comes behind them', async () => {
    expect(Array.from(await all(observe([[1, 1, 2, 1, 1]], 'topk:2')))).toEqual([1, 1, 2, 1, 1]);
    // A tie of 1 and 1 for the second place: the first has it. Hidden ones are as low as the lowest shown.
    const shown = await all(observe([[1, 1, 2, 0, 1]], 'probs+topk:2'));
    expect(Array.from(shown, (value) => value > 0)).toEqual([true, false, true, false, false]);
    const later = await all(observe([[1, 1, 3, 2, 2]], 'probs+topk:3'));
    expect(Array.from(later, (value) => value > 0)).toEqual([false, false, true, true, true]);
    const last = await all(observe([[2, 2, 2, 5, 0]], 'probs+topk:3'));
    expect(Array.from(last, (value) => value > 0)).toEqual([true, true, false, true, false]);
  });

  it('a label is the best class, of equal ones the first, and stands last', async () => {
    for (const spec of ['label', 'probs+label', 'temperature:2+label']) {
      expect(Array.from(await all(observe([[1, 3, 2, 3]], spec)))).toEqual([0, 1, 0, 0]);
    }
    const logits = toRowSource([
      [1, 3, 2, 3],
      [0, -1, 5, 2],
    ]);
    const columns = observeColumns(logits, 'label', Int32Array.of(1, 3), new RowFacts(logits));
    expect(Array.from(await columns.read(0, 2))).toEqual([1, 0, 0, 0]);
    for (const spec of ['label+probs', 'label+round:2', 'probs+label+log']) {
      expect(() => parseObserve(spec)).toThrow(coded('usage'));
    }
  });

  it('sums of exponentials are those of the temperature that was asked for', async () => {
    const facts = new RowFacts({ rows: 1, cols: 2 });
    const row = Float64Array.from([0, 2]);
    // log(1 + e²) and log(1 + e)
    expect((await facts.logSums(row, 0, 1))[0]).toBeCloseTo(2.1269280110429727, 14);
    expect((await facts.logSums(row, 0, 2))[0]).toBeCloseTo(1.3132616875182228, 14);
    expect((await facts.logSums(row, 0, 1))[0]).toBeCloseTo(2.1269280110429727, 14);
  });

  it.each([
    ['top5', 'probs+topk:5'],
    ['top-5,round-2', 'probs+topk:5+round:2'],
    ['round2+top5+probabilities', 'probs+topk:5+round:2'],
    ['logits round=3', 'logits+round:3'],
    ['temperature2+probs', 'temperature:2+probs'],
    ['prob+fp16', 'probs+float16'],
    ['argmax', 'label'],
    ['probs+class', 'probs+label'],
  ])('what is meant by %s is offered, and can be read', (spec, meant) => {
    expect(() => parseObserve(spec)).toThrow(coded('usage', `'${meant}'?`));
    expect(() => parseObserve(meant)).not.toThrow();
  });

  it('offers nothing for what it does not know, and says once what was found', () => {
    expect(() => parseObserve('everything')).toThrow(/'everything'\.$/);
    expect(() => parseObserve('probs+everything')).toThrow(coded('usage', "'everything'", "'probs+everything'."));
  });

  it('rounds ties to even, on both sides of zero', async () => {
    const row = [0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, -3.5, 0.25, 0.75];
    // NumPy: np.round(row), np.round(row, 1).
    expect((await all(observe([row], 'round:0'))).map((value) => value + 0)).toEqual(
      Float64Array.from([0, 2, 2, 4, 0, -2, -2, -4, 0, 1]),
    );
    expect(Array.from(await all(observe([[0.25, 0.75, -0.25, 1.25]], 'round:1')))).toEqual([0.2, 0.8, -0.2, 1.2]);
  });

  it('reads rows in any range', async () => {
    const shown = observe(toRowSource(golden.logits), 'probs+topk:3');
    const [whole, part] = [await all(shown), await shown.read(2, 4)];
    expect(Array.from(part)).toEqual(Array.from(whole.subarray(16, 32)));
  });
});

describe('a reader who takes logarithms', () => {
  it('finds no 0 below what float32 shows, and nothing that is not finite', async () => {
    const logits = memoryRows(Float32Array.from([0, -50, -200, 0, 0, -1e4]), 2, 3);
    const read = await all(observe(logits, 'probs+log'));
    expect([...read].every(Number.isFinite)).toBe(true);
    // exp(−50) is a float32, exp(−200) is not: what rounds to 0 there is below 2^−150.
    expect(read[1]).toBeCloseTo(-50, 5);
    expect(read[2]).toBeCloseTo(-150 * Math.log(2), 4);
    const halves = observe(logits, 'probs+float16+log');
    expect(halves.dtype).toBe('float32');
    expect((await all(halves))[1]).toBeCloseTo(-25 * Math.log(2), 5);
  });

  it('takes hidden classes for no more than the least that is shown', async () => {
    const [, second, hidden] = await all(observe([[2, 1, 0.9, 0.9, 0.9, 0.9]], 'probs+topk:2+log'));
    expect(hidden).toBeLessThanOrEqual(second);
  });
});

describe('observeColumns', () => {
  const logits = toRowSource(golden.logits);
  const columns = Int32Array.from([0, 2, 3, 5]);

  it.each([
    ...Object.keys(golden.cases),
    ...['temperature:3', 'probs+round:2+topk:2', 'temperature:2+probs+topk:3+round:2', 'topk:2+float16', 'log-probs'],
  ])('shows columns of what observe shows: %s', async (spec) => {
    const facts = new RowFacts(logits);
    const whole = await all(observe(logits, spec));
    // Twice: the second time what takes all of a row is known.
    for (let time = 0; time < 2; time++) {
      const some = observeColumns(logits, spec, columns, facts);
      const found = await some.read(1, logits.rows);
      expect(some.dtype).toBe(observe(logits, spec).dtype);
      expect(Array.from(found)).toEqual(
        Array.from(whole.subarray(logits.cols)).filter((_, at) => columns.includes(at % logits.cols)),
      );
    }
  });
});

describe('observeColumns of so many classes that ONNX Runtime sums the exponentials', () => {
  const [rows, cols] = [70, 5000];
  const numbers = Float32Array.from(
    { length: rows * cols },
    (_, at) => 4 * Math.sin(at * at) + (at % cols === 7 ? 6 : 0),
  );
  const every = Int32Array.from({ length: cols }, (_, j) => j);
  const some = every.filter((j) => j % 31 === 7);
  const specs = ['probs', 'temperature:2+probs', 'probs+log', 'probs+round:4+log', 'probs+topk:5+log', 'probs+float16'];

  it.each(specs)('shows what observe shows, but for the last digits: %s', async (spec) => {
    const logits = memoryRows(Float64Array.from(numbers), rows, cols);
    const whole = await all(observe(logits, spec));
    for (const columns of [every, some]) {
      const found = await observeColumns(logits, spec, columns, new RowFacts(logits)).read(0, rows);
      const expected = whole.filter((_, at) => columns.includes(at % cols));
      expect(found.length).toBe(expected.length);
      let worst = 0;
      // A number at a rounding step may be rounded the other way: none is, here.
      for (let at = 0; at < found.length; at++) {
        worst = Math.max(worst, Math.abs(found[at] - expected[at]) / Math.max(1, Math.abs(expected[at])));
      }
      expect(worst).toBeLessThan(1e-12);
    }
  });

  it.each(['probs+log', 'probs+topk:5+log'])('gives each row as it is without logarithms, too: %s', async (spec) => {
    const logits = memoryRows(numbers, rows, cols);
    const facts = new RowFacts(logits);
    const [plain, logarithms] = [new Float32Array(numbers.length), new Float32Array(numbers.length)];
    await observeColumns(logits, spec, every, facts).each(
      0,
      rows,
      (shown, row) => logarithms.set(shown, row * cols),
      (shown, row) => plain.set(shown, row * cols),
    );
    const read = async (of: string) => observeColumns(logits, of, every, facts).read(0, rows);
    expect(logarithms).toEqual(await read(spec));
    expect(plain).toEqual(await read(spec.slice(0, -'+log'.length)));
  });
});

describe('RowFacts', () => {
  const rows = Float64Array.from([3, 1, 3, 2, 0, 5, 5, 4]);
  const size = { rows: 2, cols: 4 };

  it('knows the largest of a row once it has seen the row, and fewer of them too', () => {
    const facts = new RowFacts(size);
    expect(facts.knownTop(0, 1, 3)).toBeNull();
    expect(facts.top(rows.subarray(4), 1, 3)).toEqual({
      places: Int32Array.from([1, 2, 3]),
      values: Float64Array.from([5, 5, 4]),
    });
    expect(facts.knownTop(0, 2, 3)).toBeNull();
    facts.top(rows, 0, 2);
    expect(facts.knownTop(0, 2, 1)).toEqual({ places: Int32Array.from([0, 1]), values: Float64Array.from([3, 5]) });
    expect(facts.knownTop(0, 2, 4)).toBeNull();
  });

  it('knows the sums of exponentials of the rows and of the temperature that it has seen', async () => {
    const facts = new RowFacts(size);
    await facts.logSums(rows.subarray(4), 1, 1);
    expect(facts.knownLogSums(0, 2, 1)).toBeNull();
    expect(facts.knownLogSums(1, 2, 2)).toBeNull();
    // log(1 + e⁴ + 2e⁵)
    expect(facts.knownLogSums(1, 2, 1)![0]).toBeCloseTo(5.8648363, 6);
  });

  it('does not keep as much of a row as the row itself', () => {
    const facts = new RowFacts({ rows: 1, cols: 50 });
    const row = Float64Array.from({ length: 50 }, (_, j) => j);
    expect(facts.top(row, 0, 40).places[0]).toBe(49);
    expect(facts.knownTop(0, 1, 40)).toBeNull();
  });
});

describe('a spec that no interface has is refused', () => {
  it.each([
    ['probs+temperature:2', coded('usage', "'temperature'", 'before')],
    ['topk:5+probs', coded('usage', "'probs'", 'before')],
    ['topk:0', "found 'topk:0'"],
    ['round', "found 'round'"],
    ['temperature:-1', "found 'temperature:-1'"],
    ['softmax', "found 'softmax'"],
    ['log', coded('usage', "'log'", 'last')],
    ['log-probs+log', coded('usage', "'log'", 'last')],
    ['probs+log+round:2', coded('usage', "'log'", 'last')],
    ['probs+log:2', "found 'log:2'"],
    ['', "found ''"],
  ])('%s', (spec, message) => {
    expect(() => parseObserve(spec)).toThrow(message);
  });

  it('a top K of all classes', () => {
    expect(() => observe(toRowSource([[1, 2]]), 'topk:2')).toThrow(coded('usage', '2'));
  });
});
