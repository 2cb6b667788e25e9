import { randomOps, readConstant } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';

/** One node between the logits and the features, as the walk back meets it. */
export interface Step {
  /** affine: scales and shifts each number by a constant. linear: a matrix, perhaps with a bias. */
  kind: 'affine' | 'linear';
  node: NodeView;
  /** Which of the node's inputs is the computed one; the others are constants. */
  data: number;
  /** The node works on columns, (c, n) and (d, n), instead of on rows. */
  columns: boolean;
}

/** A way back from a tensor of logits through at least one linear layer. */
export interface Path {
  /** The tensor that holds the logits: after constants that scale or shift, in front of a softmax. */
  logits: string;
  /** The tensor that the last linear layer reads. */
  features: string;
  /** The features lie as (d, n) instead of (n, d). */
  featuresTransposed: boolean;
  /** From the logits back to the features. */
  steps: Step[];
  notes: string[];
}

/** Where the walk ended without a linear layer, in words. */
export interface Blocked {
  blocked: string;
}

/** What the walk carries from node to node. */
interface Walk {
  graph: GraphView;
  constants: Set<string>;
  tensor: string;
  columns: boolean;
  path: Path;
}

/** Only re-shapes, or changes nothing at all: row-major data stay as they are. */
const shapeOps = new Set(['Identity', 'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze']);
const floatTypes = new Set([1, 10, 11, 16]);

/**
 * Walks back from `from` to the input of the last linear layer, or on to the tensor `until` if one is named.
 * All the walk steps over is linear, so that it ends at the first node that is not.
 */
export function walkBack(graph: GraphView, constants: Set<string>, from: string, until?: string): Path | Blocked {
  const path: Path = { logits: from, features: '', featuresTransposed: false, steps: [], notes: [] };
  const walk: Walk = { graph, constants, tensor: from, columns: false, path };
  const found = (): boolean => path.steps.some((step) => step.kind === 'linear');
  for (let steps = 0; until === undefined ? !found() : walk.tensor !== until; steps++) {
    // A walk longer than the graph goes in a circle, which no ONNX graph does.
    const blocked = steps > graph.nodes.length ? 'nodes that feed themselves (a corrupted file)' : stepBack(walk);
    if (blocked) return { blocked };
  }
  if (!found()) return { blocked: 'that no linear layer lies between the two' };
  if (walk.columns && until === undefined) undoTranspose(walk);
  return { ...path, features: walk.tensor, featuresTransposed: walk.columns };
}

/** Features that were transposed just for the head: take them from before. */
function undoTranspose(walk: Walk): void {
  const node = walk.graph.producers.get(walk.tensor);
  if (node?.domain === '' && node.op === 'Transpose') stepBack(walk);
}

/** Over one node. Returns what was found if it cannot be stepped over. */
function stepBack(walk: Walk): string | undefined {
  const node = walk.graph.producers.get(walk.tensor);
  if (!node) return `the graph's ${walk.constants.has(walk.tensor) ? 'constant' : 'input'} '${walk.tensor}'`;
  const found = describeNode(node);
  if (node.outputs[0] !== walk.tensor) return `a side output of ${found}`;
  const handler = handlers[`${node.domain}:${node.op}`];
  if (handler) return handler(walk, node);
  if ([...node.attributes.values()].some((attribute) => attribute.nodes)) {
    return `${found}, whose body is a graph of its own (run the model through a simplifier that removes it)`;
  }
  if (walk.graph.functions.has(`${node.domain}:${node.op}`)) {
    return `${found}, a function of the model (inline it: onnx.inliner.inline_local_functions)`;
  }
  if (node.domain === 'com.microsoft.nchwc') {
    return `${found}, a layout of one kind of processor (save the model from ONNX Runtime at level 'extended' at most)`;
  }
  return found;
}

const pass = (walk: Walk, node: NodeView, data = 0): undefined => void (walk.tensor = node.inputs[data]);

function step(walk: Walk, node: NodeView, kind: Step['kind'], data: number): undefined {
  walk.path.steps.push({ kind, node, data, columns: walk.columns });
  pass(walk, node, data);
}

type Handler = (walk: Walk, node: NodeView) => string | undefined;

const handlers: Record<string, Handler> = {
  ':Softmax': softmax,
  ':LogSoftmax': softmax,
  ':Cast': (walk, node) =>
    floatTypes.has(node.attributes.get('to')?.int ?? 0)
      ? pass(walk, node)
      : `${describeNode(node)}, which makes whole numbers of them`,
  ':Dropout': (walk, node) => pass(walk, node),
  ':Transpose': transposed,
  ':Add': elementwise,
  ':Mul': elementwise,
  ':Sub': elementwise,
  ':Div': elementwise,
  ':Neg': (walk, node) => step(walk, node, 'affine', 0),
  ':BatchNormalization': batchNorm,
  ':MatMul': product,
  ':Gemm': product,
  'com.microsoft:FusedMatMul': product,
  'com.microsoft:FusedGemm': product,
  ':Conv': convolution,
  'com.microsoft:FusedConv': convolution,
};
for (const op of shapeOps) handlers[`:${op}`] = (walk, node) => pass(walk, node);

function softmax(walk: Walk, node: NodeView): string | undefined {
  if (walk.columns || walk.path.steps.some((each) => each.kind === 'linear')) return describeNode(node);
  // What was done to the probabilities is no business of the logits.
  walk.path.steps.length = 0;
  walk.path.notes.length = 0;
  walk.path.notes.push(
    `The output '${walk.path.logits}' is a ${node.op}; the logits in front of it, '${node.inputs[0]}', are used.`,
  );
  walk.path.logits = node.inputs[0];
  return pass(walk, node);
}

/** Rows to columns, or a move of dimensions of size 1 behind the batch. */
function transposed(walk: Walk, node: NodeView): string | undefined {
  const dims = walk.graph.values.get(node.inputs[0])?.dims;
  const perm = node.attributes.get('perm')?.ints ?? [...(dims ?? [0, 1]).keys()].reverse();
  if (perm.length === 2 && perm[0] === 1) walk.columns = !walk.columns;
  else if (walk.columns || perm[0] !== 0 || (dims?.slice(1) ?? []).filter((dim) => dim !== 1).length > 1) {
    return `${describeNode(node)}, which moves more than dimensions of size 1 (perm ${perm.join(', ')})`;
  }
  return pass(walk, node);
}

/** Add, Sub, Mul and Div with one constant operand. */
function elementwise(walk: Walk, node: NodeView): string | undefined {
  const computed = [0, 1].filter((i) => !walk.constants.has(node.inputs[i]));
  if (computed.length !== 1)
    return `${describeNode(node)} of ${computed.length === 2 ? 'two computed tensors' : 'constants'}`;
  if (node.op === 'Div' && computed[0] === 1) return `${describeNode(node)}, which divides by them`;
  const isBias = node.op === 'Add' && walk.graph.producers.get(node.inputs[computed[0]])?.op.endsWith('MatMul');
  if (!isBias) walk.path.notes.push(`The constant of ${describeNode(node)} is folded into the head.`);
  return step(walk, node, 'affine', computed[0]);
}

function batchNorm(walk: Walk, node: NodeView): string | undefined {
  if (walk.columns || !node.inputs.slice(1).every((name) => walk.constants.has(name))) return describeNode(node);
  walk.path.notes.push(`The constants of ${describeNode(node)} are folded into the head.`);
  return step(walk, node, 'affine', 0);
}

/** Gemm, MatMul and ONNX Runtime's fused forms. On columns the weight stands on the left: W (c, d) X (d, n). */
function product(walk: Walk, node: NodeView): string | undefined {
  const found = describeNode(node);
  const activation = node.attributes.get('activation')?.string;
  if (activation) return `${found}, fused with ${activation}`;
  if (node.attributes.get('transBatchA')?.int || node.attributes.get('transBatchB')?.int) return found;
  const [data, weight] = walk.columns ? [1, 0] : [0, 1];
  if (!walk.constants.has(node.inputs[weight])) {
    const both = !walk.constants.has(node.inputs[data]);
    return `${found} ${both ? 'of two computed tensors' : 'with its weight on the other side'}`;
  }
  if (node.inputs[2] && !walk.constants.has(node.inputs[2])) return `${found} with a computed bias`;
  step(walk, node, 'linear', data);
  if (node.attributes.get(data === 0 ? 'transA' : 'transB')?.int) walk.columns = !walk.columns;
  return undefined;
}

/** A convolution over a 1x1 window, without groups, is a matrix for each position; the map's size is checked at load. */
function convolution(walk: Walk, node: NodeView): string | undefined {
  const found = describeNode(node);
  const activation = node.attributes.get('activation')?.string;
  if (activation) return `${found}, fused with ${activation}`;
  if (node.inputs[3]) return `${found}, fused with a sum`;
  const kernel = node.attributes.get('kernel_shape')?.ints ?? kernelOf(walk, node);
  const group = node.attributes.get('group')?.int ?? 1;
  const pads = node.attributes.get('pads')?.ints ?? [];
  const dims = walk.graph.values.get(node.inputs[0])?.dims?.slice(2) ?? [];
  const positions = dims.filter((dim) => typeof dim === 'number' && dim !== 1);
  if (walk.columns || !node.inputs.slice(1).every((name) => walk.constants.has(name))) return found;
  if (kernel.some((size) => size !== 1)) return `${found} with a window of ${kernel.join('x')}`;
  if (group !== 1) return `${found} in ${group} groups`;
  if (pads.some((pad) => pad !== 0)) return `${found} with padding`;
  if (positions.length > 0) return `${found} on a map of ${dims.join('x')} positions`;
  return step(walk, node, 'linear', 0);
}

function kernelOf(walk: Walk, node: NodeView): number[] {
  const weight = walk.graph.initializers.get(node.inputs[1]);
  return weight ? weight.dims.slice(2) : [];
}

/**
 * Nodes that make the graph give another answer at each run, or with each batch: a batch normalisation in training
 * mode, an active dropout, random numbers. One line each.
 */
export function trainingNodes(graph: GraphView, nodes: Iterable<NodeView>): string[] {
  const found: string[] = [];
  for (const node of nodes) {
    const what = node.domain === '' ? trainingMode(graph, node) : undefined;
    if (what) found.push(`${describeNode(node)} ${what}`);
    for (const attribute of node.attributes.values()) found.push(...trainingNodes(graph, attribute.nodes ?? []));
  }
  return found;
}

function trainingMode(graph: GraphView, node: NodeView): string | undefined {
  if (node.op === 'BatchNormalization') {
    // Below opset 14 the statistics as further outputs are what says training.
    const opset = graph.opsets.get('') ?? 0;
    const trains = opset < 14 ? node.outputs.slice(1).some((name) => name) : node.attributes.get('training_mode')?.int;
    return trains ? 'in training mode' : undefined;
  }
  if (node.op === 'Dropout' && node.inputs[2]) {
    const isKnown = (name: string) => graph.initializers.has(name) || graph.producers.get(name)?.op === 'Constant';
    if (!isKnown(node.inputs[2])) return 'whose training mode is decided at run time';
    const ratio = node.inputs[1] && isKnown(node.inputs[1]) ? readConstant(graph, node.inputs[1]).data[0] : 0.5;
    return readConstant(graph, node.inputs[2]).data[0] && ratio ? 'in training mode' : undefined;
  }
  return randomOps.has(node.op) ? 'which draws random numbers' : undefined;
}
