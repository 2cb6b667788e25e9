import ndarray, { type NdArray } from 'ndarray';
import { FeatReconstructError, option } from '../base/index.js';
import { readConstant, transpose } from './constants.js';
import { describeNode, type GraphView } from './graph.js';
import type { Path, Step } from './walk.js';

/** A head as float32. */
export interface LiftedHead {
  /** (c, d) */
  weight: NdArray<Float32Array>;
  /** (c) */
  bias: NdArray<Float32Array>;
}

/** A matrix (out, in) with a bias (out, or one number for all). */
interface Matrix {
  out: number;
  in: number;
  weight: Float64Array;
  bias: Float64Array;
}

/** y = scale x + shift; each one number for all, or one a class. */
interface Affine {
  scale: Float64Array;
  shift: Float64Array;
}

const at = (vector: Float64Array, i: number): number => (vector.length === 1 ? vector[0] : vector[i]);

/**
 * Reads the head's weight and bias out of the graph, with all constants behind it folded in. Computed in float64 and
 * rounded once.
 * @returns weight (c, d) and bias (c), so that logits = weight features + bias
 * @throws FeatReconstructError when the weight is zero or not finite, or its shape does not fit
 */
export function liftHead(graph: GraphView, head: Pick<Path, 'steps'>): LiftedHead {
  let after: Affine = { scale: Float64Array.of(1), shift: Float64Array.of(0) };
  let matrix: Matrix | null = null;
  for (const step of head.steps) {
    if (step.kind === 'affine') {
      const affine = affineOf(graph, step);
      if (matrix) matrix = times(matrix, diagonal(affine, matrix.in, step));
      else after = chain(after, affine, step);
    } else {
      const inner = linearOf(graph, step);
      matrix = matrix ? times(matrix, inner) : scaled(after, inner, step);
    }
  }
  if (!matrix) throw new Error('a head without a linear step');
  return rounded(matrix, head.steps);
}

function rounded(matrix: Matrix, steps: Step[]): LiftedHead {
  const weight = new Float32Array(matrix.weight);
  const bias = Float32Array.from({ length: matrix.out }, (_, i) => at(matrix.bias, i));
  const name = steps
    .filter((step) => step.kind === 'linear')
    .map((step) => describeNode(step.node))
    .join(' and ');
  if (weight.every((w) => w === 0)) {
    throw new FeatReconstructError(
      `Expected a trained head, found that all weights of ${name} are 0: every image would get the same logits. Export the model with its weights.`,
    );
  }
  if (![weight, bias].every((list) => list.every(Number.isFinite))) {
    throw new FeatReconstructError(
      `Expected finite weights in the head, found NaN or infinite numbers in ${name}: export the model again.`,
    );
  }
  return { weight: ndarray(weight, [matrix.out, matrix.in]), bias: ndarray(bias, [matrix.out]) };
}

/** outer(inner(x)) of two scalings. */
function chain(outer: Affine, inner: Affine, step: Step): Affine {
  const n = Math.max(...[outer.scale, outer.shift, inner.scale, inner.shift].map((vector) => vector.length));
  for (const vector of Object.values(inner) as Float64Array[]) fit(vector.length, n, step);
  return {
    scale: Float64Array.from({ length: n }, (_, i) => at(outer.scale, i) * at(inner.scale, i)),
    shift: Float64Array.from({ length: n }, (_, i) => at(outer.scale, i) * at(inner.shift, i) + at(outer.shift, i)),
  };
}

function scaled({ scale, shift }: Affine, inner: Matrix, step: Step): Matrix {
  fit(scale.length, inner.out, step);
  fit(shift.length, inner.out, step);
  const weight = inner.weight;
  if (!scale.every((s) => s === 1)) {
    for (let i = 0; i < weight.length; i++) weight[i] *= at(scale, Math.floor(i / inner.in));
  }
  const bias = Float64Array.from({ length: inner.out }, (_, i) => at(scale, i) * at(inner.bias, i) + at(shift, i));
  return { ...inner, weight, bias };
}

function diagonal({ scale, shift }: Affine, n: number, step: Step): Matrix {
  fit(scale.length, n, step);
  fit(shift.length, n, step);
  const weight = new Float64Array(n * n);
  for (let i = 0; i < n; i++) weight[i * n + i] = at(scale, i);
  return { out: n, in: n, weight, bias: shift };
}

/** outer(inner(x)) of two matrices. */
function times(outer: Matrix, inner: Matrix): Matrix {
  if (outer.in !== inner.out) {
    throw new FeatReconstructError(
      `Expected the layers between the features and the logits to fit, found a width of ${inner.out} where ${outer.in} is read: name other tensors.`,
    );
  }
  const weight = new Float64Array(outer.out * inner.in);
  const bias = Float64Array.from({ length: outer.out }, (_, i) => at(outer.bias, i));
  for (let i = 0; i < outer.out; i++) {
    for (let k = 0; k < outer.in; k++) {
      const w = outer.weight[i * outer.in + k];
      if (w === 0) continue;
      bias[i] += w * at(inner.bias, k);
      for (let j = 0; j < inner.in; j++) weight[i * inner.in + j] += w * inner.weight[k * inner.in + j];
    }
  }
  return { out: outer.out, in: inner.in, weight, bias };
}

function fit(length: number, width: number, step: Step): void {
  if (length !== 1 && length !== width) {
    throw new FeatReconstructError(
      `Expected one number or ${width}, one a class, in the constant of ${describeNode(step.node)}, found ${length}: name the logits in front of it with ${option("the option 'logits'", '--logits-tensor')}.`,
    );
  }
}

/** A constant that is one number, or a vector along the classes. */
function vector(graph: GraphView, name: string, step: Step): Float64Array {
  const { dims, data } = readConstant(graph, name);
  const wide = dims.flatMap((dim, i) => (dim === 1 ? [] : [i]));
  // On columns (c, n) the classes are the first of two dimensions, otherwise the last or one followed by 1s.
  const isAligned = step.columns ? dims.length === 2 && wide[0] === 0 : true;
  if (wide.length > 1 || (wide.length === 1 && !isAligned)) {
    throw new FeatReconstructError(
      `Expected one number a class in the constant of ${describeNode(step.node)}, found the shape ${dims.join(' x ')}: name the logits in front of it with ${option("the option 'logits'", '--logits-tensor')}.`,
    );
  }
  return new Float64Array(data);
}

const one = Float64Array.of(1);
const zero = Float64Array.of(0);

function affineOf(graph: GraphView, step: Step): Affine {
  const { node } = step;
  if (node.op === 'Neg') return { scale: Float64Array.of(-1), shift: zero };
  if (node.op === 'BatchNormalization') return batchNorm(graph, step);
  const constant = vector(graph, node.inputs[1 - step.data], step);
  switch (node.op) {
    case 'Mul':
      return { scale: constant, shift: zero };
    case 'Div':
      return { scale: constant.map((x) => 1 / x), shift: zero };
    case 'Sub':
      return step.data === 0
        ? { scale: one, shift: constant.map((x) => -x) }
        : { scale: Float64Array.of(-1), shift: constant };
    default:
      return { scale: one, shift: constant };
  }
}

/** Inference: (x - mean) / sqrt(variance + epsilon) * gamma + beta. */
function batchNorm(graph: GraphView, step: Step): Affine {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => vector(graph, step.node.inputs[i], step));
  const epsilon = step.node.attributes.get('epsilon')?.float ?? 1e-5;
  const scale = gamma.map((g, i) => g / Math.sqrt(at(variance, i) + epsilon));
  return { scale, shift: scale.map((s, i) => at(beta, i) - at(mean, i) * s) };
}

function linearOf(graph: GraphView, step: Step): Matrix {
  const { node, data } = step;
  const constant = readConstant(graph, node.inputs[1 - data]);
  const isConv = node.op.endsWith('Conv');
  // A matrix product reads the last two dimensions; a convolution (c, d, 1, 1) the first two.
  let dims = isConv ? constant.dims.slice(0, 2) : constant.dims.slice(-2);
  if (dims.length === 1 && data === 0) dims = [dims[0], 1];
  if (dims.length !== 2 || dims[0] * dims[1] !== constant.data.length) {
    throw new FeatReconstructError(
      `Expected a matrix as weight of ${describeNode(node)}, found the shape ${constant.dims.join(' x ')}: that is no linear layer of a classifier.`,
    );
  }
  // x B with B (d, c) unless transposed; on columns A x with A (c, d) unless transposed; a convolution holds (c, d).
  const flag = node.attributes.get(data === 0 ? 'transB' : 'transA')?.int ? 1 : 0;
  const isOutIn = isConv || (data === 0 ? flag === 1 : flag === 0);
  const turned = isOutIn ? { dims, data: constant.data } : transpose({ dims, data: constant.data }, [1, 0]);
  const alpha = node.op === 'MatMul' || isConv ? 1 : (node.attributes.get('alpha')?.float ?? 1);
  const beta = isConv ? 1 : (node.attributes.get('beta')?.float ?? 1);
  const weight = new Float64Array(turned.data);
  if (alpha !== 1) for (let i = 0; i < weight.length; i++) weight[i] *= alpha;
  const bias = node.inputs[2] ? vector(graph, node.inputs[2], step).map((b) => b * beta) : zero;
  fit(bias.length, turned.dims[0], step);
  return { out: turned.dims[0], in: turned.dims[1], weight, bias };
}
