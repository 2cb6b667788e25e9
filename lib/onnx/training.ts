import { randomOps, readConstant } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';

/**
 * Nodes that make the graph give another answer at each run, or with each batch: a batch normalisation in training
 * mode, an active dropout, random numbers. One line each.
 * @param constants tensors that do not depend on the input: what is made of them alone is the same at each run
 */
export function trainingNodes(graph: GraphView, nodes: Iterable<NodeView>, constants: ReadonlySet<string>): string[] {
  const found: string[] = [];
  for (const node of nodes) {
    const isFixed =
      !randomOps.has(node.op) &&
      node.inputs.length > 0 &&
      node.inputs.every((name) => name === '' || constants.has(name));
    const what = node.domain === '' && !isFixed ? trainingMode(graph, node) : undefined;
    if (what) found.push(`${describeNode(node)} ${what}`);
    for (const attribute of node.attributes.values()) {
      found.push(...trainingNodes(graph, attribute.nodes ?? [], constants));
    }
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
