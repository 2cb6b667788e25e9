import { FeatReconstructError, option } from '../base/index.js';
import { constantAs, joined, reshaped, sizeOf } from './affine.js';
import { dataType } from './build.js';
import { integersOf, readConstant } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { axisOf, numbered, sliced, taken, transposeTensor } from './shapes.js';
import { countOf, type NumericTensor } from './tensor.js';
import { dataOf, intOf, isAffine, movedBy, onlyFirst, type AffineOp } from './affine-op.js';

/** Operators that move numbers to other places or shapes and change none; and Concat, which joins tensors. */

const floatTypes = new Set<number>([dataType.float32, dataType.float16, dataType.float64, dataType.bfloat16]);

/** Reshape, with a batch of one example. */
export const reshape: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const from = dataOf(inputs);
    const shape = node.attributes.get('shape')?.ints ?? shapeAsked(graph, node.inputs[1]);
    if (!shape) return reshaped(from, [1, sizeOf(from)]);
    const out = shape.map((dim, i) => (dim === 0 ? (from.dims[i] ?? 1) : dim));
    const open = out.indexOf(-1);
    if (open >= 0) out[open] = sizeOf(from) / -countOf(out);
    // A constant shape for another batch size does not say how one example is shaped.
    return reshaped(from, countOf(out) === sizeOf(from) ? out : [1, sizeOf(from)]);
  },
};

/** A shape that is a constant; null where it is computed from the shape of the input. */
function shapeAsked(graph: GraphView, name: string): number[] | null {
  try {
    return [...readConstant(graph, name).data];
  } catch {
    return null;
  }
}

export const flatten: AffineOp = {
  kind: 'move',
  apply(node, inputs) {
    const from = dataOf(inputs);
    const rows = countOf(from.dims.slice(0, axisOf(intOf(node, 'axis', 1), from.dims.length)));
    return reshaped(from, [rows, sizeOf(from) / rows]);
  },
};

/** Identity and Dropout. */
export const same: AffineOp = { kind: 'move', refuses: onlyFirst, apply: (_, inputs) => dataOf(inputs) };

export const cast: AffineOp = {
  kind: 'move',
  refuses: (node) =>
    floatTypes.has(intOf(node, 'to', 0)) ? undefined : `${describeNode(node)}, which makes whole numbers of them`,
  apply: (_, inputs) => dataOf(inputs),
};

export const squeeze: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const { dims } = dataOf(inputs);
    const axes = integersOf(node, graph, 'axes')?.map((axis) => axisOf(axis, dims.length));
    return reshaped(
      dataOf(inputs),
      dims.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
    );
  },
};

export const unsqueeze: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const rest = [...dataOf(inputs).dims];
    const axes = integersOf(node, graph, 'axes') ?? [];
    const rank = rest.length + axes.length;
    const added = new Set(axes.map((axis) => axisOf(axis, rank)));
    return reshaped(
      dataOf(inputs),
      Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))),
    );
  },
};

export const transposed: AffineOp = {
  kind: 'move',
  apply(node, inputs) {
    const { dims } = dataOf(inputs);
    const perm = node.attributes.get('perm')?.ints ?? dims.map((_, i) => i).reverse();
    return movedBy(
      dataOf(inputs),
      transposeTensor(numbered(dims), perm.length === dims.length ? perm : dims.map((_, i) => i)),
    );
  },
};

export const slice: AffineOp = {
  kind: 'move',
  refuses: onlyFirst,
  apply(node, inputs, graph) {
    const from = dataOf(inputs);
    const starts = integersOf(node, graph, 'starts', 1) ?? [];
    const ends = integersOf(node, graph, 'ends', 2) ?? [];
    const axes = integersOf(node, graph, 'axes', 3) ?? starts.map((_, i) => i);
    const steps = integersOf(node, graph, 'steps', 4) ?? starts.map(() => 1);
    let tensor = numbered(from.dims);
    axes.forEach((axis, i) => {
      const at = axisOf(axis, from.dims.length);
      tensor = taken(tensor, at, sliced(tensor.dims[at], starts[i], ends[i], steps[i]));
    });
    return movedBy(from, tensor);
  },
};

export const gather: AffineOp = {
  kind: 'move',
  refuses: (node, computed) =>
    computed.includes(1) ? `${describeNode(node)}, which looks numbers up by computed places` : undefined,
  apply(node, inputs) {
    const from = dataOf(inputs);
    const places = inputs[1] as NumericTensor;
    const axis = axisOf(intOf(node, 'axis', 0), from.dims.length);
    const n = from.dims[axis];
    const wanted = [...places.data].map((place) => (place < 0 ? place + n : place));
    if (wanted.some((place) => place >= n)) return outOfReach(node, n);
    const { dims, data } = taken(numbered(from.dims), axis, wanted);
    return movedBy(from, { dims: [...dims.slice(0, axis), ...places.dims, ...dims.slice(axis + 1)], data });
  },
};

function outOfReach(node: NodeView, n: number): never {
  throw new FeatReconstructError(
    `Expected ${describeNode(node)} to take some of ${n} numbers, found places beyond: the layer reads several positions, and is no classifier's head. Name the features behind it with ${option("the option 'features'", '--features-tensor')}.`,
  );
}

export const split: AffineOp = {
  kind: 'move',
  refuses: onlyFirst,
  apply(node, inputs, graph, output) {
    const from = dataOf(inputs);
    const axis = axisOf(intOf(node, 'axis', 0), from.dims.length);
    const parts = node.outputs.length;
    const size = Math.ceil(from.dims[axis] / parts);
    const sizes =
      integersOf(node, graph, 'split') ??
      node.outputs.map((_, i) => Math.min(size, Math.max(0, from.dims[axis] - i * size)));
    const places = sizes.map((length, i) => {
      const start = sizes.slice(0, i).reduce((sum, value) => sum + value, 0);
      return Array.from({ length }, (_, k) => start + k);
    });
    return movedBy(from, taken(numbered(from.dims), axis, places[output]));
  },
};

export const concat: AffineOp = {
  kind: 'mix',
  apply(node, inputs) {
    const first = inputs.find(isAffine)!;
    const parts = inputs.map((part) => (isAffine(part) ? part : constantAs(part!.dims, first.width, part!.data)));
    return joined(parts, axisOf(intOf(node, 'axis', 0), first.dims.length));
  },
};
