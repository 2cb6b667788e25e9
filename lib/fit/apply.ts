import type { Matrix as MathjsResult } from 'mathjs';
import type { NdArray } from 'ndarray';
import { FeatReconstructError } from '../base/index.js';
import { buildModel, dataType, type DataTypeName } from '../onnx/index.js';
import type { GraphSession } from '../runtime/index.js';
import {
  isMathjsMatrix,
  isRowSource,
  toMathjs,
  toNdArray,
  toRowSource,
  type FloatNdArray,
  type LinearMap,
  type MathjsMatrix,
  type RowsLike,
  type RowSource,
} from '../tensor/index.js';
import { denseBias, denseWeight, kernel, multiply, timesVector } from '../linalg/index.js';

/** Rows that are computed at a time. */
const rowsAtOnce = 4096;

/**
 * y = weight x + bias for every row of X (n, in), in float64 inside.
 * @returns (n, out): for rows on disk a RowSource that computes what is read from it; for a mathjs matrix a mathjs
 * matrix; else an ndarray. Float64 where X is, else float32.
 * Rows are not looked at: a NaN or an infinity spoils the outputs of its own row, and of no other.
 * @throws FeatReconstructError when X is not as wide as the map (`mismatch`), or has no rows to tell a width by (`too-few-rows`)
 */
export function applyLinearMap(map: LinearMap, X: RowSource): RowSource;
export function applyLinearMap(map: LinearMap, X: NdArray<Float64Array>): Promise<NdArray<Float64Array>>;
export function applyLinearMap(map: LinearMap, X: NdArray<Float32Array>): Promise<NdArray<Float32Array>>;
export function applyLinearMap(map: LinearMap, X: MathjsMatrix): Promise<MathjsResult>;
export function applyLinearMap(map: LinearMap, X: Exclude<RowsLike, RowSource>): Promise<FloatNdArray>;
export function applyLinearMap(map: LinearMap, X: RowsLike): RowSource | Promise<FloatNdArray | MathjsResult>;
export function applyLinearMap(map: LinearMap, X: RowsLike): RowSource | Promise<FloatNdArray | MathjsResult> {
  const rows = mappedRows(map, toRowSource(X, 'X'));
  if (isRowSource(X)) return rows;
  const whole = readAll(rows);
  return isMathjsMatrix(X) ? whole.then<MathjsResult>(toMathjs) : whole;
}

/** The composition: x → outer(inner(x)), in float64. @throws FeatReconstructError when the widths do not meet */
export async function composeLinearMaps(outer: LinearMap, inner: LinearMap): Promise<LinearMap> {
  const [a, b] = [denseWeight(outer), denseWeight(inner)];
  if (a.cols !== b.rows) {
    throw new FeatReconstructError(
      `Expected the outer map to take what the inner map gives, found ${a.cols} columns for ${b.rows} outputs; pass the map that comes last first.`,
      { code: 'mismatch' },
    );
  }
  const weight = await multiply(a, b);
  const shift = denseBias(outer);
  const bias = timesVector(a, denseBias(inner)).map((value, i) => value + shift[i]);
  return { weight: toNdArray(weight.data, [a.rows, b.cols]), bias: toNdArray(bias, [a.rows]) };
}

/** Rows that are computed when they are read. */
function mappedRows(map: LinearMap, x: RowSource): RowSource {
  const weight = denseWeight(map);
  const bias = denseBias(map);
  if (x.rows === 0 && x.cols === 0) {
    throw new FeatReconstructError('Expected rows of X to apply the map to, found no rows.', { code: 'too-few-rows' });
  }
  if (x.cols !== weight.cols) {
    throw new FeatReconstructError(
      `Expected X to have the map's ${weight.cols} columns, found ${x.cols}; apply the map to what it was fitted from.`,
      { code: 'mismatch' },
    );
  }
  const dtype = x.dtype === 'float64' ? 'float64' : 'float32';
  return {
    rows: x.rows,
    cols: weight.rows,
    dtype,
    async read(start, end) {
      const data = await x.read(start, end);
      if (end === start) return dtype === 'float64' ? new Float64Array(0) : new Float32Array(0);
      const type = data instanceof Float64Array ? 'float64' : 'float32';
      const { y } = await (
        await session(type, dtype)
      ).run({
        x: { type, data, dims: [end - start, x.cols] },
        weight: { type: 'float64', data: weight.data, dims: [weight.rows, weight.cols] },
        bias: { type: 'float64', data: bias, dims: [bias.length] },
      });
      return y.data as Float32Array | Float64Array;
    },
  };
}

async function readAll(source: RowSource): Promise<FloatNdArray> {
  const { rows, cols, dtype } = source;
  const out = dtype === 'float64' ? new Float64Array(rows * cols) : new Float32Array(rows * cols);
  for (let start = 0; start < rows; start += rowsAtOnce) {
    out.set(await source.read(start, Math.min(start + rowsAtOnce, rows)), start * cols);
  }
  return toNdArray(out, [rows, cols]) as FloatNdArray;
}

/** The session of the graph for a pair of types. */
const session = (from: DataTypeName, to: 'float32' | 'float64'): Promise<GraphSession> =>
  kernel(`apply ${from} ${to}`, () =>
    buildModel({
      inputs: [
        { name: 'x', type: from, dims: ['n', 'in'] },
        { name: 'weight', type: 'float64', dims: ['out', 'in'] },
        { name: 'bias', type: 'float64', dims: ['out'] },
      ],
      outputs: [{ name: 'y', type: to, dims: ['n', 'out'] }],
      nodes: [
        { op: 'Cast', inputs: ['x'], outputs: ['x64'], attributes: { to: { int: dataType.float64 } } },
        { op: 'Gemm', inputs: ['x64', 'weight', 'bias'], outputs: ['y64'], attributes: { transB: { int: 1 } } },
        { op: 'Cast', inputs: ['y64'], outputs: ['y'], attributes: { to: { int: dataType[to] } } },
      ],
    }),
  );
