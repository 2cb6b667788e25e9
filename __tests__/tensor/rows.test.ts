import { create, all } from 'mathjs';
import type { Matrix } from 'mathjs';
import ndarray from 'ndarray';
import {
  chooseRows,
  denseData,
  isRowSource,
  isVectorLike,
  joinRows,
  memoryRows,
  sliceRows,
  toMathjs,
  toNdArray,
  toRowSource,
  toVector,
} from '../../lib/tensor/index.js';
import type { RowsLike, VectorLike } from '../../lib/tensor/index.js';
import { values } from './scratch.js';
import { coded } from '../support/coded.js';

const grid = toNdArray(Float32Array.from(values(12)), [4, 3]);
const rowsOf = async (x: RowsLike): Promise<number[]> => {
  const source = toRowSource(x);
  return Array.from(await source.read(0, source.rows));
};

describe('denseData', () => {
  test('does not copy what is dense', () => {
    expect(denseData(grid)).toBe(grid.data);
    const part = denseData(grid.lo(1, 0));
    expect(part.buffer).toBe(grid.data.buffer);
    expect(Array.from(part)).toEqual(values(12).slice(3));
  });

  test('makes strided, reversed and transposed views dense', () => {
    const byHand = (view: ndarray.NdArray<Float32Array>): number[] => {
      const out: number[] = [];
      for (let i = 0; i < view.shape[0]; i++) for (let j = 0; j < view.shape[1]; j++) out.push(view.get(i, j));
      return out;
    };
    const views = [grid.step(-1, 1), grid.step(2, -1), grid.transpose(1, 0), grid.hi(4, 2), grid.lo(1, 1).step(-2, 1)];
    for (const view of views) {
      expect(Array.from(denseData(view))).toEqual(byHand(view));
      expect(denseData(view)).toBeInstanceOf(Float32Array);
    }
  });

  test('other number types become float64', () => {
    expect(denseData(ndarray(Int8Array.of(-1, 2), [2]))).toEqual(Float64Array.of(-1, 2));
    expect(denseData(ndarray([1.5, 2], [2]))).toEqual(Float64Array.of(1.5, 2));
    const big = ndarray(BigInt64Array.of(-1n, 2n, 3n) as never, [3]);
    expect(denseData(big)).toEqual(Float64Array.of(-1, 2, 3));
    expect(denseData(big.step(-1))).toEqual(Float64Array.of(3, 2, -1));
  });

  test('toNdArray checks the shape', () => {
    expect(() => toNdArray(new Float32Array(5), [2, 3])).toThrow(coded('mismatch', '6', '2', '3', '5'));
  });
});

describe('toRowSource', () => {
  test('takes every kind of matrix', async () => {
    const { matrix, sparse } = create(all);
    const nested = [0, 1, 2, 3].map((row) => values(12).slice(row * 3, row * 3 + 3));
    const kinds: RowsLike[] = [grid, nested, matrix(nested), sparse(nested) as Matrix, toRowSource(grid)];
    for (const kind of kinds) expect(await rowsOf(kind)).toEqual(values(12));
    expect(toRowSource(grid).dtype).toBe('float32');
    expect(toRowSource(nested)).toMatchObject({ rows: 4, cols: 3, dtype: 'float64' });
    expect(await rowsOf(grid.step(-1, 1))).toEqual(nested.toReversed().flat());
  });

  test('reads ranges without a copy', async () => {
    const part = await toRowSource(grid).read(1, 3);
    expect(part.buffer).toBe(grid.data.buffer);
    expect(Array.from(part)).toEqual(values(12).slice(3, 9));
  });

  test.each<[string, unknown, string | Error]>([
    ['a vector', ndarray(new Float32Array(3), [3]), coded('bad-input', 'X', '(3)')],
    ['three dimensions', ndarray(new Float32Array(8), [2, 2, 2]), coded('bad-input', 'X', '(2, 2, 2)')],
    ['numbers', [1, 2, 3], coded('bad-input', 'X', 'array', 3)],
    ['rows of different lengths', [[1, 2], [3]], 'row 1'],
    ['texts', [['1', '2']], 'row 0'],
    ['a mathjs vector', create(all).matrix([1, 2]), coded('bad-input', 'X', 'mathjs', '(2)')],
    ['complex numbers', create(all).evaluate('[[1, 2i]]'), 'Complex'],
    ['big numbers', create(all, { number: 'BigNumber' }).evaluate('[[1, 2]]'), 'math.number()'],
    ['nothing', undefined, coded('bad-input', 'X', 'undefined')],
    ['a typed array', new Float32Array(4), 'found a Float32Array'],
  ])('refuses %s and names the argument', (_, x, message) => {
    expect(() => toRowSource(x as RowsLike, 'X')).toThrow(message);
    expect(() => toRowSource(x as RowsLike, 'X')).toThrow(/\bX\b/);
  });

  test('sliceRows is a range of a source', async () => {
    const slice = sliceRows(toRowSource(grid), 1, 3);
    expect([isRowSource(slice), slice.rows, slice.cols]).toEqual([true, 2, 3]);
    expect(Array.from(await slice.read(1, 2))).toEqual(values(12).slice(6, 9));
    await expect(slice.read(0, 3)).rejects.toThrow('0 to 2');
    expect(() => sliceRows(toRowSource(grid), 2, 5)).toThrow('0 to 4');
  });

  test('chooseRows are some rows of a source', async () => {
    const chosen = chooseRows(toRowSource(grid), Int32Array.of(0, 2, 3));
    expect([chosen.rows, chosen.cols, chosen.dtype]).toEqual([3, 3, 'float32']);
    const all = values(12);
    expect(Array.from(await chosen.read(0, 3))).toEqual([...all.slice(0, 3), ...all.slice(6, 12)]);
    expect(Array.from(await chosen.read(1, 2))).toEqual(all.slice(6, 9));
    expect(Array.from(await chosen.read(2, 2))).toEqual([]);
    await expect(chosen.read(0, 4)).rejects.toThrow('0 to 3');
  });

  test.each([
    ['backwards', [3, 2, 0]],
    ['one twice, as many as lie between the first and the last', [0, 0, 2]],
    ['back and forth', [2, 0, 3, 1]],
  ])('chooseRows takes them in any order: %s', async (_, positions) => {
    const chosen = chooseRows(toRowSource(grid), Int32Array.from(positions));
    const expected = positions.flatMap((row) => values(12).slice(3 * row, 3 * row + 3));
    expect(Array.from(await chosen.read(0, positions.length))).toEqual(expected);
  });

  test('chooseRows does not read wide rows that lie between, and copies none that lie together', async () => {
    const cols = 20_000;
    const wide = memoryRows(
      Float32Array.from({ length: 9 * cols }, (_, i) => Math.floor(i / cols)),
      9,
      cols,
    );
    const asked: [number, number][] = [];
    const spied = { ...wide, read: (from: number, to: number) => (asked.push([from, to]), wide.read(from, to)) };
    const chosen = chooseRows(spied, Int32Array.of(1, 2, 5, 7, 8));
    const firsts = (data: ArrayLike<number>) => Array.from({ length: data.length / cols }, (_, i) => data[i * cols]);
    expect(firsts(await chosen.read(0, 5))).toEqual([1, 2, 5, 7, 8]);
    expect(asked).toEqual([
      [1, 3],
      [5, 6],
      [7, 9],
    ]);
    expect(firsts(await chosen.read(1, 4))).toEqual([2, 5, 7]);
    expect((await chosen.read(3, 5)).buffer).toBe((await wide.read(0, 1)).buffer);
  });

  test('joinRows puts sources one after the other, in any range', async () => {
    const other = memoryRows(Float64Array.of(-1, -2, -3), 1, 3);
    const joined = joinRows([sliceRows(toRowSource(grid), 2, 4), other, toRowSource(grid)]);
    expect([joined.rows, joined.cols, joined.dtype]).toEqual([7, 3, 'float64']);
    const all = [...values(12).slice(6), -1, -2, -3, ...values(12)];
    expect(Array.from(await joined.read(0, 7))).toEqual(all);
    expect(Array.from(await joined.read(1, 4))).toEqual(all.slice(3, 12));
    expect(Array.from(await joined.read(2, 3))).toEqual([-1, -2, -3]);
    expect(() => joinRows([other, memoryRows(Float64Array.of(1, 2), 1, 2)])).toThrow(coded('mismatch', '2', '2'));
  });
});

describe('vectors', () => {
  test.each<[string, VectorLike]>([
    ['number[]', [3, 1, 2]],
    ['Int32Array', Int32Array.of(3, 1, 2)],
    ['BigInt64Array', BigInt64Array.of(3n, 1n, 2n)],
    ['ndarray', ndarray(Uint8Array.of(2, 1, 3), [3]).step(-1)],
    ['mathjs', create(all).matrix([3, 1, 2])],
  ])('%s', (_, x) => {
    expect(isVectorLike(x)).toBe(true);
    expect(toVector(x)).toEqual(Float64Array.of(3, 1, 2));
  });

  test('are told from matrices', () => {
    for (const x of [grid, [[1]], create(all).matrix([[1]]), toRowSource(grid), 'abc', null]) {
      expect(isVectorLike(x)).toBe(false);
    }
    expect(() => toVector(grid as never, 'y')).toThrow(coded('bad-input', 'y'));
  });
});

test('an ndarray goes to mathjs and back', async () => {
  const matrix = await toMathjs(grid.transpose(1, 0));
  expect(matrix.type).toBe('DenseMatrix');
  expect(matrix.size()).toEqual([3, 4]);
  expect(matrix.get([2, 1])).toBe(grid.get(1, 2));
  expect(await rowsOf(matrix)).toEqual(Array.from(denseData(grid.transpose(1, 0))));
  expect((await toMathjs(ndarray(Float64Array.of(1, 2), [2]))).toArray()).toEqual([1, 2]);
});
