import { FeatReconstructError } from '../base/index.js';
import { nodeProto, tensorProto, type GraphConstant, type GraphNode } from './build.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { GraphProto, ModelProto } from './fields.js';
import { Writer } from './protobuf.js';

/** Whether a node is the classifier of scikit-learn's converter: its weights are attributes, its scores no tensor of the graph. */
export const isLinearClassifier = ({ domain, op }: NodeView): boolean =>
  domain === 'ai.onnx.ml' && op === 'LinearClassifier';

/** Name of the tensor of scores that `withScores` adds beside a classifier. */
export const scoresOf = (node: NodeView): string => `${node.outputs[1] || node.outputs[0]}/scores`;

/** What a classifier does to its scores before it publishes them: `SOFTMAX`, `LOGISTIC`, …; `NONE` where it does nothing. */
export const postOf = (node: NodeView): string => node.attributes.get('post_transform')?.string ?? 'NONE';

/**
 * Adds the scores of each LinearClassifier to a model's bytes, as a Gemm of its attributes; the classifier itself stays. Where
 * one row of coefficients stands for two classes, both scores are written, as scikit-learn's converter has them.
 * @returns the same bytes where there is no such node
 * @throws FeatReconstructError where coefficients and classes do not go together
 */
export function withScores(bytes: Uint8Array, graph: GraphView): Uint8Array {
  const found = graph.nodes.filter(isLinearClassifier);
  if (found.length === 0) return bytes;
  const added = new Writer();
  for (const node of found) {
    const { nodes, constants } = scoresBeside(node, graph);
    for (const each of nodes) added.bytes(GraphProto.node, nodeProto(each));
    for (const each of constants) added.bytes(GraphProto.initializer, tensorProto(each));
  }
  const extra = new Writer().bytes(ModelProto.graph, added).finish();
  const out = new Uint8Array(bytes.length + extra.length);
  out.set(bytes);
  out.set(extra, bytes.length);
  return out;
}

function scoresBeside(node: NodeView, graph: GraphView): { nodes: GraphNode[]; constants: GraphConstant[] } {
  const coefficients = node.attributes.get('coefficients')?.floats ?? [];
  const classes =
    node.attributes.get('classlabels_ints')?.ints ?? node.attributes.get('classlabels_strings')?.strings ?? [];
  const intercepts = node.attributes.get('intercepts')?.floats ?? [];
  // One row for two classes is the score of the second; that of the first is its negative.
  const rows = intercepts.length || classes.length;
  const width = coefficients.length / rows;
  const isPair = rows === 1 && classes.length === 2;
  if (!Number.isInteger(width) || width < 1 || (rows !== classes.length && !isPair && classes.length > 0)) {
    throw new FeatReconstructError(
      `Expected a row of coefficients for each class in ${describeNode(node)}, found ${coefficients.length} coefficients, ${intercepts.length} intercepts and ${classes.length} classes: the model file is damaged. Export it again.`,
    );
  }
  const forEachClass = (values: number[]): number[] =>
    isPair ? [...values.map((value) => -value), ...values] : values;
  const scores = scoresOf(node);
  const bias = intercepts.length > 0 ? forEachClass(intercepts) : new Array<number>(rows).fill(0);
  const constants: GraphConstant[] = [
    {
      name: `${scores}/weight`,
      type: 'float32',
      dims: [bias.length, width],
      data: Float32Array.from(forEachClass(coefficients)),
    },
    { name: `${scores}/bias`, type: 'float32', dims: [bias.length], data: Float32Array.from(bias) },
  ];
  const [input] = node.inputs;
  const isFloat = isFloat32(input, graph);
  const read = isFloat ? input : `${scores}/input`;
  const cast: GraphNode = { op: 'Cast', inputs: [input], outputs: [read], attributes: { to: { int: 1 } } };
  const gemm: GraphNode = {
    op: 'Gemm',
    inputs: [read, ...constants.map(({ name }) => name)],
    outputs: [scores],
    attributes: { transB: { int: 1 } },
  };
  return { nodes: isFloat ? [gemm] : [cast, gemm], constants };
}

/**
 * Whether a tensor can enter a Gemm of float32 weights as it is: a classifier reads whole numbers and float64, too. Nodes of
 * its domain write float32.
 */
function isFloat32(tensor: string, graph: GraphView): boolean {
  const declared = graph.values.get(tensor)?.type;
  return declared ? declared === 'float32' : graph.producers.get(tensor)?.domain === 'ai.onnx.ml';
}
