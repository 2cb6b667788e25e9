import { FeatReconstructError } from '../base/index.js';
import { contracted, joined, moved, reshaped, scaled, sizeOf, type Affine } from './affine.js';
import { describeNode, type NodeView } from './graph.js';
import { numbered, transposeTensor } from './shapes.js';
import { countOf, type NumericTensor } from './tensor.js';
import { one, spread } from './affine-fit.js';
import { dataOf, intOf, isAffine, movedBy, type AffineOp } from './affine-op.js';

/** MatMul and Gemm, with the weight on either side, and the bias of a Gemm. */
export const matrixProduct: AffineOp = {
  kind: 'linear',
  refuses(node, computed) {
    const name = describeNode(node);
    const activation = node.attributes.get('activation')?.string;
    if (activation) return `${name}, fused with ${activation}`;
    if (intOf(node, 'transBatchA', 0) || intOf(node, 'transBatchB', 0)) return name;
    if (computed.includes(0) && computed.includes(1)) return `${name} of two computed tensors`;
    return computed.includes(2) ? `${name} with a computed bias` : undefined;
  },
  apply(node, inputs) {
    const onLeft = isAffine(inputs[1]);
    const data = inputs[onLeft ? 1 : 0] as Affine;
    const weight = matrixOf(inputs[onLeft ? 0 : 1] as NumericTensor, node, onLeft);
    const [transA, transB] = [intOf(node, 'transA', 0), intOf(node, 'transB', 0)];
    // The weight as (outputs, inputs): A itself in A x, and the transpose of B in x B.
    const isByOutput = onLeft ? transA === 0 : transB === 1;
    const { dims, data: w } = isByOutput ? weight : transposeTensor(weight, [1, 0]);
    const [outputs, width] = dims;
    const isVector = data.dims.length === 1;
    const isTransposed = onLeft ? transB === 1 : transA === 1;
    const own = isVector ? (onLeft ? [width, 1] : [1, sizeOf(data)]) : isTransposed ? swapped(data.dims) : data.dims;
    const at = (index: Int32Array): Affine => moved(data, index, own);
    const rows =
      isTransposed && !isVector
        ? at(Int32Array.from(transposeTensor(numbered(data.dims), lastTwo(data.dims)).data))
        : reshaped(data, own);
    const rank = rows.dims.length;
    const length = rows.dims[rank - (onLeft ? 2 : 1)];
    if (length !== width) throw widthMismatch(length, width);
    const groupCount = sizeOf(rows) / width;
    // Where the weight is on the left, a group's inputs are in a column: `across` numbers apart.
    const across = onLeft ? rows.dims[rank - 1] : 1;
    const groups = Array.from({ length: groupCount }, (_, g) =>
      Int32Array.from({ length: width }, (_, k) =>
        onLeft ? Math.floor(g / across) * width * across + k * across + (g % across) : g * width + k,
      ),
    );
    const alpha = node.op === 'MatMul' ? 1 : (node.attributes.get('alpha')?.float ?? 1);
    const scaledBy = alpha === 1 ? w : Float64Array.from(w, (value) => value * alpha);
    const lead = rows.dims.slice(0, -2);
    let out = contracted(rows, groups, scaledBy, outputs, [...rows.dims.slice(0, -1), outputs]);
    if (onLeft) {
      const asRows: Affine = reshaped(out, [...lead, across, outputs]);
      out = movedBy(asRows, transposeTensor(numbered(asRows.dims), lastTwo(asRows.dims)));
    }
    const bias = inputs[2] as NumericTensor | null | undefined;
    if (!bias) return out;
    const beta = node.attributes.get('beta')?.float ?? 1;
    return scaled(
      out,
      one,
      spread(bias, out, node).map((value) => value * beta),
    );
  },
};

/** A permutation that swaps the last two dimensions. */
const lastTwo = (dims: readonly number[]): number[] => {
  const perm = dims.map((_, i) => i);
  return [...perm.slice(0, -2), perm[perm.length - 1], perm[perm.length - 2]];
};

const swapped = (dims: readonly number[]): number[] => lastTwo(dims).map((axis) => dims[axis]);

/** A weight as one matrix. @throws FeatReconstructError where it is not one */
function matrixOf({ dims, data }: NumericTensor, node: NodeView, onLeft: boolean): NumericTensor {
  const short = dims.length === 1 ? (onLeft ? [1, dims[0]] : [dims[0], 1]) : dims.slice(-2);
  if (short.length === 2 && countOf(short) === data.length) return { dims: short, data };
  throw new FeatReconstructError(
    `Expected a matrix as weight of ${describeNode(node)}, found the shape ${dims.join(' x ')}: that is no linear layer of a classifier.`,
  );
}

function widthMismatch(found: number, read: number): FeatReconstructError {
  return new FeatReconstructError(
    `Expected the layers between the features and the logits to fit, found a width of ${found} where ${read} is read: name other tensors.`,
    { code: 'mismatch' },
  );
}

/** A convolution with a 1x1 window: one matrix for every position, or one for each group of channels. */
export const convolution: AffineOp = {
  kind: 'linear',
  refuses(node, computed, graph) {
    const name = describeNode(node);
    const activation = node.attributes.get('activation')?.string;
    if (activation) return `${name}, fused with ${activation}`;
    if (node.inputs[3]) return `${name}, fused with a sum`;
    if (computed.length > 1) return name;
    const kernel =
      node.attributes.get('kernel_shape')?.ints ?? graph.initializers.get(node.inputs[1])?.dims.slice(2) ?? [];
    if (kernel.some((size) => size !== 1)) return `${name} with a window of ${kernel.join('x')}`;
    if ((node.attributes.get('pads')?.ints ?? []).some((pad) => pad !== 0)) return `${name} with padding`;
    if ((node.attributes.get('strides')?.ints ?? []).some((step) => step !== 1)) return `${name} with a stride`;
    return undefined;
  },
  apply(node, inputs) {
    const data = dataOf(inputs);
    const weight = inputs[1] as NumericTensor;
    const groups = intOf(node, 'group', 1);
    const [outputs, width] = weight.dims;
    const each = outputs / groups;
    if (data.dims[1] !== width * groups) throw widthMismatch(data.dims[1], width * groups);
    const positions = sizeOf(data) / data.dims[1];
    const parts = Array.from({ length: groups }, (_, g) => {
      const own = weight.data.subarray(g * each * width, (g + 1) * each * width);
      const reads = Array.from({ length: positions }, (_, p) =>
        Int32Array.from({ length: width }, (_, k) => (g * width + k) * positions + p),
      );
      const byPosition = contracted(data, reads, own, each, [positions, each]);
      return movedBy(byPosition, transposeTensor(numbered([positions, each]), [1, 0]));
    });
    const out = reshaped(joined(parts, 0), [data.dims[0], outputs, ...data.dims.slice(2)]);
    const bias = inputs[2] as NumericTensor | null | undefined;
    if (!bias) return out;
    return scaled(
      out,
      one,
      spread({ dims: [outputs, ...data.dims.slice(2).map(() => 1)], data: bias.data }, out, node),
    );
  },
};

/** Einsum of a computed tensor and a constant one, as in `nd,cd->nc`. */
export const einsum: AffineOp = {
  kind: 'linear',
  refuses(node, computed) {
    const name = describeNode(node);
    if (node.inputs.length !== 2) return `${name} of ${node.inputs.length} tensors`;
    if (computed.length > 1) return `${name} of two computed tensors`;
    const equation = node.attributes.get('equation')?.string ?? '';
    return lettersOf(equation, computed[0] ?? 0) ? undefined : `${name} with the equation ${equation}`;
  },
  apply(node, inputs) {
    const at = isAffine(inputs[0]) ? 0 : 1;
    const data = inputs[at] as Affine;
    const weight = inputs[1 - at] as NumericTensor;
    const { of, by, out, summed, kept, made } = lettersOf(node.attributes.get('equation')!.string!, at)!;
    if (data.dims.length !== of.length) throw widthMismatch(data.dims.length, of.length);
    const size = (letter: string): number =>
      of.includes(letter) ? data.dims[of.indexOf(letter)] : weight.dims[by.indexOf(letter)];
    for (const letter of summed) {
      if (size(letter) !== weight.dims[by.indexOf(letter)])
        throw widthMismatch(size(letter), weight.dims[by.indexOf(letter)]);
    }
    const w = transposeTensor(
      weight,
      [...made, ...summed].map((letter) => by.indexOf(letter)),
    ).data;
    const order = [...kept, ...summed].map((letter) => of.indexOf(letter));
    const index = Int32Array.from(transposeTensor(numbered(data.dims), order).data);
    const width = countOf(summed.map(size));
    const groups = Array.from({ length: index.length / width }, (_, g) => index.subarray(g * width, (g + 1) * width));
    const letters = [...kept, ...made];
    const result = contracted(data, groups, w, countOf(made.map(size)), letters.map(size));
    return movedBy(
      result,
      transposeTensor(
        numbered(result.dims),
        [...out].map((letter) => letters.indexOf(letter)),
      ),
    );
  },
};

/**
 * The letters of an equation of two operands: `of` the operand at place `at`, `by` the other one, `out` the result; `summed` are
 * in both operands, `kept` are those of `of` in the result, `made` those of `by`.
 * @returns null where the equation has an ellipsis, a diagonal, or a letter that both operands keep
 */
export function lettersOf(equation: string, at: number) {
  const [left, right] = equation.replace(/\s/gu, '').split('->');
  const operands = left.split(',');
  if (operands.length !== 2 || right === undefined || equation.includes('.')) return null;
  const [of, by] = [operands[at], operands[1 - at]];
  const out = right;
  if ([of, by, out].some((letters) => new Set(letters).size !== letters.length)) return null;
  const summed = [...of].filter((letter) => by.includes(letter) && !out.includes(letter));
  const kept = [...of].filter((letter) => out.includes(letter) && !by.includes(letter));
  const made = [...by].filter((letter) => out.includes(letter) && !of.includes(letter));
  const isWhole = summed.length + kept.length === of.length && summed.length + made.length === by.length;
  return isWhole && summed.length > 0 ? { of, by, out, summed, kept, made } : null;
}
