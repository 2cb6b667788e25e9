import { FeatReconstructError, option, UsageError } from '../base/index.js';
import { constantTensors, constantType } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { trainingNodes, walkBack, type Path, type Step } from './walk.js';

/** Where a model's head lies in its graph. */
export interface HeadLocation extends Path {
  /** For people: `Gemm '/classifier/Gemm'`. */
  node: string;
  /** Type of the features as the graph computes them: `float32`, `float16`, … */
  precision: string;
}

/**
 * Finds the last linear layer in front of the model's output: the tensor of features that it reads, the tensor of
 * logits, and the nodes in between. Names what was found instead where there is none.
 * @param options.logits name of the tensor of logits, if the graph alone does not tell
 * @param options.features name of the tensor of features; all between the two must be linear
 * @throws FeatReconstructError when the head is missing or not linear, or the graph is in training mode
 */
export function findHead(graph: GraphView, options: { features?: string; logits?: string } = {}): HeadLocation {
  for (const key of ['features', 'logits'] as const) demandTensor(graph, key, options[key]);
  const constants = constantTensors(graph);
  const starts = options.logits !== undefined ? [options.logits] : graph.outputs.map((output) => output.name);
  const blocked: string[] = [];
  const paths: Path[] = [];
  for (const start of starts) {
    const path = walkBack(graph, constants, start, options.features);
    if ('blocked' in path) blocked.push(`'${start}' comes from ${path.blocked}`);
    else paths.push(path);
  }
  if (paths.length === 0) throw noHead(blocked, options);
  const path = lastOf(graph, paths);
  const active = trainingNodes(graph, ancestors(graph, path.logits));
  if (active.length > 0) {
    throw new FeatReconstructError(
      `Expected a graph in inference mode, found ${list(active)}: export the model again in evaluation mode (model.eval()).`,
    );
  }
  return {
    ...path,
    node: linearNodes(path).map(describeNode).join(' and '),
    precision: graph.values.get(path.features)?.type ?? weightType(graph, path),
  };
}

/** A layer's weight has the type of what it reads. */
function weightType(graph: GraphView, path: Path): string {
  const step = path.steps.filter(({ kind }) => kind === 'linear').pop() as Step;
  return constantType(graph, step.node.inputs[1 - step.data]);
}

const linearNodes = (path: Path): NodeView[] =>
  path.steps.filter((step) => step.kind === 'linear').map((step) => step.node);

function demandTensor(graph: GraphView, key: string, name: string | undefined): void {
  if (name === undefined || graph.producers.has(name) || graph.inputs.some((value) => value.name === name)) return;
  throw new UsageError(
    `Expected ${option(`the option '${key}'`, `--${key}-tensor`)} to name a tensor of the graph, found no '${name}'. The outputs are ${list(graph.outputs.map((output) => `'${output.name}'`))}.`,
  );
}

function noHead(blocked: string[], { features }: { features?: string }): FeatReconstructError {
  const expected =
    features === undefined
      ? 'Expected the logits to come from a linear layer (Gemm, MatMul or a 1x1 Conv)'
      : `Expected only linear layers between the features '${features}' and the logits`;
  return new FeatReconstructError(
    `${expected}, found that ${list(blocked)}: the head is missing or not linear. If the logits are another tensor of the graph, name it with ${option("the option 'logits'", '--logits-tensor')}.`,
  );
}

/** Several outputs may lead to heads: the same one twice (logits and probabilities), or one that feeds the other. */
function lastOf(graph: GraphView, paths: Path[]): Path {
  const heads = new Map<NodeView, Path>();
  for (const path of paths) if (!heads.has(linearNodes(path)[0])) heads.set(linearNodes(path)[0], path);
  const upstream = new Set([...heads.values()].flatMap((path) => [...ancestors(graph, path.features)]));
  const last = [...heads].filter(([node]) => !upstream.has(node));
  if (last.length === 1) return last[0][1];
  const found = last.map(([node, path]) => `'${path.logits}' (${describeNode(node)})`);
  throw new FeatReconstructError(
    `Expected one head, found ${last.length}: ${list(found)}. Name the one that you mean with ${option("the option 'logits'", '--logits-tensor')}.`,
  );
}

/** All nodes that a tensor depends on. */
function ancestors(graph: GraphView, tensor: string): Set<NodeView> {
  const seen = new Set<NodeView>();
  const open = [tensor];
  while (open.length > 0) {
    const node = graph.producers.get(open.pop() as string);
    if (!node || seen.has(node)) continue;
    seen.add(node);
    for (const name of node.inputs) open.push(name);
    for (const name of outerNames(node)) open.push(name);
  }
  return seen;
}

/** What the bodies of a node read from around it. */
function outerNames(node: NodeView): string[] {
  return [...node.attributes.values()].flatMap((attribute) =>
    (attribute.nodes ?? []).flatMap((inner) => [...inner.inputs, ...outerNames(inner)]),
  );
}

const list = (items: string[]): string =>
  items.length > 4 ? `${items.slice(0, 4).join('; ')} and ${items.length - 4} more` : items.join('; ');
