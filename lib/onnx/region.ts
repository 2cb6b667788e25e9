import type { ModelNote } from '../words/index.js';
import { lettersOf, opOf } from './affine-ops.js';
import { readConstant } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { countOf } from './tensor.js';

/** A tensor of features that enters the head. */
export interface Source {
  tensor: string;
  /** Its shape for one example. */
  dims: number[];
  /**
   * A mean over positions behind the layer. The head of the mean is the mean of the head, so the features are the tensor's
   * means.
   */
  mean: NodeView | null;
}

/** The nodes between the features and the logits, all of them affine. */
export interface Region {
  /** The tensor of logits. */
  logits: string;
  sources: Source[];
  /** The layers with weights, from the logits back. */
  linear: NodeView[];
  /** What a user should know about constants that are folded in. */
  notes: ModelNote[];
}

/** Where the walk met something that is not affine, in words. */
export interface Blocked {
  blocked: string;
}

/** One step of the walk: a tensor, and the mean over positions that it goes into. */
interface Step {
  tensor: string;
  mean: NodeView | null;
}

/**
 * Walks back from the logits over nodes that are affine: to the tensors that the last layers with weights read or, where it is
 * given, further on to the tensor `until`.
 */
export function regionBehind(
  graph: GraphView,
  constants: ReadonlySet<string>,
  logits: string,
  until?: string,
): Region | Blocked {
  const region: Region = { logits, sources: [], linear: [], notes: [] };
  const seen = new Set<string>();
  const open: Step[] = [{ tensor: logits, mean: null }];
  let last: NodeView | null = null;
  while (open.length > 0) {
    const { tensor, mean } = open.pop()!;
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    if (tensor === until) {
      region.sources.push({ tensor, dims: namedShape(graph, tensor, last), mean: null });
      continue;
    }
    const found = affineNode(graph, constants, tensor);
    if ('blocked' in found) return found;
    const { node, computed, kind } = found;
    if (kind === 'linear') {
      last = node;
      if (!region.linear.includes(node)) region.linear.push(node);
      if (until === undefined) {
        const source = sourceOf(graph, node, computed[0], mean);
        if ('blocked' in source) return source;
        if (!region.sources.some((other) => other.tensor === source.tensor)) region.sources.push(source);
        continue;
      }
    } else if (kind === 'scale' && computed.length === 1) {
      const note = noteOf(graph, node, computed[0]);
      if (note) region.notes.push(note);
    }
    // A node that moves numbers may move the positions: a mean behind it is then none over the layer's own.
    const over =
      kind === 'mean' && node.op !== 'ReduceSum' ? node : kind === 'move' && !unmoving.has(node.op) ? null : mean;
    for (const i of [...computed].reverse()) open.push({ tensor: node.inputs[i], mean: over });
  }
  if (region.linear.length === 0) return { blocked: 'that no linear layer lies between the two' };
  if (until === undefined) region.sources = commonSource(graph, constants, region);
  // Features that are transposed just for the head are taken before that.
  if (until === undefined && region.sources.length === 1)
    region.sources = region.sources.map((each) => beforeTranspose(graph, each));
  return region;
}

/** Operators of kind `move` that leave every number where it is. */
const unmoving = new Set(['Identity', 'Cast', 'Dropout']);
/** Operators whose second input is a shape, which may depend on the batch. */
const shaped = new Set(['Reshape']);

interface AffineNode {
  node: NodeView;
  kind: NonNullable<ReturnType<typeof opOf>>['kind'];
  /** Places of the node's inputs that depend on the model's input. */
  computed: number[];
}

/** The node that makes a tensor, where it is affine. */
export function affineNode(graph: GraphView, constants: ReadonlySet<string>, tensor: string): AffineNode | Blocked {
  const node = graph.producers.get(tensor);
  if (!node) return { blocked: `the graph's ${constants.has(tensor) ? 'constant' : 'input'} '${tensor}'` };
  const found = describeNode(node);
  if (node.outputs[0] !== tensor && node.op !== 'Split') return { blocked: `a side output of ${found}` };
  const op = opOf(node);
  if (!op) return { blocked: notAffine(graph, node) };
  const computed = node.inputs.flatMap((name, i) =>
    name === '' || constants.has(name) || (i > 0 && shaped.has(node.op)) ? [] : [i],
  );
  if (computed.length === 0) return { blocked: `${found} of constants` };
  const refusal = op.refuses?.(node, computed, graph);
  return refusal === undefined ? { node, kind: op.kind, computed } : { blocked: refusal };
}

function notAffine(graph: GraphView, node: NodeView): string {
  const found = describeNode(node);
  if ([...node.attributes.values()].some((attribute) => attribute.nodes)) {
    return `${found}, whose body is a graph of its own (run the model through a simplifier that removes it)`;
  }
  if (graph.functions.has(`${node.domain}:${node.op}`)) {
    return `${found}, a function of the model (inline it: onnx.inliner.inline_local_functions)`;
  }
  if (node.domain === 'com.microsoft.nchwc') {
    return `${found}, a layout of one kind of processor (save the model from ONNX Runtime at level 'extended' at most)`;
  }
  if (node.domain === 'ai.onnx.ml' && node.op.startsWith('Linear')) {
    return `${found}, whose weights are no tensors of the graph (write the classifier as MatMul and Add)`;
  }
  const isQuantised = /^(QLinear|QGemm|MatMulInteger|ConvInteger|DynamicQuantize)/u.test(node.op);
  return isQuantised ? `${found}, a quantised layer (export the model before quantisation)` : found;
}

/** The note of a node whose constants are folded in; null for a bias right behind its product, which is part of any layer. */
function noteOf(graph: GraphView, node: NodeView, data: number): ModelNote | null {
  if (node.op === 'Neg') return null;
  const several = node.op === 'BatchNormalization';
  const before = graph.producers.get(node.inputs[data])?.op;
  if (node.op === 'Add' && (before?.endsWith('MatMul') || before === 'Einsum')) return null;
  return { kind: 'folded', node: describeNode(node), several };
}

/** The shape that a layer reads, with one example and one position. */
function sourceOf(graph: GraphView, node: NodeView, input: number, mean: NodeView | null): Source | Blocked {
  const tensor = node.inputs[input];
  const weight = readConstant(graph, node.inputs[1 - input]).dims;
  const declared = graph.values.get(tensor)?.dims ?? null;
  const flag = (name: string): boolean => Boolean(node.attributes.get(name)?.int);
  switch (node.op) {
    case 'Conv':
    case 'FusedConv': {
      const positions = (declared ?? []).slice(2).filter((dim) => typeof dim === 'number' && dim !== 1);
      if (positions.length > 0 && !mean) {
        return { blocked: `${describeNode(node)} on a map of ${declared!.slice(2).join('x')} positions` };
      }
      const channels = weight[1] * (node.attributes.get('group')?.int ?? 1);
      return { tensor, dims: [1, channels, ...weight.slice(2).map(() => 1)], mean };
    }
    case 'Einsum': {
      const { of, by } = lettersOf(node.attributes.get('equation')!.string!, input)!;
      return { tensor, dims: [...of].map((letter) => (by.includes(letter) ? weight[by.indexOf(letter)] : 1)), mean };
    }
    default: {
      const short = weight.length === 1 ? (input === 0 ? [weight[0], 1] : [1, weight[0]]) : weight.slice(-2);
      const isRight = input === 0;
      const width = short[isRight === flag(isRight ? 'transB' : 'transA') ? 1 : 0];
      const turned = isRight === flag(isRight ? 'transA' : 'transB');
      const rank = Math.max(2, declared?.length ?? (mean ? 3 : 2));
      const lead = Array.from({ length: rank - 2 }, () => 1);
      return { tensor, dims: turned ? [...lead, width, 1] : [...lead, 1, width], mean };
    }
  }
}

/** The shape of features that were named: as the file says, else as wide as the last layer that reads them. */
function namedShape(graph: GraphView, tensor: string, last: NodeView | null): number[] {
  const declared = graph.values.get(tensor)?.dims?.map((dim, i) => (typeof dim === 'number' && i > 0 ? dim : 1));
  if (!last) return declared ?? [1, 1];
  const input = last.inputs.findIndex((name) => !graph.initializers.has(name));
  const read = sourceOf(graph, last, Math.max(0, Math.min(1, input)), null);
  const dims = 'blocked' in read ? null : read.dims;
  return declared && (!dims || countOf(declared) === countOf(dims)) ? declared : (dims ?? [1, 1]);
}

/**
 * The one tensor that several heads read, each behind a scale or a batch normalisation of its own (LeViT, RepViT); the sources
 * as they are where there is none. Side by side, the scaled copies would be features that depend on one another.
 */
function commonSource(graph: GraphView, constants: ReadonlySet<string>, { sources, notes }: Region): Source[] {
  if (sources.length < 2 || sources.some(({ mean }) => mean !== null)) return sources;
  const chains = sources.map(({ tensor }) => scaledFrom(graph, constants, tensor));
  const common = chains[0].findIndex((each) => chains.every((chain) => chain.includes(each)));
  if (common < 0) return sources;
  const tensor = chains[0][common];
  for (const chain of chains) {
    for (const each of chain.slice(0, chain.indexOf(tensor))) {
      const node = graph.producers.get(each)!;
      const note = noteOf(
        graph,
        node,
        node.inputs.findIndex((name) => !constants.has(name)),
      );
      if (note && !unmoving.has(node.op)) notes.push(note);
    }
  }
  return [{ ...sources[0], tensor }];
}

/** A tensor, and those before it that constants scale and shift into it, number by number. */
function scaledFrom(graph: GraphView, constants: ReadonlySet<string>, tensor: string): string[] {
  const chain = [tensor];
  for (let at = tensor; chain.length <= graph.nodes.length; chain.push(at)) {
    const found = affineNode(graph, constants, at);
    if ('blocked' in found || found.computed.length !== 1) break;
    if (found.kind !== 'scale' && !unmoving.has(found.node.op)) break;
    at = found.node.inputs[found.computed[0]];
  }
  return chain;
}

/** The source in front of a Transpose that turns (1, d) into (d, 1); else the source itself. */
function beforeTranspose(graph: GraphView, source: Source): Source {
  const node = graph.producers.get(source.tensor);
  const [rows, columns] = source.dims;
  const isTurned = source.dims.length === 2 && columns === 1 && rows !== 1;
  if (!isTurned || node?.domain !== '' || node.op !== 'Transpose') return source;
  return { ...source, tensor: node.inputs[0], dims: [1, rows] };
}
