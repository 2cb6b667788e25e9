import { composeLinearMaps, applyLinearMap, fitLinearMap, linearMapToOnnx } from '../../lib/fit/index.js';
import { evaluateAgreement } from '../../lib/evaluate/index.js';
import { toNdArray, toRowSource, type LinearMap, type RowsLike } from '../../lib/tensor/index.js';
import { coded } from '../support/coded.js';

const X = [
  [0, 1],
  [1, 0],
  [2, 2],
];
const floats = X.map((row) => Float32Array.from(row));
const map: LinearMap = {
  weight: toNdArray(Float64Array.of(1, 2), [1, 2]),
  bias: toNdArray(Float64Array.of(3), [1]),
};
const rows = (x: unknown): RowsLike => x as RowsLike;

test('typed arrays row by row are rows, of the type of an ndarray of the same numbers', async () => {
  expect(toRowSource(floats)).toMatchObject({ rows: 3, cols: 2, dtype: 'float32' });
  expect(toRowSource([floats[0], X[1]])).toMatchObject({ dtype: 'float64' });
  expect(Array.from((await applyLinearMap(map, floats)).data)).toEqual([5, 4, 9]);
  const [fitted, plain] = [await fitLinearMap(floats, X), await fitLinearMap(X, X)];
  expect(Array.from(fitted.weight.data)).toEqual(Array.from(plain.weight.data));
});

test.each<[string, unknown, Error]>([
  ['flat', new Float32Array(4), coded('bad-input', 'Float32Array', 'toNdArray(data, [n, p])')],
  ['texts', [['a', 'b']], coded('bad-input', 'X', "'a'", 0, 0)],
  ['ragged', [[1, 2], [1]], coded('mismatch', 1)],
  ['a promise', Promise.resolve(X), coded('bad-input', 'await')],
])('%s: refused as rows', (_, x, error) => {
  expect(() => toRowSource(rows(x), 'X')).toThrow(error);
});

test('a map is applied to rows of its width', async () => {
  expect(() => applyLinearMap(map, [[1]])).toThrow(coded('mismatch', 2, 1));
  expect(() => applyLinearMap(map, [])).toThrow(coded('too-few-rows'));
  const applied = await applyLinearMap(map, [
    [NaN, 1],
    [1, 1],
  ]);
  expect(Array.from(applied.data)).toEqual([NaN, 6]);
});

test.each<[string, unknown]>([
  ['plain arrays', { weight: [[1, 2]], bias: [3] }],
  ['a promise', Promise.resolve(map)],
  ['nothing', undefined],
])('%s: refused as a map', async (_, given) => {
  const other = given as LinearMap;
  const error = coded('bad-input');
  expect(() => applyLinearMap(other, X)).toThrow(error);
  expect(() => linearMapToOnnx(other)).toThrow(error);
  await expect(composeLinearMaps(other, map)).rejects.toThrow(error);
  await expect(evaluateAgreement(other, X, [0, 0, 0])).rejects.toThrow(error);
  if (given !== undefined) await expect(fitLinearMap(X, X, { prior: other })).rejects.toThrow(error);
});
