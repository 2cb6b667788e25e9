import { FeatReconstructError } from '../base/index.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { float16ToFloat32, float32ToFloat16 } from '../tensor/index.js';
import { count, readTensor, typeName, type NumericTensor } from './tensor.js';

/** Nodes whose output is another one at every run: no constant, whatever goes in. */
export const randomOps = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/** Names of all tensors that do not depend on the model's input. One pass, since nodes stand in topological order. */
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
 * The value of a constant tensor, through the nodes that exporters put between a weight and its use.
 * @throws FeatReconstructError when it is computed by a node that is not evaluated here
 */
export function readConstant(graph: GraphView, name: string): NumericTensor {
  const tensor = graph.initializers.get(name);
  if (tensor) return readTensor(tensor, graph.modelPath);
  const node = graph.producers.get(name);
  if (!node) {
    throw new FeatReconstructError(
      `Expected the constant '${name}' in the model, found nothing of that name: the file is corrupted. Export it again.`,
    );
  }
  const isKnown = node.domain === '' && node.outputs[0] === name && Object.hasOwn(evaluators, node.op);
  const evaluate = isKnown ? evaluators[node.op] : undefined;
  if (!evaluate) {
    throw new FeatReconstructError(
      `Expected the constant '${name}' to be a stored tensor, perhaps behind Transpose, Cast or DequantizeLinear, found that ${describeNode(node)} computes it: simplify the model first (onnxsim, or save it from ONNX Runtime at optimisation level 'basic').`,
    );
  }
  // Exporters put a handful of nodes there; a chain that is longer may go in a circle.
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

/** Nodes that are being evaluated for one another. */
let depth = 0;
const longestChain = 1000;

const notComputable = (node: NodeView, found: string, cause?: unknown): FeatReconstructError =>
  new FeatReconstructError(
    `Expected a constant of a model in ${describeNode(node)}, found one ${found}: the model file is corrupted. Copy or export it again.`,
    { cause },
  );

/** Numbers in a constant that the file gives by its shape alone. */
const largestFill = 2 ** 24;

/** The element type of a constant, without reading its numbers: that of the stored tensor, or of the last Cast. */
export function constantType(graph: GraphView, name: string): string {
  let at = name;
  // A chain longer than the graph goes in a circle, which no ONNX graph does.
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

/** An attribute of older opsets that became an input: `axes`, `shape`. */
export function integersOf(node: NodeView, graph: GraphView, attribute: string, index = 1): number[] | null {
  const list = node.attributes.get(attribute)?.ints;
  if (list) return list;
  return node.inputs[index] ? [...readConstant(graph, node.inputs[index]).data] : null;
}

const evaluators: Record<string, (node: NodeView, graph: GraphView) => NumericTensor> = {
  Constant: (node, graph) => literal(node, graph),
  ConstantOfShape(node, graph) {
    const dims = [...input(node, graph, 0).data];
    const value = node.attributes.get('value')?.tensor;
    const fill = value ? readTensor(value, graph.modelPath).data[0] : 0;
    if (!(count(dims) <= largestFill)) throw notComputable(node, `of ${dims.join(' x ')} numbers`);
    return { dims, data: new Float64Array(count(dims)).fill(fill) };
  },
  Identity: (node, graph) => input(node, graph, 0),
  Cast(node, graph) {
    const { dims, data } = input(node, graph, 0);
    return { dims, data: cast(data, node.attributes.get('to')?.int ?? 0) };
  },
  Transpose(node, graph) {
    const tensor = input(node, graph, 0);
    return transpose(tensor, node.attributes.get('perm')?.ints ?? tensor.dims.map((_, i) => i).reverse());
  },
  Reshape(node, graph) {
    const { dims, data } = input(node, graph, 0);
    return { dims: reshape(dims, integersOf(node, graph, 'shape') ?? []), data };
  },
  Flatten(node, graph) {
    const { dims, data } = input(node, graph, 0);
    const axis = node.attributes.get('axis')?.int ?? 1;
    const rows = count(dims.slice(0, axis));
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
  DequantizeLinear: (node, graph) => dequantize(node, graph),
  Exp: (node, graph) => unary(node, graph, Math.exp),
  Neg: (node, graph) => unary(node, graph, (x) => -x),
  Reciprocal: (node, graph) => unary(node, graph, (x) => 1 / x),
  Sqrt: (node, graph) => unary(node, graph, Math.sqrt),
};

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
  if (to === 10) return float16ToFloat32(float32ToFloat16(new Float32Array(data)));
  if (to === 1) return new Float32Array(data);
  if (to === 16) return Float32Array.from(data, roundToBfloat16);
  return to === 11 ? new Float64Array(data) : Float64Array.from(data, Math.trunc);
}

/** To the nearest bfloat16, ties to even. */
function roundToBfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  if (Number.isFinite(value)) bits[0] = (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0];
}

/** 0 keeps a dimension, -1 takes what is left. */
function reshape(dims: number[], shape: number[]): number[] {
  const out = shape.map((dim, i) => (dim === 0 ? dims[i] : dim));
  const open = out.indexOf(-1);
  if (open >= 0) out[open] = count(dims) / -count(out);
  return out;
}

export function transpose({ dims, data }: NumericTensor, perm: number[]): NumericTensor {
  const strides = dims.map((_, i) => count(dims.slice(i + 1)));
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
  const inner = count(dims.slice(at + 1));
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const slice = scale.length > 1 ? Math.floor(i / inner) % scale.length : 0;
    out[i] = (data[i] - (zero ? zero[slice] : 0)) * Math.fround(scale[slice]);
  }
  return { dims, data: out };
}
