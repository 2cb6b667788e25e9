import type { ModelNote, OutputForm } from '../words/index.js';
import { opOf } from './affine-ops.js';
import { isLinearClassifier, postOf, scoresOf } from './classifiers.js';
import { readConstant } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';

/** A tensor of logits in front of what makes them probabilities. */
interface Peeled {
  /** The tensor that the output is made of: the output itself where nothing was taken off. */
  logits: string;
  /** What was taken off. */
  notes: ModelNote[];
}

/**
 * Finds the logits in front of an output: takes off a softmax, a log-softmax or a sigmoid, in one node or in the pieces that JAX
 * and TensorFlow leave; rounding to 8 bits; and what scikit-learn's converter adds. Nodes behind these, which scale or reshape
 * the probabilities, are passed over, since the logits do not depend on them.
 */
export function peel(graph: GraphView, constants: ReadonlySet<string>, output: string): Peeled {
  const search = new Search(graph, constants);
  const peeled: Peeled = { logits: output, notes: [] };
  let at = output;
  for (let steps = 0; steps <= graph.nodes.length; steps++) {
    const found = search.front(at);
    if (found) {
      at = found.logits;
      const { logits: output } = peeled;
      peeled.notes = [found.note ?? { kind: 'output-form', output, form: found.form, logits: at }];
      peeled.logits = at;
      continue;
    }
    const before = search.passed(at);
    if (before === null) break;
    at = before;
  }
  return peeled;
}

/** The logits in front of a tensor, with what the tensor is as a function of them, or with a note of another kind. */
type Front = { logits: string } & ({ form: OutputForm; note?: undefined } | { form?: undefined; note: ModelNote });

/** The function of logits that a tensor is made of; null where it is not known. */
function functionOf(form: OutputForm | undefined): 'softmax' | 'log-softmax' | 'sigmoid' | null {
  if (!form || form.kind === 'made-by') return null;
  return 'of' in form ? functionOf(form.of) : form.kind;
}

/** Operators of kind `move` that are not passed over: they take some of the numbers only. */
const selecting = new Set(['Slice', 'Split', 'Gather', 'Concat']);

class Search {
  constructor(
    readonly graph: GraphView,
    readonly constants: ReadonlySet<string>,
  ) {}

  /** The logits, where the tensor is a softmax or its like; else null. */
  front(tensor: string): Front | null {
    const node = this.#node(tensor);
    if (!node) return null;
    const [first] = node.inputs;
    switch (`${node.domain}:${node.op}`) {
      case ':Softmax':
      case ':LogSoftmax': {
        const as = node.attributes.get('axis')?.int === 0 ? 'node-over-images' : 'node';
        return { logits: first, form: { kind: node.op === 'Softmax' ? 'softmax' : 'log-softmax', as } };
      }
      case ':Sigmoid':
        return { logits: first, form: { kind: 'sigmoid', as: 'node' } };
      case 'ai.onnx.ml:ZipMap':
      case 'ai.onnx.ml:Normalizer':
        return { logits: first, form: { kind: 'made-by', node: describeNode(node) } };
      case 'ai.onnx.ml:LinearClassifier':
        return tensor === node.outputs[1] ? this.#scores(node) : null;
      case 'ai.onnx.ml:ArrayFeatureExtractor': {
        // The score of the second class, of two, is taken out alone.
        const classifier = this.#node(first);
        return classifier && isLinearClassifier(classifier) && this.constants.has(node.inputs[1])
          ? this.front(first)
          : null;
      }
      case ':DequantizeLinear':
        return this.#rounded(node);
      case ':Div':
      case ':Mul':
      case ':Reciprocal':
        return this.#softmax(node) ?? this.#sigmoid(node) ?? this.#shares(node);
      case ':Sub':
        return this.#logSoftmax(node);
      case ':Exp': {
        const inner = this.front(this.#through(first));
        return inner?.form && functionOf(inner.form) === 'log-softmax'
          ? { logits: inner.logits, form: { kind: 'exponential', of: inner.form } }
          : null;
      }
      case ':Log': {
        const inner = this.front(this.#through(first));
        return inner?.form && functionOf(inner.form)?.endsWith('softmax')
          ? { logits: inner.logits, form: { kind: 'logarithm', of: inner.form } }
          : null;
      }
      default:
        return null;
    }
  }

  /** The tensor that a node reads which scales or reshapes; null where the node does something else. */
  passed(tensor: string): string | null {
    const node = this.#node(tensor);
    const op = node && opOf(node);
    if (!op || (op.kind !== 'move' && op.kind !== 'scale') || selecting.has(node.op)) return null;
    const computed = this.#computed(node);
    const isScale = op.kind === 'scale';
    if (isScale && computed.length !== 1) return null;
    if (op.refuses?.(node, isScale ? computed : [0], this.graph)) return null;
    return node.inputs[isScale ? computed[0] : 0];
  }

  /** QuantizeLinear and DequantizeLinear: what is published is rounded to 8 bits. */
  #rounded(node: NodeView): Front | null {
    const before = this.#node(node.inputs[0]);
    if (before?.op !== 'QuantizeLinear' || this.constants.has(before.inputs[0])) return null;
    const logits = before.inputs[0];
    return { logits, note: { kind: 'rounded-output', node: describeNode(before), logits } };
  }

  /** The scores that were added beside a classifier whose weights are attributes. */
  #scores(node: NodeView): Front | null {
    const [post, logits] = [postOf(node), scoresOf(node)];
    // Behind a probit the scores are no logits: neither softmax nor sigmoid leads from them to the probabilities.
    if (post === 'PROBIT' || !this.graph.producers.has(logits)) return null;
    const note = { kind: 'attributes', node: describeNode(node), post: post === 'NONE' ? null : post, logits } as const;
    return { logits, note };
  }

  /** Sigmoids over their sum, as of classifiers of one class against the rest; constants may be added against a sum of 0. */
  #shares(node: NodeView): Front | null {
    if (node.op !== 'Div') return null;
    const guarded = (tensor: string, is: (input: string) => boolean): string | undefined => {
      const add = this.#node(tensor);
      return is(tensor) ? tensor : add?.op === 'Add' ? add.inputs.find(is) : undefined;
    };
    const below = guarded(this.#through(node.inputs[1]), (name) => this.#node(name)?.op === 'ReduceSum');
    const each = below === undefined ? undefined : this.#node(below)?.inputs[0];
    if (each === undefined || guarded(node.inputs[0], (name) => name === each) === undefined) return null;
    const inner = this.front(each);
    return inner?.form && functionOf(inner.form) === 'sigmoid'
      ? { logits: inner.logits, form: { kind: 'over-its-sum', of: inner.form } }
      : null;
  }

  /** exp(z − m) over its sum; m the same for all classes. */
  #softmax(node: NodeView): Front | null {
    const parts = this.#quotient(node);
    const [above, below] = parts
      ? [this.#node(this.#through(parts.above)), this.#node(this.#through(parts.below))]
      : [];
    if (above?.op !== 'Exp' || below?.op !== 'ReduceSum') return null;
    if (this.#through(below.inputs[0]) !== this.#through(parts!.above)) return null;
    return { logits: this.#unshifted(above.inputs[0]), form: { kind: 'softmax', as: 'pieces' } };
  }

  /** z − log Σ exp z, or its like with z − m for z. */
  #logSoftmax(node: NodeView): Front | null {
    const last = this.#node(this.#through(node.inputs[1]));
    const logits = this.#unshifted(node.inputs[0]);
    const form = { kind: 'log-softmax', as: 'pieces' } as const;
    const isOf = (tensor: string): boolean => this.#unshifted(tensor) === logits;
    if (last?.op === 'ReduceLogSumExp') return isOf(last.inputs[0]) ? { logits, form } : null;
    const sum = last?.op === 'Log' ? this.#node(this.#through(last.inputs[0])) : undefined;
    const exp = sum?.op === 'ReduceSum' ? this.#node(this.#through(sum.inputs[0])) : undefined;
    return exp?.op === 'Exp' && isOf(exp.inputs[0]) ? { logits, form } : null;
  }

  /** 1 / (1 + exp(−z)). */
  #sigmoid(node: NodeView): Front | null {
    const below = node.op === 'Reciprocal' ? node.inputs[0] : node.op === 'Div' ? node.inputs[1] : null;
    if (below === null || (node.op === 'Div' && !this.#isOne(node.inputs[0]))) return null;
    const sum = this.#node(this.#through(below));
    if (sum?.op !== 'Add' || !sum.inputs.some((name) => this.#isOne(name))) return null;
    const exponent = sum.inputs.find((name) => !this.constants.has(name));
    const exp = exponent === undefined ? undefined : this.#node(this.#through(exponent));
    const negative = exp?.op === 'Exp' ? this.#node(this.#through(exp.inputs[0])) : undefined;
    const form = { kind: 'sigmoid', as: 'pieces' } as const;
    if (negative?.op === 'Neg') return { logits: negative.inputs[0], form };
    const minus = negative?.op === 'Mul' ? negative.inputs.find((name) => this.#isAll(name, -1)) : undefined;
    const logits = negative?.inputs.find((name) => name !== minus);
    return minus !== undefined && logits !== undefined ? { logits, form } : null;
  }

  /** a / b, written as a division or as a product with the reciprocal. */
  #quotient({ op, inputs }: NodeView): { above: string; below: string } | null {
    if (op === 'Div') return { above: inputs[0], below: inputs[1] };
    if (op !== 'Mul') return null;
    for (const [i, j] of [
      [0, 1],
      [1, 0],
    ]) {
      const inverse = this.#node(this.#through(inputs[j]));
      if (inverse?.op === 'Reciprocal') return { above: inputs[i], below: inverse.inputs[0] };
    }
    return null;
  }

  /** The tensor z of z − m, m the largest of z; else the tensor itself. */
  #unshifted(tensor: string): string {
    const at = this.#through(tensor);
    const node = this.#node(at);
    if (node?.op !== 'Sub') return at;
    const largest = this.#node(this.#through(node.inputs[1], true));
    if (largest?.op !== 'ReduceMax') return at;
    return this.#through(largest.inputs[0]) === this.#through(node.inputs[0]) ? this.#through(node.inputs[0]) : at;
  }

  /** Back over nodes that change no number; with `bounds`, over a Max with a constant too, which guards against infinities. */
  #through(tensor: string, bounds = false): string {
    let at = tensor;
    for (let steps = 0; steps <= this.graph.nodes.length; steps++) {
      const node = this.#node(at);
      if (!node || node.domain !== '') return at;
      if (unchanged.has(node.op)) at = node.inputs[0];
      else if (bounds && ['Max', 'Clip', 'Where'].includes(node.op)) {
        const computed = this.#computed(node);
        if (computed.length !== 1) return at;
        at = node.inputs[computed[0]];
      } else return at;
    }
    return at;
  }

  /** Whether a tensor is the constant 1: with any other the curve is no sigmoid. */
  #isOne = (name: string): boolean => this.#isAll(name, 1);

  #isAll(name: string, expected: number): boolean {
    return this.constants.has(name) && readConstant(this.graph, name).data.every((value) => value === expected);
  }

  #node = (tensor: string): NodeView | undefined => this.graph.producers.get(tensor);

  #computed({ inputs }: NodeView): number[] {
    return inputs.flatMap((name, i) => (name === '' || this.constants.has(name) ? [] : [i]));
  }
}

/** Operators that change no number; tensors are then compared by name, so that shapes do not matter. */
const unchanged = new Set(['Identity', 'Cast', 'Dropout', 'Reshape', 'Squeeze', 'Unsqueeze', 'Expand', 'Flatten']);
