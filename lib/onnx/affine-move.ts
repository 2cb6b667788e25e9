import { FeatReconstructError, option } from '../base/index.js';
import { constantAs, joined, reshaped, sizeOf } from './affine.js';
import { integersOf, readConstant } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { axisOf, numbered, sliced, taken, transposeTensor } from './shapes.js';
import { countOf, type NumericTensor } from './tensor.js';
import { intOf, isAffine, movedBy, onlyFirst, x, type AffineOp } from './affine-op.js';

const floatTypes = new Set([1, 10, 11, 16]);

/** Keeps the order of the numbers; the shape is that of a batch of one. */
export const reshape: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const from = x(inputs);
    const shape = node.attributes.get('shape')?.ints ?? shapeAsked(graph, node.inputs[1]);
    if (!shape) return reshaped(from, [1, sizeOf(from)]);
    const out = shape.map((dim, i) => (dim === 0 ? (from.dims[i] ?? 1) : dim));
    const open = out.indexOf(-1);
    if (open >= 0) out[open] = sizeOf(from) / -countOf(out);
    // A shape for another batch than one says nothing of the examples.
    return reshaped(from, countOf(out) === sizeOf(from) ? out : [1, sizeOf(from)]);
  },
};

/** A shape that is a constant; null where it is computed from the input's. */
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
    const from = x(inputs);
    const rows = countOf(from.dims.slice(0, axisOf(intOf(node, 'axis', 1), from.dims.length)));
    return reshaped(from, [rows, sizeOf(from) / rows]);
  },
};

export const same: AffineOp = { kind: 'move', refuses: onlyFirst, apply: (_, inputs) => x(inputs) };

export const cast: AffineOp = {
  kind: 'move',
  refuses: (node) =>
    floatTypes.has(intOf(node, 'to', 0)) ? undefined : `${describeNode(node)}, which makes whole numbers of them`,
  apply: (_, inputs) => x(inputs),
};

export const squeeze: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const { dims } = x(inputs);
    const axes = integersOf(node, graph, 'axes')?.map((axis) => axisOf(axis, dims.length));
    return reshaped(
      x(inputs),
      dims.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
    );
  },
};

export const unsqueeze: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const rest = [...x(inputs).dims];
    const axes = integersOf(node, graph, 'axes') ?? [];
    const rank = rest.length + axes.length;
    const added = new Set(axes.map((axis) => axisOf(axis, rank)));
    return reshaped(
      x(inputs),
      Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))),
    );
  },
};

export const transposed: AffineOp = {
  kind: 'move',
  apply(node, inputs) {
    const { dims } = x(inputs);
    const perm = node.attributes.get('perm')?.ints ?? dims.map((_, i) => i).reverse();
    return movedBy(
      x(inputs),
      transposeTensor(numbered(dims), perm.length === dims.length ? perm : dims.map((_, i) => i)),
    );
  },
};

export const slice: AffineOp = {
  kind: 'move',
  refuses: onlyFirst,
  apply(node, inputs, graph) {
    const from = x(inputs);
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
    const from = x(inputs);
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
    const from = x(inputs);
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
