import { FeatReconstructError, option } from '../base/index.js';
import { moved, reshaped, sizeOf, type Affine } from './affine.js';
import { describeNode, type NodeView } from './graph.js';
import { broadcast } from './shapes.js';
import { countOf, type NumericTensor } from './tensor.js';

export const one = Float64Array.of(1);
export const zero = Float64Array.of(0);

const nameLogits = `name the logits in front of it with ${option("the option 'logits'", '--logits-tensor')}`;

export const wider = (a: Affine, b: Affine): Affine => (sizeOf(b) > sizeOf(a) ? b : a);

/** In the shape of another of the same numbers. */
export function alike(each: Affine, like: Affine, node: NodeView): Affine {
  if (sizeOf(each) === sizeOf(like)) return reshaped(each, like.dims);
  const index = broadcast(each.dims, like.dims);
  if (!index) throw noFit(node, sizeOf(like), each.dims);
  return moved(each, index, like.dims);
}

/** A constant at each number of `like`, by ONNX's (NumPy's) rules: aligned at the last dimension. */
export function spread(constant: NumericTensor, like: Affine, node: NodeView): Float64Array {
  if (constant.data.length === 1) return Float64Array.from(constant.data);
  const index = broadcast(constant.dims, like.dims);
  if (!index) throw noFit(node, sizeOf(like), constant.dims);
  return Float64Array.from(index, (i) => constant.data[i]);
}

/** A constant, or a second tensor, that does not stand beside each number of the first. */
function noFit(node: NodeView, size: number, dims: readonly number[]): FeatReconstructError {
  const isRow = dims.filter((dim) => dim !== 1).length <= 1 && countOf(dims) !== size;
  const found = isRow ? `${countOf(dims)}` : `the shape ${dims.join(' x ')}`;
  return new FeatReconstructError(
    `Expected one number or ${size}, one a class, in the constant of ${describeNode(node)}, found ${found}: ${nameLogits}.`,
    { code: 'mismatch' },
  );
}
