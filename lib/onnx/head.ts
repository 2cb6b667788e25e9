import { FeatReconstructError, option, UsageError } from '../base/index.js';
import type { ModelNote } from '../words/index.js';
import type { Attribute, GraphNode } from './build.js';
import { constantTensors, constantType } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { affineNode, regionBehind, type Region, type Source } from './region.js';
import { peel } from './peel.js';
import { trainingNodes } from './training.js';

/** Where a model's head is in its graph. */
export interface HeadLocation {
  /** The tensor that holds the logits: after constants that scale or shift, in front of a softmax. */
  logits: string;
  /** The tensor that the last linear layer reads. */
  features: string;
  /** Whether the tensor of features is (d, n) instead of (n, d). */
  featuresTransposed: boolean;
  /** Nodes to be added to the graph, where no tensor of it holds the features: they are several, or a mean over positions. */
  added: GraphNode[];
  region: Region;
  /** What a user should know about how the head was found. */
  notes: ModelNote[];
  /** For people: `Gemm '/classifier/Gemm'`. */
  node: string;
  /** Type of the features as the graph computes them: `float32`, `float16`, … */
  precision: string;
}

/**
 * Finds the last linear layer in front of the model's output: the tensor of features that it reads, the tensor of
 * logits, and the nodes in between.
 * @param options.logits name of the tensor of logits, if the graph alone does not tell
 * @param options.features name of the tensor of features; all between the two must be affine
 * @throws FeatReconstructError when the head is missing or not linear, or the graph is in training mode, saying what was found
 * @throws UsageError when the graph has no tensor of a name that was given
 */
export function findHead(graph: GraphView, options: { features?: string; logits?: string } = {}): HeadLocation {
  for (const key of ['features', 'logits'] as const) demandTensor(graph, key, options[key]);
  const constants = constantTensors(graph);
  const starts = options.logits !== undefined ? [options.logits] : graph.outputs.map((output) => output.name);
  const blocked: string[] = [];
  const regions: Region[] = [];
  for (const start of starts) {
    const { logits, notes } = peel(graph, constants, start);
    const region = regionBehind(graph, constants, logits, options.features);
    if ('blocked' in region) blocked.push(`'${start}' comes from ${region.blocked}`);
    else regions.push({ ...region, notes: [...notes, ...region.notes] });
  }
  if (regions.length === 0) throw noHead(graph, constants, starts, blocked, options);
  const region = lastOf(graph, regions);
  const active = trainingNodes(graph, ancestors(graph, region.logits), constants);
  if (active.length > 0) {
    throw new FeatReconstructError(
      `Expected a graph in inference mode, found ${list(active)}: export the model again in evaluation mode (model.eval()).`,
      { code: 'no-head' },
    );
  }
  const { name, added, notes } = featuresOf(region.sources);
  notes.push(...roundedNotes(graph, constants, region.sources));
  const [rows, columns] = region.sources[0].dims;
  return {
    logits: region.logits,
    features: name,
    featuresTransposed: added.length === 0 && region.sources[0].dims.length === 2 && columns === 1 && rows !== 1,
    added,
    region,
    notes: [...region.notes, ...notes],
    node: region.linear.map(describeNode).join(' and '),
    precision: graph.values.get(region.sources[0].tensor)?.type ?? weightType(graph, constants, region),
  };
}

/** The type of the region's first layer, read off its weight: a layer and its input have the same one. */
function weightType(graph: GraphView, constants: ReadonlySet<string>, { linear }: Region): string {
  const { inputs } = linear[linear.length - 1];
  return constantType(graph, inputs.find((name) => constants.has(name)) ?? inputs[1]);
}

/** The features as one tensor, with the nodes that make it where the graph holds none: a mean over positions, or several joined. */
function featuresOf(sources: readonly Source[]): { name: string; added: GraphNode[]; notes: ModelNote[] } {
  const added: GraphNode[] = [];
  const notes: ModelNote[] = [];
  const names = sources.map(({ tensor, mean }) => {
    if (!mean) return tensor;
    const name = `${tensor}/mean`;
    const isMap = mean.op === 'GlobalAveragePool';
    added.push({
      op: mean.op,
      inputs: isMap ? [tensor] : [tensor, ...mean.inputs.slice(1)],
      outputs: [name],
      attributes: isMap ? {} : intsOf(mean),
    });
    notes.push({ kind: 'mean-over-positions', node: describeNode(mean), tensor });
    return name;
  });
  if (names.length === 1) return { name: names[0], added, notes };
  const name = names.join(' + ');
  const flat = names.map((each, i) => `${each}/row${i}`);
  names.forEach((each, i) => added.push({ op: 'Flatten', inputs: [each], outputs: [flat[i]] }));
  added.push({ op: 'Concat', inputs: flat, outputs: [name], attributes: { axis: { int: 1 } } });
  notes.push({ kind: 'side-by-side', tensors: names });
  return { name, added, notes };
}

/** A node's attributes that are whole numbers. */
function intsOf(node: NodeView): Record<string, Attribute> {
  const out: Record<string, Attribute> = {};
  for (const [name, { int, ints }] of node.attributes) {
    if (ints) out[name] = { ints };
    else if (int !== undefined) out[name] = { int };
  }
  return out;
}

function demandTensor(graph: GraphView, key: string, name: string | undefined): void {
  if (name === undefined || graph.producers.has(name) || graph.inputs.some((value) => value.name === name)) return;
  throw new UsageError(
    `Expected ${option(`the option '${key}'`, `--${key}-tensor`)} to name a tensor of the graph, found no '${name}'. The outputs are ${list(graph.outputs.map((output) => `'${output.name}'`))}.`,
  );
}

function noHead(
  graph: GraphView,
  constants: ReadonlySet<string>,
  starts: readonly string[],
  blocked: string[],
  { features }: { features?: string },
): FeatReconstructError {
  const expected =
    features === undefined
      ? 'Expected the logits to come from a linear layer (Gemm, MatMul or a 1x1 Conv)'
      : `Expected only linear layers between the features '${features}' and the logits`;
  const nearest = features === undefined ? nearestLinear(graph, constants, starts) : null;
  const quantised = quantisedBehind(graph, starts);
  if (quantised) {
    return new FeatReconstructError(
      `${expected}, found a quantised layer, ${describeNode(quantised)}, behind ${list(starts.map((start) => `'${start}'`))}: what it computes is rounded by each input's own scale. Export the model before quantisation, or quantise it in QDQ form (QuantFormat.QDQ).${nearest ? ` The nearest linear layer is ${describeNode(nearest)}, whose output '${nearest.outputs[0]}' may be named with ${option("the option 'logits'", '--logits-tensor')}.` : ''}`,
      { code: 'no-head' },
    );
  }
  const next = nearest
    ? `The nearest linear layer is ${describeNode(nearest)}: if its output '${nearest.outputs[0]}' holds the logits, name it with`
    : 'If the logits are another tensor of the graph, name it with';
  return new FeatReconstructError(
    `${expected}, found that ${list(blocked)}: the head is missing or not linear. ${next} ${option("the option 'logits'", '--logits-tensor')}.`,
    { code: 'no-head' },
  );
}

const quantisedOps = /^(QLinear\w+|QGemm|MatMulInteger\w*|ConvInteger)$/u;
/** Most nodes between an output and the layer in front of it. */
const searchedSteps = 8;

/** A layer of 8-bit products close behind an output; null where there is none. */
function quantisedBehind(graph: GraphView, starts: readonly string[]): NodeView | null {
  let tensors = [...starts];
  for (let step = 0; step < searchedSteps; step++) {
    const nodes = tensors.flatMap((tensor) => graph.producers.get(tensor) ?? []);
    const found = nodes.find(({ op }) => quantisedOps.test(op));
    if (found) return found;
    tensors = [...new Set(nodes.flatMap(({ inputs }) => inputs))];
  }
  return null;
}

/** A note where the model itself rounds its features, since figures are then of the rounded ones. */
function roundedNotes(graph: GraphView, constants: ReadonlySet<string>, sources: readonly Source[]): ModelNote[] {
  const keeps = new Set(['Flatten', 'Reshape', 'Identity', 'Squeeze', 'Transpose']);
  for (const { tensor } of sources) {
    let node = graph.producers.get(tensor);
    for (let step = 0; node && keeps.has(node.op) && step < searchedSteps; step++)
      node = graph.producers.get(node.inputs[0]);
    if (node?.op === 'DequantizeLinear' && !constants.has(node.inputs[0])) {
      return [{ kind: 'rounded-features', node: describeNode(node) }];
    }
  }
  return [];
}

/** The last layer with weights that the outputs depend on. */
function nearestLinear(graph: GraphView, constants: ReadonlySet<string>, starts: readonly string[]): NodeView | null {
  const behind = new Set(starts.flatMap((start) => [...ancestors(graph, start)]));
  for (const node of [...graph.nodes].reverse()) {
    if (!behind.has(node)) continue;
    const found = affineNode(graph, constants, node.outputs[0]);
    if (!('blocked' in found) && found.kind === 'linear') return node;
  }
  return null;
}

/**
 * The last head, where several outputs lead to heads: to the same one (logits and probabilities), or to one that feeds another.
 * @throws FeatReconstructError `ambiguous` where none of them is the last
 */
function lastOf(graph: GraphView, regions: Region[]): Region {
  const heads = new Map<string, Region>();
  for (const region of regions) {
    const key = region.linear
      .map((node) => node.outputs[0])
      .sort()
      .join('\n');
    if (!heads.has(key)) heads.set(key, region);
  }
  const all = [...heads.values()];
  // A head whose output another one reads, or that is a part of another one, is not the last.
  const isPart = (region: Region): boolean =>
    all.some((other) => {
      if (other === region) return false;
      const isWithin = region.linear.every((node) => other.linear.includes(node));
      const isUpstream = other.sources.some(({ tensor }) => ancestors(graph, tensor).has(region.linear[0]));
      return isWithin || isUpstream;
    });
  const last = all.filter((region) => !isPart(region));
  if (last.length === 1) return last[0];
  const found = last.map(({ logits, linear }) => `'${logits}' (${describeNode(linear[0])})`);
  throw new FeatReconstructError(
    `Expected one head, found ${last.length}: ${list(found)}. Name the one that you mean with ${option("the option 'logits'", '--logits-tensor')}.`,
    { code: 'ambiguous' },
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
