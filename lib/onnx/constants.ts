import { FeatReconstructError } from '../base/index.js';
import { dataType } from './build.js';
import { axisOf, broadcast, taken, transposeTensor } from './shapes.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { float16ToFloat32, float32ToFloat16 } from '../tensor/index.js';
import { countOf, readTensor, typeName, type NumericTensor } from './tensor.js';

/** Operators that draw random numbers: what they give is never a constant, even where all that they read is. */
export const randomOps = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/** Names of all tensors that do not depend on the model's input. One pass is enough, since nodes are in topological order. */
export function constantTensors(graph: GraphView): Set<string> {
  const constant = new Set(graph.initializers.keys());
  for (const node of graph.nodes) {
    const inputs = node.inputs.filter((name) => name !== '');
    const hasBody = [...node.attributes.values()].some((attribute) => attribute.nodes);
    const isSource = node.op === 'Constant' && node.domain === '';
    if (
      isSource ||
      (inputs.length > 0 && !hasBody && !randomOps.has(node.op) && inputs.every((name) => constant.has(name)))
    ) {
      for (const output of node.outputs) constant.add(output);
    }
  }
  return constant;
}

/**
 * The value of a constant tensor: as the file stores it, or evaluated over the nodes that exporters put between a weight and
 * its use.
 * @throws FeatReconstructError when it is computed by a node that is not evaluated here
 */
export function readConstant(graph: GraphView, name: string): NumericTensor {
  const tensor = graph.initializers.get(name);
  if (tensor) return readTensor(tensor, graph.modelPath);
  const node = graph.producers.get(name);
  if (!node) {
    throw new FeatReconstructError(
      `Expected the constant '${name}' in the model, found nothing of that name: the file is corrupted. Export it again.`,
      { code: 'damaged' },
    );
  }
  const isKnown = node.domain === '' && node.outputs[0] === name && Object.hasOwn(evaluators, node.op);
  const evaluate = isKnown ? evaluators[node.op] : undefined;
  if (!evaluate) {
    throw new FeatReconstructError(
      `Expected the constant '${name}' to be a stored tensor, perhaps behind Transpose, Cast or DequantizeLinear, found that ${describeNode(node)} computes it: simplify the model first (onnxsim, or save it from ONNX Runtime at optimisation level 'basic').`,
    );
  }
  // Exporters put a handful of nodes there; a chain as long as this may go in a circle.
  if (depth >= longestChain) throw notComputable(node, `from ${longestChain} nodes`);
  try {
    depth++;
    return evaluate(node, graph);
  } catch (error) {
    if (error instanceof RangeError) throw notComputable(node, 'of a size that no array has', error);
    throw error;
  } finally {
    depth--;
  }
}

/** Nodes that are being evaluated right now, each for the one before it. */
let depth = 0;
const longestChain = 1000;

const notComputable = (node: NodeView, found: string, cause?: unknown): FeatReconstructError =>
  new FeatReconstructError(
    `Expected a constant of a model in ${describeNode(node)}, found one ${found}: the model file is corrupted. Copy or export it again.`,
    { code: 'damaged', cause },
  );

/** Most numbers in a constant whose size nothing but a shape in the file limits. */
const largestFill = 2 ** 24;

/** The element type of a constant, without reading its numbers: that of the stored tensor, or of the last Cast. */
export function constantType(graph: GraphView, name: string): string {
  let at = name;
  // More steps than nodes would be a circle, which no ONNX graph has.
  for (let steps = 0; steps <= graph.nodes.length; steps++) {
    const tensor = graph.initializers.get(at);
    if (tensor) return tensor.type;
    const node = graph.producers.get(at);
    if (!node) break;
    if (node.op === 'Cast') return typeName(node.attributes.get('to')?.int ?? 0);
    const value = node.attributes.get('value')?.tensor;
    if (value) return value.type;
    // The scale of DequantizeLinear gives its output's type, the first input that of the others.
    at = node.inputs[node.op === 'DequantizeLinear' ? 1 : 0];
    if (!at) break;
  }
  return 'float32';
}

const input = (node: NodeView, graph: GraphView, index: number): NumericTensor =>
  readConstant(graph, node.inputs[index]);

/** Whole numbers that are an attribute in older opsets and input `index` in newer ones (`axes`, `shape`); null where neither is there. */
export function integersOf(node: NodeView, graph: GraphView, attribute: string, index = 1): number[] | null {
  const list = node.attributes.get(attribute)?.ints;
  if (list) return list;
  return node.inputs[index] ? [...input(node, graph, index).data] : null;
}

const evaluators: Record<string, (node: NodeView, graph: GraphView) => NumericTensor> = {
  Constant: (node, graph) => literal(node, graph),
  ConstantOfShape(node, graph) {
    const dims = [...input(node, graph, 0).data];
    const value = node.attributes.get('value')?.tensor;
    const fill = value ? readTensor(value, graph.modelPath).data[0] : 0;
    if (!(countOf(dims) <= largestFill)) throw notComputable(node, `of ${dims.join(' x ')} numbers`);
    return { dims, data: new Float64Array(countOf(dims)).fill(fill) };
  },
  Identity: (node, graph) => input(node, graph, 0),
  Cast(node, graph) {
    const { dims, data } = input(node, graph, 0);
    return { dims, data: cast(data, node.attributes.get('to')?.int ?? 0) };
  },
  Transpose(node, graph) {
    const tensor = input(node, graph, 0);
    return transposeTensor(tensor, node.attributes.get('perm')?.ints ?? tensor.dims.map((_, i) => i).reverse());
  },
  Reshape(node, graph) {
    const { dims, data } = input(node, graph, 0);
    return { dims: reshape(dims, integersOf(node, graph, 'shape') ?? []), data };
  },
  Flatten(node, graph) {
    const { dims, data } = input(node, graph, 0);
    const axis = node.attributes.get('axis')?.int ?? 1;
    const rows = countOf(dims.slice(0, axis));
    return { dims: [rows, data.length / rows], data };
  },
  Squeeze(node, graph) {
    const { dims, data } = input(node, graph, 0);
    const axes = integersOf(node, graph, 'axes')?.map((axis) => (axis < 0 ? axis + dims.length : axis));
    return { dims: dims.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)), data };
  },
  Unsqueeze(node, graph) {
    const { dims, data } = input(node, graph, 0);
    const axes = integersOf(node, graph, 'axes') ?? [];
    const rank = dims.length + axes.length;
    const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
    const rest = [...dims];
    return { dims: Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))), data };
  },
  Expand(node, graph) {
    const tensor = input(node, graph, 0);
    const shape = [...input(node, graph, 1).data];
    const dims = broadcastDims(tensor.dims, shape, node);
    return { dims, data: spread(tensor, dims) };
  },
  Concat(node, graph) {
    const parts = node.inputs.map((_, i) => input(node, graph, i));
    const axis = axisOf(node.attributes.get('axis')?.int ?? 0, parts[0].dims.length);
    const outer = countOf(parts[0].dims.slice(0, axis));
    const total = parts.reduce((sum, { dims }) => sum + dims[axis], 0);
    const data: number[] = [];
    for (let o = 0; o < outer; o++) {
      for (const part of parts) {
        const run = part.data.length / outer;
        for (let i = 0; i < run; i++) data.push(part.data[o * run + i]);
      }
    }
    return { dims: parts[0].dims.map((dim, i) => (i === axis ? total : dim)), data: Float64Array.from(data) };
  },
  Gather(node, graph) {
    const { dims, data } = input(node, graph, 0);
    const places = input(node, graph, 1);
    const axis = axisOf(node.attributes.get('axis')?.int ?? 0, dims.length);
    const wanted = [...places.data].map((place) => (place < 0 ? place + dims[axis] : place));
    const found = taken({ dims, data }, axis, wanted);
    return { dims: [...dims.slice(0, axis), ...places.dims, ...dims.slice(axis + 1)], data: found.data };
  },
  LpNormalization(node, graph) {
    const tensor = input(node, graph, 0);
    const axis = axisOf(node.attributes.get('axis')?.int ?? -1, tensor.dims.length);
    const p = node.attributes.get('p')?.int ?? 2;
    const lengths = reduce(tensor, [axis], (values) =>
      Math.hypot(...(p === 1 ? [sumOf(values.map(Math.abs))] : values)),
    );
    const beside = spread(lengths, tensor.dims);
    return { dims: tensor.dims, data: Float64Array.from(tensor.data, (value, i) => value / beside[i]) };
  },
  DequantizeLinear: (node, graph) => dequantize(node, graph),
  Abs: (node, graph) => unary(node, graph, Math.abs),
  Exp: (node, graph) => unary(node, graph, Math.exp),
  Neg: (node, graph) => unary(node, graph, (x) => -x),
  Reciprocal: (node, graph) => unary(node, graph, (x) => 1 / x),
  Sqrt: (node, graph) => unary(node, graph, Math.sqrt),
  Log: (node, graph) => unary(node, graph, Math.log),
  Add: (node, graph) => binary(node, graph, (a, b) => a + b),
  Sub: (node, graph) => binary(node, graph, (a, b) => a - b),
  Mul: (node, graph) => binary(node, graph, (a, b) => a * b),
  Div: (node, graph) => binary(node, graph, (a, b) => a / b),
  Pow: (node, graph) => binary(node, graph, (a, b) => a ** b),
  Max: (node, graph) => binary(node, graph, Math.max),
  Min: (node, graph) => binary(node, graph, Math.min),
  Clip(node, graph) {
    const bound = (name: string, i: number, otherwise: number): number =>
      node.attributes.get(name)?.float ?? (node.inputs[i] ? input(node, graph, i).data[0] : otherwise);
    const [low, high] = [bound('min', 1, -Infinity), bound('max', 2, Infinity)];
    return unary(node, graph, (x) => Math.min(high, Math.max(low, x)));
  },
  ReduceL2: (node, graph) => reducedByNode(node, graph, (values) => Math.hypot(...values)),
  ReduceSum: (node, graph) => reducedByNode(node, graph, sumOf),
  ReduceMean: (node, graph) => reducedByNode(node, graph, (values) => sumOf(values) / values.length),
  ReduceSumSquare: (node, graph) => reducedByNode(node, graph, (values) => sumOf(values.map((x) => x * x))),
};

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** A function of two constants, broadcast as in NumPy; Max and Min of more than two take them one after another. */
function binary(node: NodeView, graph: GraphView, f: (a: number, b: number) => number): NumericTensor {
  return node.inputs
    .map((_, i) => input(node, graph, i))
    .reduce((a, b) => {
      const dims = broadcastDims(a.dims, b.dims, node);
      const [left, right] = [spread(a, dims), spread(b, dims)];
      return { dims, data: left.map((value, i) => f(value, right[i])) };
    });
}

/** The shape that two shapes are broadcast to. */
function broadcastDims(a: readonly number[], b: readonly number[], node: NodeView): number[] {
  const rank = Math.max(a.length, b.length);
  const at = (dims: readonly number[], i: number): number => dims[i - rank + dims.length] ?? 1;
  const dims = Array.from({ length: rank }, (_, i) => (at(a, i) === 1 ? at(b, i) : at(a, i)));
  const fits = [a, b].every((each) => dims.every((dim, i) => at(each, i) === 1 || at(each, i) === dim));
  if (!fits || !(countOf(dims) <= largestFill)) throw notComputable(node, `of ${a.join(' x ')} and ${b.join(' x ')}`);
  return dims;
}

/** A tensor's numbers, broadcast to a shape. */
function spread(tensor: NumericTensor, dims: number[]): Float64Array {
  return Float64Array.from(broadcast(tensor.dims, dims)!, (i) => tensor.data[i]);
}

/** What a node of the Reduce family makes of a constant. */
function reducedByNode(node: NodeView, graph: GraphView, f: (values: number[]) => number): NumericTensor {
  const tensor = input(node, graph, 0);
  const rank = tensor.dims.length;
  const axes = (integersOf(node, graph, 'axes') ?? tensor.dims.map((_, i) => i)).map((axis) => axisOf(axis, rank));
  const { dims, data } = reduce(tensor, axes, f);
  const keeps = node.attributes.get('keepdims')?.int ?? 1;
  return { dims: keeps ? dims : dims.filter((_, i) => !axes.includes(i)), data };
}

/** Takes `f` of the numbers along axes, which stay with a length of 1. */
function reduce(
  { dims, data }: NumericTensor,
  axes: readonly number[],
  f: (values: number[]) => number,
): NumericTensor {
  const kept = dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const groups = Array.from({ length: countOf(kept) }, (): number[] => []);
  broadcast(kept, dims)!.forEach((to, i) => groups[to].push(data[i]));
  return { dims: kept, data: Float64Array.from(groups, f) };
}

/** The value of a Constant node. */
function literal(node: NodeView, graph: GraphView): NumericTensor {
  const get = (name: string) => node.attributes.get(name);
  const tensor = get('value')?.tensor;
  if (tensor) return readTensor(tensor, graph.modelPath);
  const scalar = get('value_float')?.float ?? get('value_int')?.int;
  if (scalar !== undefined) return { dims: [], data: Float64Array.of(scalar) };
  const list = get('value_floats')?.floats ?? get('value_ints')?.ints;
  if (list) return { dims: [list.length], data: Float64Array.from(list) };
  throw new FeatReconstructError(
    `Expected numbers in ${describeNode(node)}, found a sparse or text constant: export the model with dense weights.`,
  );
}

function unary(node: NodeView, graph: GraphView, f: (x: number) => number): NumericTensor {
  const { dims, data } = input(node, graph, 0);
  return { dims, data: data.map(f) };
}

/** Cast as ONNX defines it, for the types that weights have. */
function cast(data: NumericTensor['data'], to: number): NumericTensor['data'] {
  if (to === dataType.float16) return float16ToFloat32(float32ToFloat16(new Float32Array(data)));
  if (to === dataType.float32) return new Float32Array(data);
  if (to === dataType.bfloat16) return Float32Array.from(data, roundToBfloat16);
  return to === dataType.float64 ? new Float64Array(data) : Float64Array.from(data, Math.trunc);
}

/** To the nearest bfloat16, ties to even. */
function roundToBfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  if (Number.isFinite(value)) bits[0] = (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0];
}

/** The shape that Reshape makes: 0 keeps a dimension, -1 takes what is left. */
function reshape(dims: number[], shape: number[]): number[] {
  const out = shape.map((dim, i) => (dim === 0 ? dims[i] : dim));
  const open = out.indexOf(-1);
  if (open >= 0) out[open] = countOf(dims) / -countOf(out);
  return out;
}

/** (q - zero point) * scale in float32, for the whole tensor or per slice along `axis`. */
function dequantize(node: NodeView, graph: GraphView): NumericTensor {
  const { dims, data } = input(node, graph, 0);
  const scale = input(node, graph, 1).data;
  const zero = node.inputs[2] ? input(node, graph, 2).data : null;
  const axis = node.attributes.get('axis')?.int ?? 1;
  const blockSize = node.attributes.get('block_size')?.int ?? 0;
  const at = axis < 0 ? axis + dims.length : axis;
  if (blockSize > 0 || (scale.length > 1 && scale.length !== dims[at])) {
    throw new FeatReconstructError(
      `Expected one scale for the whole weight or one per slice in ${describeNode(node)}, found ${scale.length} scales for the shape ${dims.join(' x ')}: export the model with float32 weights.`,
    );
  }
  const inner = countOf(dims.slice(at + 1));
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const slice = scale.length > 1 ? Math.floor(i / inner) % scale.length : 0;
    out[i] = (data[i] - (zero ? zero[slice] : 0)) * Math.fround(scale[slice]);
  }
  return { dims, data: out };
}
