import { combined, contracted, reshaped, scaled, sizeOf, type Affine } from './affine.js';
import { integersOf } from './constants.js';
import { describeNode } from './graph.js';
import { axisOf, broadcast } from './shapes.js';
import { countOf, type NumericTensor } from './tensor.js';
import { alike, one, spread, wider, zero } from './affine-fit.js';
import { dataOf, intOf, isAffine, onlyFirst, type AffineOp, type Operand } from './affine-op.js';

/** Add, Sub, Mul and Div of a computed tensor and a constant; Add and Sub of two computed ones, too. */
export const elementwise: AffineOp = {
  kind: 'scale',
  refuses(node, computed) {
    const name = describeNode(node);
    if (computed.length > 1 && (node.op === 'Mul' || node.op === 'Div')) return `${name} of two computed tensors`;
    return node.op === 'Div' && computed[0] === 1 ? `${name}, which divides by them` : undefined;
  },
  apply(node, inputs) {
    const [a, b] = inputs as Operand[];
    if (isAffine(a) && isAffine(b)) {
      const [left, right] = [a, b].map((each) => alike(each, wider(a, b), node));
      return combined([
        { x: left, times: 1 },
        { x: right, times: node.op === 'Sub' ? -1 : 1 },
      ]);
    }
    const [data, constant] = isAffine(a) ? [a, b as NumericTensor] : [b as Affine, a as NumericTensor];
    const values = spread(constant, data, node);
    switch (node.op) {
      case 'Mul':
        return scaled(data, values, zero);
      case 'Div':
        return scaled(
          data,
          values.map((value) => 1 / value),
          zero,
        );
      case 'Sub':
        return isAffine(a)
          ? scaled(
              data,
              one,
              values.map((value) => -value),
            )
          : scaled(data, Float64Array.of(-1), values);
      default:
        return scaled(data, one, values);
    }
  },
};

export const negated: AffineOp = {
  kind: 'scale',
  apply: (_, inputs) => scaled(dataOf(inputs), Float64Array.of(-1), zero),
};

/** Batch normalisation in inference mode: (x − mean) / sqrt(variance + epsilon) · gamma + beta, along the second dimension. */
export const batchNorm: AffineOp = {
  kind: 'scale',
  refuses: (node, computed) => (computed.length > 1 ? describeNode(node) : undefined),
  apply(node, inputs) {
    const data = dataOf(inputs);
    const channel = (i: number): NumericTensor => {
      const { dims, data: values } = inputs[i] as NumericTensor;
      return { dims: [...dims, ...data.dims.slice(2).map(() => 1)], data: values };
    };
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => spread(channel(i), data, node));
    const at = (values: Float64Array, i: number): number => (values.length === 1 ? values[0] : values[i]);
    const epsilon = node.attributes.get('epsilon')?.float ?? 1e-5;
    const scale = Float64Array.from(
      { length: sizeOf(data) },
      (_, i) => at(gamma, i) / Math.sqrt(at(variance, i) + epsilon),
    );
    return scaled(
      data,
      scale,
      scale.map((s, i) => at(beta, i) - at(mean, i) * s),
    );
  },
};

/** Sum and Mean of any number of tensors. */
export const several: AffineOp = {
  kind: 'mix',
  apply(node, inputs) {
    const parts = inputs.filter(isAffine);
    const like = parts.reduce(wider);
    const times = node.op === 'Mean' ? 1 / inputs.length : 1;
    const sum = combined(parts.map((part) => ({ x: alike(part, like, node), times })));
    return inputs
      .filter((input): input is NumericTensor => !isAffine(input))
      .reduce(
        (soFar, constant) =>
          scaled(
            soFar,
            one,
            spread(constant, like, node).map((value) => value * times),
          ),
        sum,
      );
  },
};

/** Means and sums along axes. */
export const reduced: AffineOp = {
  kind: 'mean',
  refuses: onlyFirst,
  apply(node, inputs, graph) {
    const from = dataOf(inputs);
    const rank = from.dims.length;
    const isPool = node.op === 'GlobalAveragePool';
    const asked = isPool
      ? from.dims.map((_, i) => i).slice(2)
      : (integersOf(node, graph, 'axes') ?? (intOf(node, 'noop_with_empty_axes', 0) ? [] : from.dims.map((_, i) => i)));
    const axes = asked.map((axis) => axisOf(axis, rank));
    const keeps = isPool || intOf(node, 'keepdims', 1) !== 0;
    const kept = from.dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
    const dims = keeps ? kept : kept.filter((_, i) => !axes.includes(i));
    const each = sizeOf(from) / countOf(kept);
    if (each === 1) return reshaped(from, dims);
    // The place of the result that each number goes into.
    const into = broadcast(kept, from.dims)!;
    const groups = Array.from({ length: countOf(kept) }, (): number[] => []);
    into.forEach((to, i) => groups[to].push(i));
    const factor = node.op === 'ReduceSum' ? 1 : 1 / each;
    return contracted(from, groups, new Float64Array(each).fill(factor), 1, dims);
  },
};
