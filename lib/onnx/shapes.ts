import { countOf, type NumericTensor } from './tensor.js';

/** Moves of the numbers of a row-major tensor: of constants, and (on `numbered` ones) of what is affine in the features. */

/** An axis counted from the front. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The tensor 0, 1, … of a shape: after a move, it says where each number came from. */
export function numbered(dims: number[]): NumericTensor {
  return { dims, data: Float64Array.from({ length: countOf(dims) }, (_, i) => i) };
}

/** Which of n places a slice takes, its ends clamped as in NumPy and ONNX. */
export function sliced(n: number, start: number, end: number, step: number): number[] {
  const clamp = (value: number): number => {
    const at = value < 0 ? value + n : value;
    return step > 0 ? Math.max(0, Math.min(n, at)) : Math.max(-1, Math.min(n - 1, at));
  };
  const places: number[] = [];
  for (let i = clamp(start); step > 0 ? i < clamp(end) : i > clamp(end); i += step) places.push(i);
  return places;
}

/** The numbers at some places along an axis. */
export function taken({ dims, data }: NumericTensor, axis: number, places: readonly number[]): NumericTensor {
  const inner = countOf(dims.slice(axis + 1));
  const outer = countOf(dims.slice(0, axis));
  const out = new Float64Array(outer * places.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const place of places) {
      for (let i = 0; i < inner; i++) out[at++] = data[(o * dims[axis] + place) * inner + i];
    }
  }
  return { dims: dims.map((dim, i) => (i === axis ? places.length : dim)), data: out };
}

/** By number of a tensor of shape `to` the number of one of shape `from` that is broadcast to it; null where they do not fit. */
export function broadcast(from: readonly number[], to: readonly number[]): Int32Array | null {
  const lead = to.length - from.length;
  const dims = to.map((_, i) => (i < lead ? 1 : from[i - lead]));
  if (lead < 0 && from.slice(0, -lead).some((dim) => dim !== 1)) return null;
  const own = lead < 0 ? from.slice(-lead) : dims;
  if (own.some((dim, i) => dim !== 1 && dim !== to[i])) return null;
  const out = new Int32Array(countOf(to));
  const index = to.map(() => 0);
  const strides = own.map((dim, i) => (dim === 1 ? 0 : countOf(own.slice(i + 1))));
  for (let at = 0; at < out.length; at++) {
    out[at] = index.reduce((sum, value, i) => sum + value * strides[i], 0);
    for (let axis = to.length - 1; axis >= 0; axis--) {
      if (++index[axis] < to[axis]) break;
      index[axis] = 0;
    }
  }
  return out;
}

/** Transposes a tensor: dimension i of the result is dimension perm[i]. */
export function transposeTensor(tensor: NumericTensor, perm: number[]): NumericTensor {
  const { dims, data } = tensor;
  // A damaged file may say other dimensions than it has data for: rows by the billion, of a part of a number each.
  const isWhole = countOf(dims) === data.length && dims.every((dim) => dim >= 1 && dim <= data.length);
  if (dims.length === 2 && perm[0] === 1 && isWhole) return transposeMatrix(tensor);
  const strides = dims.map((_, i) => countOf(dims.slice(i + 1)));
  const outDims = perm.map((axis) => dims[axis]);
  const outStrides = perm.map((axis) => strides[axis]);
  const out = data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length);
  const index = outDims.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from];
    for (let axis = outDims.length - 1; axis >= 0; axis--) {
      from += outStrides[axis];
      if (++index[axis] < outDims[axis]) break;
      from -= outStrides[axis] * outDims[axis];
      index[axis] = 0;
    }
  }
  return { dims: outDims, data: out };
}

/** Rows and columns of a tile: what is read and written of one stays in the processor's cache. */
const tile = 32;

/** A head of very many classes has ten million numbers: in tiles they are moved in three quarters of the time. */
function transposeMatrix({ dims: [rows, cols], data }: NumericTensor): NumericTensor {
  const out = data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length);
  for (let top = 0; top < rows; top += tile) {
    const bottom = Math.min(rows, top + tile);
    for (let left = 0; left < cols; left += tile) {
      const right = Math.min(cols, left + tile);
      for (let j = left; j < right; j++) for (let i = top; i < bottom; i++) out[j * rows + i] = data[i * cols + j];
    }
  }
  return { dims: [cols, rows], data: out };
}
