import { FeatReconstructError } from '../base/index.js';
import { countOf } from './tensor.js';

/**
 * A tensor of the graph as an affine function of the d features of one example: number i is Σⱼ W[i, j] fⱼ + bias[i].
 * Shapes are those of a batch of one. Whether a model keeps the examples of a batch apart is checked when it is run.
 */
export interface Affine {
  dims: number[];
  /** d */
  width: number;
  rows: Picked | Dense;
  /** (size) */
  bias: Float64Array;
}

/** W of which each row has at most one number that is not 0, as after a slice, a transposition or a scale. */
interface Picked {
  /** (size): by number of the tensor the feature that it is a multiple of, −1 for none. */
  from: Int32Array;
  /** (size): the factor. */
  scale: Float64Array;
}

/** Any W. */
interface Dense {
  /** (size, d), row-major. */
  data: Float64Array;
}

/** Most numbers that one W may have, 2 GB in float64: the largest published heads take a tenth of that. */
const mostNumbers = 2 ** 28;

function allocate(numbers: number): Float64Array {
  if (numbers <= mostNumbers) return new Float64Array(numbers);
  throw new FeatReconstructError(
    `Expected a head of at most ${mostNumbers} numbers, found ${numbers}: the layer is no classifier's, or the model file is damaged. Name the tensors of features and logits.`,
    { code: 'too-large' },
  );
}

/** How many numbers the tensor has. */
export const sizeOf = (x: Affine): number => x.bias.length;

/** A tensor of features: those from `offset` on, of `width` in all. */
export function featuresAs(dims: number[], width: number, offset = 0): Affine {
  const size = countOf(dims);
  const from = Int32Array.from({ length: size }, (_, i) => offset + i);
  return { dims, width, rows: { from, scale: new Float64Array(size).fill(1) }, bias: new Float64Array(size) };
}

/** A tensor that depends on no feature. */
export function constantAs(dims: number[], width: number, data: ArrayLike<number>): Affine {
  const size = countOf(dims);
  const rows = { from: new Int32Array(size).fill(-1), scale: new Float64Array(size) };
  return { dims, width, rows, bias: Float64Array.from(data) };
}

/** A tensor of shape `dims` whose number i is number index[i] of x. */
export function moved(x: Affine, index: Int32Array, dims: number[]): Affine {
  const bias = Float64Array.from(index, (i) => x.bias[i]);
  if ('from' in x.rows) {
    const { from, scale } = x.rows;
    const rows = { from: index.map((i) => from[i]), scale: Float64Array.from(index, (i) => scale[i]) };
    return { dims, width: x.width, rows, bias };
  }
  const data = allocate(index.length * x.width);
  index.forEach((i, to) => data.set(rowOf(x.rows as Dense, i, x.width), to * x.width));
  return { dims, width: x.width, rows: { data }, bias };
}

/** The same numbers in another shape. */
export const reshaped = (x: Affine, dims: number[]): Affine => ({ ...x, dims });

/** scale x + shift, number by number; a scale or a shift of one number is that of all. */
export function scaled(x: Affine, scale: ArrayLike<number>, shift: ArrayLike<number>): Affine {
  const size = sizeOf(x);
  const s = (i: number): number => (scale.length === 1 ? scale[0] : scale[i]);
  const t = (i: number): number => (shift.length === 1 ? shift[0] : shift[i]);
  const bias = x.bias.map((value, i) => s(i) * value + t(i));
  if ('from' in x.rows) {
    const rows = { from: x.rows.from, scale: x.rows.scale.map((value, i) => value * s(i)) };
    return { ...x, rows, bias };
  }
  const isOne = Array.from({ length: scale.length }, (_, i) => scale[i]).every((value) => value === 1);
  if (isOne) return { ...x, bias };
  const data = new Float64Array(x.rows.data);
  for (let i = 0; i < size; i++) for (let j = 0; j < x.width; j++) data[i * x.width + j] *= s(i);
  return { ...x, rows: { data }, bias };
}

/** A sum of tensors of one shape, each times a constant. */
export function combined(parts: readonly { x: Affine; times: number }[]): Affine {
  const [{ x: first }] = parts;
  const data = allocate(sizeOf(first) * first.width);
  const bias = new Float64Array(sizeOf(first));
  for (const { x, times } of parts) {
    for (let i = 0; i < bias.length; i++) {
      bias[i] += times * x.bias[i];
      addRow(data, i, x, i, times);
    }
  }
  return { dims: first.dims, width: first.width, rows: { data }, bias };
}

/**
 * A linear layer: for each group of `inputs` numbers of x, in order, the `outputs` numbers Σₖ weight[o, k] x[group[k]].
 * @param weight (outputs, inputs), row-major
 * @returns group after group, in the shape `dims`
 */
export function contracted(
  x: Affine,
  groups: readonly ArrayLike<number>[],
  weight: ArrayLike<number>,
  outputs: number,
  dims: number[],
): Affine {
  const data = allocate(groups.length * outputs * x.width);
  const bias = new Float64Array(groups.length * outputs);
  const { rows, width } = x;
  groups.forEach((group, g) => {
    if ('from' in rows) {
      const { from, scale } = rows;
      for (let o = 0; o < outputs; o++) {
        const at = g * outputs + o;
        let sum = 0;
        for (let k = 0; k < group.length; k++) {
          const w = weight[o * group.length + k];
          if (w === 0) continue;
          const input = group[k];
          sum += w * x.bias[input];
          if (from[input] >= 0) data[at * width + from[input]] += w * scale[input];
        }
        bias[at] = sum;
      }
      return;
    }
    for (let o = 0; o < outputs; o++) {
      const at = g * outputs + o;
      for (let k = 0; k < group.length; k++) {
        const w = weight[o * group.length + k];
        if (w === 0) continue;
        bias[at] += w * x.bias[group[k]];
        addRow(data, at, x, group[k], w);
      }
    }
  });
  return { dims, width: x.width, rows: { data }, bias };
}

/** One tensor behind the other along an axis. */
export function joined(parts: readonly Affine[], axis: number): Affine {
  const [first] = parts;
  const outer = countOf(first.dims.slice(0, axis));
  const dims = first.dims.map((dim, i) => (i === axis ? parts.reduce((sum, { dims }) => sum + dims[axis], 0) : dim));
  const all: Affine = {
    dims: [countOf(dims)],
    width: first.width,
    rows: parts.every(({ rows }) => 'from' in rows)
      ? {
          from: Int32Array.from(parts.flatMap(({ rows }) => [...(rows as Picked).from])),
          scale: Float64Array.from(parts.flatMap(({ rows }) => [...(rows as Picked).scale])),
        }
      : { data: concatenated(parts.map(weightOf)) },
    bias: concatenated(parts.map(({ bias }) => bias)),
  };
  if (outer === 1) return reshaped(all, dims);
  const starts = parts.map((_, p) => parts.slice(0, p).reduce((sum, x) => sum + sizeOf(x), 0));
  const index: number[] = [];
  for (let o = 0; o < outer; o++) {
    parts.forEach((x, p) => {
      const run = sizeOf(x) / outer;
      for (let i = 0; i < run; i++) index.push(starts[p] + o * run + i);
    });
  }
  return moved(all, Int32Array.from(index), dims);
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** W (size, d). */
export function weightOf(x: Affine): Float64Array {
  if ('data' in x.rows) return x.rows.data;
  const data = allocate(sizeOf(x) * x.width);
  for (let i = 0; i < sizeOf(x); i++) addRow(data, i, x, i, 1);
  return data;
}

const rowOf = ({ data }: Dense, i: number, width: number): Float64Array => data.subarray(i * width, (i + 1) * width);

/** Adds `times` row `i` of x to row `at` of `data`. */
function addRow(data: Float64Array, at: number, x: Affine, i: number, times: number): void {
  if ('from' in x.rows) {
    const feature = x.rows.from[i];
    if (feature >= 0) data[at * x.width + feature] += times * x.rows.scale[i];
    return;
  }
  const row = x.rows.data;
  const [to, from] = [at * x.width, i * x.width];
  for (let j = 0; j < x.width; j++) data[to + j] += times * row[from + j];
}
