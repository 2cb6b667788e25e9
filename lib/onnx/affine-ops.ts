import { FeatReconstructError, option } from '../base/index.js';
import { combined, constantAs, contracted, joined, moved, reshaped, scaled, sizeOf, type Affine } from './affine.js';
import { integersOf, readConstant } from './constants.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import { axisOf, broadcast, numbered, sliced, taken, transpose } from './shapes.js';
import { count, type NumericTensor } from './tensor.js';

/** What a node reads: a tensor that depends on the features, or a constant. */
export type Operand = Affine | NumericTensor;

export const isAffine = (operand: Operand | null): operand is Affine => operand !== null && 'rows' in operand;

/** What one kind of node does to numbers that are affine in the features. */
export interface AffineOp {
  /**
   * `linear`: a layer with weights, which features may enter. `scale`: constants at each number. `mean`: over positions.
   * `move`: numbers change their places. `mix`: sums and means of several tensors.
   */
  kind: 'linear' | 'scale' | 'mean' | 'move' | 'mix';
  /** Why a node of this kind is not affine, in words; undefined where it is. `computed`: inputs that are no constants. */
  refuses?(node: NodeView, computed: readonly number[], graph: GraphView): string | undefined;
  /** @param output which of the node's outputs is wanted */
  apply(node: NodeView, inputs: readonly (Operand | null)[], graph: GraphView, output: number): Affine;
}

const floatTypes = new Set([1, 10, 11, 16]);

const intOf = (node: NodeView, name: string, otherwise: number): number => node.attributes.get(name)?.int ?? otherwise;

const nameLogits = `name the logits in front of it with ${option("the option 'logits'", '--logits-tensor')}`;

/** All but the first input are constants. */
const onlyFirst = (node: NodeView, computed: readonly number[]): string | undefined =>
  computed.some((i) => i !== 0) ? `${describeNode(node)} with a computed second input` : undefined;

const x = (inputs: readonly (Operand | null)[]): Affine => inputs[0] as Affine;

const movedBy = (of: Affine, { dims, data }: NumericTensor): Affine => moved(of, Int32Array.from(data), dims);

/** Keeps the order of the numbers; the shape is that of a batch of one. */
const reshape: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const from = x(inputs);
    const shape = node.attributes.get('shape')?.ints ?? shapeAsked(graph, node.inputs[1]);
    if (!shape) return reshaped(from, [1, sizeOf(from)]);
    const out = shape.map((dim, i) => (dim === 0 ? (from.dims[i] ?? 1) : dim));
    const open = out.indexOf(-1);
    if (open >= 0) out[open] = sizeOf(from) / -count(out);
    // A shape for another batch than one says nothing of the examples.
    return reshaped(from, count(out) === sizeOf(from) ? out : [1, sizeOf(from)]);
  },
};

/** A shape that is a constant; null where it is computed from the input's. */
function shapeAsked(graph: GraphView, name: string): number[] | null {
  try {
    return [...readConstant(graph, name).data];
  } catch {
    return null;
  }
}

const flatten: AffineOp = {
  kind: 'move',
  apply(node, inputs) {
    const from = x(inputs);
    const rows = count(from.dims.slice(0, axisOf(intOf(node, 'axis', 1), from.dims.length)));
    return reshaped(from, [rows, sizeOf(from) / rows]);
  },
};

const same: AffineOp = { kind: 'move', refuses: onlyFirst, apply: (_, inputs) => x(inputs) };

const cast: AffineOp = {
  kind: 'move',
  refuses: (node) =>
    floatTypes.has(intOf(node, 'to', 0)) ? undefined : `${describeNode(node)}, which makes whole numbers of them`,
  apply: (_, inputs) => x(inputs),
};

const squeeze: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const { dims } = x(inputs);
    const axes = integersOf(node, graph, 'axes')?.map((axis) => axisOf(axis, dims.length));
    return reshaped(
      x(inputs),
      dims.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
    );
  },
};

const unsqueeze: AffineOp = {
  kind: 'move',
  apply(node, inputs, graph) {
    const rest = [...x(inputs).dims];
    const axes = integersOf(node, graph, 'axes') ?? [];
    const rank = rest.length + axes.length;
    const added = new Set(axes.map((axis) => axisOf(axis, rank)));
    return reshaped(
      x(inputs),
      Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))),
    );
  },
};

const transposed: AffineOp = {
  kind: 'move',
  apply(node, inputs) {
    const { dims } = x(inputs);
    const perm = node.attributes.get('perm')?.ints ?? dims.map((_, i) => i).reverse();
    return movedBy(x(inputs), transpose(numbered(dims), perm.length === dims.length ? perm : dims.map((_, i) => i)));
  },
};

const slice: AffineOp = {
  kind: 'move',
  refuses: onlyFirst,
  apply(node, inputs, graph) {
    const from = x(inputs);
    const starts = integersOf(node, graph, 'starts', 1) ?? [];
    const ends = integersOf(node, graph, 'ends', 2) ?? [];
    const axes = integersOf(node, graph, 'axes', 3) ?? starts.map((_, i) => i);
    const steps = integersOf(node, graph, 'steps', 4) ?? starts.map(() => 1);
    let tensor = numbered(from.dims);
    axes.forEach((axis, i) => {
      const at = axisOf(axis, from.dims.length);
      tensor = taken(tensor, at, sliced(tensor.dims[at], starts[i], ends[i], steps[i]));
    });
    return movedBy(from, tensor);
  },
};

const gather: AffineOp = {
  kind: 'move',
  refuses: (node, computed) =>
    computed.includes(1) ? `${describeNode(node)}, which looks numbers up by computed places` : undefined,
  apply(node, inputs) {
    const from = x(inputs);
    const places = inputs[1] as NumericTensor;
    const axis = axisOf(intOf(node, 'axis', 0), from.dims.length);
    const n = from.dims[axis];
    const wanted = [...places.data].map((place) => (place < 0 ? place + n : place));
    if (wanted.some((place) => place >= n)) return outOfReach(node, n);
    const { dims, data } = taken(numbered(from.dims), axis, wanted);
    return movedBy(from, { dims: [...dims.slice(0, axis), ...places.dims, ...dims.slice(axis + 1)], data });
  },
};

function outOfReach(node: NodeView, n: number): never {
  throw new FeatReconstructError(
    `Expected ${describeNode(node)} to take some of ${n} numbers, found places beyond: the layer reads several positions, and is no classifier's head. Name the features behind it with ${option("the option 'features'", '--features-tensor')}.`,
  );
}

const split: AffineOp = {
  kind: 'move',
  refuses: onlyFirst,
  apply(node, inputs, graph, output) {
    const from = x(inputs);
    const axis = axisOf(intOf(node, 'axis', 0), from.dims.length);
    const parts = node.outputs.length;
    const size = Math.ceil(from.dims[axis] / parts);
    const sizes =
      integersOf(node, graph, 'split') ??
      node.outputs.map((_, i) => Math.min(size, Math.max(0, from.dims[axis] - i * size)));
    const places = sizes.map((length, i) => {
      const start = sizes.slice(0, i).reduce((sum, value) => sum + value, 0);
      return Array.from({ length }, (_, k) => start + k);
    });
    return movedBy(from, taken(numbered(from.dims), axis, places[output]));
  },
};

const concat: AffineOp = {
  kind: 'mix',
  apply(node, inputs) {
    const first = inputs.find(isAffine)!;
    const parts = inputs.map((part) => (isAffine(part) ? part : constantAs(part!.dims, first.width, part!.data)));
    return joined(parts, axisOf(intOf(node, 'axis', 0), first.dims.length));
  },
};

/** Add, Sub, Mul and Div: of one computed tensor and a constant, or a sum or difference of two. */
const elementwise: AffineOp = {
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

const one = Float64Array.of(1);
const zero = Float64Array.of(0);

const wider = (a: Affine, b: Affine): Affine => (sizeOf(b) > sizeOf(a) ? b : a);

/** In the shape of another of the same numbers. */
function alike(each: Affine, like: Affine, node: NodeView): Affine {
  if (sizeOf(each) === sizeOf(like)) return reshaped(each, like.dims);
  const index = broadcast(each.dims, like.dims);
  if (!index) throw noFit(node, sizeOf(like), each.dims);
  return moved(each, index, like.dims);
}

/** A constant at each number of `like`, by ONNX's (NumPy's) rules: aligned at the last dimension. */
function spread(constant: NumericTensor, like: Affine, node: NodeView): Float64Array {
  if (constant.data.length === 1) return Float64Array.from(constant.data);
  const index = broadcast(constant.dims, like.dims);
  if (!index) throw noFit(node, sizeOf(like), constant.dims);
  return Float64Array.from(index, (i) => constant.data[i]);
}

/** A constant, or a second tensor, that does not stand beside each number of the first. */
function noFit(node: NodeView, size: number, dims: readonly number[]): FeatReconstructError {
  const isRow = dims.filter((dim) => dim !== 1).length <= 1 && count(dims) !== size;
  const found = isRow ? `${count(dims)}` : `the shape ${dims.join(' x ')}`;
  return new FeatReconstructError(
    `Expected one number or ${size}, one a class, in the constant of ${describeNode(node)}, found ${found}: ${nameLogits}.`,
  );
}

const negated: AffineOp = { kind: 'scale', apply: (_, inputs) => scaled(x(inputs), Float64Array.of(-1), zero) };

/** Inference: (x − mean) / sqrt(variance + epsilon) · gamma + beta, along the second dimension. */
const batchNorm: AffineOp = {
  kind: 'scale',
  refuses: (node, computed) => (computed.length > 1 ? describeNode(node) : undefined),
  apply(node, inputs) {
    const data = x(inputs);
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
const several: AffineOp = {
  kind: 'mix',
  apply(node, inputs) {
    const parts = inputs.filter(isAffine);
    const like = parts.reduce(wider);
    const times = node.op === 'Mean' ? 1 / inputs.length : 1;
    const sum = combined(parts.map((part) => ({ x: alike(part, like, node), times })));
    return inputs
      .filter((input): input is NumericTensor => !isAffine(input))
      .reduce(
        (so, constant) =>
          scaled(
            so,
            one,
            spread(constant, like, node).map((value) => value * times),
          ),
        sum,
      );
  },
};

/** Means and sums along axes. */
const reduced: AffineOp = {
  kind: 'mean',
  refuses: onlyFirst,
  apply(node, inputs, graph) {
    const from = x(inputs);
    const rank = from.dims.length;
    const isPool = node.op === 'GlobalAveragePool';
    const asked = isPool
      ? from.dims.map((_, i) => i).slice(2)
      : (integersOf(node, graph, 'axes') ?? (intOf(node, 'noop_with_empty_axes', 0) ? [] : from.dims.map((_, i) => i)));
    const axes = asked.map((axis) => axisOf(axis, rank));
    const keeps = isPool || intOf(node, 'keepdims', 1) !== 0;
    const kept = from.dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
    const dims = keeps ? kept : kept.filter((_, i) => !axes.includes(i));
    const many = sizeOf(from) / count(kept);
    if (many === 1) return reshaped(from, dims);
    // Which number each one goes into.
    const into = broadcast(kept, from.dims)!;
    const groups = Array.from({ length: count(kept) }, (): number[] => []);
    into.forEach((to, i) => groups[to].push(i));
    const each = node.op === 'ReduceSum' ? 1 : 1 / many;
    return contracted(from, groups, new Float64Array(many).fill(each), 1, dims);
  },
};

/** A weight (outputs, inputs), row-major, and what is added to each output. */
const matrixProduct: AffineOp = {
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
    const turned = onLeft ? transA === 0 : transB === 1;
    // As (outputs, inputs): A of A x, and the transpose of B of x B.
    const { dims, data: w } = turned ? weight : transpose(weight, [1, 0]);
    const [outputs, width] = dims;
    const vector = data.dims.length === 1;
    const flip = onLeft ? transB === 1 : transA === 1;
    const own = vector ? (onLeft ? [width, 1] : [1, sizeOf(data)]) : flip ? swapped(data.dims) : data.dims;
    const at = (index: Int32Array): Affine => moved(data, index, own);
    const rows =
      flip && !vector
        ? at(Int32Array.from(transpose(numbered(data.dims), lastTwo(data.dims)).data))
        : reshaped(data, own);
    const rank = rows.dims.length;
    const long = rows.dims[rank - (onLeft ? 2 : 1)];
    if (long !== width) throw widths(long, width);
    const many = sizeOf(rows) / width;
    // On the left the inputs of a group lie a row apart.
    const across = onLeft ? rows.dims[rank - 1] : 1;
    const groups = Array.from({ length: many }, (_, g) =>
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
      out = movedBy(asRows, transpose(numbered(asRows.dims), lastTwo(asRows.dims)));
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

const lastTwo = (dims: readonly number[]): number[] => {
  const perm = dims.map((_, i) => i);
  return [...perm.slice(0, -2), perm[perm.length - 1], perm[perm.length - 2]];
};

const swapped = (dims: readonly number[]): number[] => lastTwo(dims).map((axis) => dims[axis]);

/** @throws FeatReconstructError where a weight is no single matrix */
function matrixOf({ dims, data }: NumericTensor, node: NodeView, onLeft: boolean): NumericTensor {
  const short = dims.length === 1 ? (onLeft ? [1, dims[0]] : [dims[0], 1]) : dims.slice(-2);
  if (short.length === 2 && count(short) === data.length) return { dims: short, data };
  throw new FeatReconstructError(
    `Expected a matrix as weight of ${describeNode(node)}, found the shape ${dims.join(' x ')}: that is no linear layer of a classifier.`,
  );
}

function widths(found: number, read: number): FeatReconstructError {
  return new FeatReconstructError(
    `Expected the layers between the features and the logits to fit, found a width of ${found} where ${read} is read: name other tensors.`,
  );
}

/** A convolution over a 1x1 window is a matrix for each position; in groups, one for each group of channels. */
const convolution: AffineOp = {
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
    const data = x(inputs);
    const weight = inputs[1] as NumericTensor;
    const groups = intOf(node, 'group', 1);
    const [outputs, width] = weight.dims;
    const each = outputs / groups;
    if (data.dims[1] !== width * groups) throw widths(data.dims[1], width * groups);
    const positions = sizeOf(data) / data.dims[1];
    const parts = Array.from({ length: groups }, (_, g) => {
      const own = weight.data.subarray(g * each * width, (g + 1) * each * width);
      const reads = Array.from({ length: positions }, (_, p) =>
        Int32Array.from({ length: width }, (_, k) => (g * width + k) * positions + p),
      );
      const byPosition = contracted(data, reads, own, each, [positions, each]);
      return movedBy(byPosition, transpose(numbered([positions, each]), [1, 0]));
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
const einsum: AffineOp = {
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
    if (data.dims.length !== of.length) throw widths(data.dims.length, of.length);
    const size = (letter: string): number =>
      of.includes(letter) ? data.dims[of.indexOf(letter)] : weight.dims[by.indexOf(letter)];
    for (const letter of summed) {
      if (size(letter) !== weight.dims[by.indexOf(letter)]) throw widths(size(letter), weight.dims[by.indexOf(letter)]);
    }
    const w = transpose(
      weight,
      [...made, ...summed].map((letter) => by.indexOf(letter)),
    ).data;
    const order = [...kept, ...summed].map((letter) => of.indexOf(letter));
    const index = Int32Array.from(transpose(numbered(data.dims), order).data);
    const width = count(summed.map(size));
    const groups = Array.from({ length: index.length / width }, (_, g) => index.subarray(g * width, (g + 1) * width));
    const letters = [...kept, ...made];
    const result = contracted(data, groups, w, count(made.map(size)), letters.map(size));
    return movedBy(
      result,
      transpose(
        numbered(result.dims),
        [...out].map((letter) => letters.indexOf(letter)),
      ),
    );
  },
};

/** The letters of an equation of two operands; null where it has an ellipsis, a diagonal, or a letter that both keep. */
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

/** By domain and operator. Adding one is adding a line. */
export const affineOps: Readonly<Record<string, AffineOp>> = {
  ':Identity': same,
  ':Dropout': same,
  ':Cast': cast,
  ':Flatten': flatten,
  ':Reshape': reshape,
  ':Squeeze': squeeze,
  ':Unsqueeze': unsqueeze,
  ':Transpose': transposed,
  ':Slice': slice,
  ':Gather': gather,
  ':Split': split,
  ':Concat': concat,
  ':Add': elementwise,
  ':Sub': elementwise,
  ':Mul': elementwise,
  ':Div': elementwise,
  ':Neg': negated,
  ':Sum': several,
  ':Mean': several,
  ':BatchNormalization': batchNorm,
  ':ReduceMean': reduced,
  ':ReduceSum': reduced,
  ':GlobalAveragePool': reduced,
  ':MatMul': matrixProduct,
  ':Gemm': matrixProduct,
  'com.microsoft:FusedMatMul': matrixProduct,
  'com.microsoft:FusedGemm': matrixProduct,
  ':Conv': convolution,
  'com.microsoft:FusedConv': convolution,
  ':Einsum': einsum,
};

export const opOf = (node: NodeView): AffineOp | undefined =>
  Object.hasOwn(affineOps, `${node.domain}:${node.op}`) ? affineOps[`${node.domain}:${node.op}`] : undefined;
