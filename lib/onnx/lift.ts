import ndarray, { type NdArray } from 'ndarray';
import { FeatReconstructError, option } from '../base/index.js';
import { featuresAs, sizeOf, weightOf, type Affine } from './affine.js';
import { opOf, type Operand } from './affine-ops.js';
import { constantTensors, readConstant } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import type { Region } from './region.js';
import { countOf } from './tensor.js';

/** A head as float32. */
interface LiftedHead {
  /** (c, d) */
  weight: NdArray<Float32Array>;
  /** (c) */
  bias: NdArray<Float32Array>;
}

/**
 * Reads the head's weight and bias out of the graph: the one affine map that all nodes between the features and the logits
 * come to, constants included. Computed in float64 and rounded once.
 * @returns weight (c, d) and bias (c), so that logits = weight features + bias
 * @throws FeatReconstructError when the weight is zero or not finite, or shapes do not fit
 */
export function liftHead(graph: GraphView, { region }: { region: Region }): LiftedHead {
  const x = logitsOf(graph, region);
  const c = sizeOf(x);
  if (x.dims.filter((dim) => dim !== 1).length > 1) {
    throw new FeatReconstructError(
      `Expected the logits of one example in a row, found the shape ${x.dims.join(' x ')} in '${region.logits}': the layer is applied at several positions, or mixes the examples of a batch. Name the logits with ${option("the option 'logits'", '--logits-tensor')}.`,
      { code: 'no-head' },
    );
  }
  const weight = new Float32Array(weightOf(x));
  const bias = new Float32Array(x.bias);
  const name = region.linear.map(describeNode).join(' and ');
  if (weight.every((w) => w === 0)) {
    throw new FeatReconstructError(
      `Expected a trained head, found that all weights of ${name} are 0 for an image by itself: every image would get the same logits. Export the model with its weights, and with nothing that is taken over the images of a batch.`,
      { code: 'no-head' },
    );
  }
  if (!allFinite(weight) || !allFinite(bias)) {
    throw new FeatReconstructError(
      `Expected finite weights in the head, found NaN or infinite numbers in ${name}: export the model again.`,
      { code: 'not-finite' },
    );
  }
  return { weight: ndarray(weight, [c, x.width]), bias: ndarray(bias, [c]) };
}

function allFinite(data: Float32Array): boolean {
  let check = 0;
  // 0 for every finite number, NaN for the others: a call for each of ten million takes several times as long.
  for (let i = 0; i < data.length; i++) check += data[i] - data[i];
  return check === 0;
}

/** The logits as an affine function of the features: node after node, in the order of the graph. */
function logitsOf(graph: GraphView, { logits, sources }: Region): Affine {
  const width = sources.reduce((sum, { dims }) => sum + countOf(dims), 0);
  const known = new Map<string, Operand>();
  let offset = 0;
  for (const { tensor, dims } of sources) {
    if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 1)) {
      throw new FeatReconstructError(
        `Expected features of some width in '${tensor}', found the shape ${dims.join(' x ')}: the model file is damaged. Copy or export it again.`,
        { code: 'no-head' },
      );
    }
    known.set(tensor, featuresAs(dims, width, offset));
    offset += countOf(dims);
  }
  const needed = neededBy(graph, logits, new Set(known.keys()));
  for (const node of graph.nodes) {
    for (const [output, name] of node.outputs.entries()) {
      if (!needed.has(name) || known.has(name)) continue;
      const op = opOf(node);
      const inputs = node.inputs.map((input, i) => {
        // A shape may depend on the batch: the operator of Reshape reads it itself.
        if (input === '' || (i > 0 && node.op === 'Reshape')) return null;
        return known.get(input) ?? readConstant(graph, input);
      });
      known.set(
        name,
        applied(node, () => op!.apply(node, inputs, graph, output)),
      );
    }
  }
  return known.get(logits) as Affine;
}

/** Tensors between the features and the logits, with the latter. */
function neededBy(graph: GraphView, logits: string, sources: ReadonlySet<string>): Set<string> {
  const needed = new Set<string>();
  const constants = constantTensors(graph);
  const open = [logits];
  while (open.length > 0) {
    const tensor = open.pop()!;
    const node = graph.producers.get(tensor);
    if (sources.has(tensor) || constants.has(tensor) || needed.has(tensor) || !node) continue;
    needed.add(tensor);
    open.push(...node.inputs.slice(0, node.op === 'Reshape' ? 1 : undefined));
  }
  return needed;
}

/** Applies a node. One whose inputs or attributes do not go together is from a damaged file: ONNX's checker would refuse it. */
function applied(node: NodeView, apply: () => Affine): Affine {
  let problem: unknown;
  try {
    const made = apply();
    if (countOf(made.dims) === sizeOf(made)) return made;
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    problem = error;
  }
  throw new FeatReconstructError(
    `Expected inputs in ${describeNode(node)} that fit together, found others: the model file is damaged, or holds a shape that is not understood here. Copy or export it again, or name the logits with ${option("the option 'logits'", '--logits-tensor')}.`,
    { code: 'damaged', cause: problem },
  );
}
