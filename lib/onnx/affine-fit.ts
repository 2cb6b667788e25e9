import { FeatReconstructError, option } from '../base/index.js';
import { moved, reshaped, sizeOf, type Affine } from './affine.js';
import { describeNode, type NodeView } from './graph.js';
import { broadcast } from './shapes.js';
import { countOf, type NumericTensor } from './tensor.js';

/** How tensors are brought to one shape before an operator takes them number by number. */

/** Factor and shift of `scaled` that leave numbers as they are. */
export const one = Float64Array.of(1);
export const zero = Float64Array.of(0);

const nameLogits = `name the logits in front of it with ${option("the option 'logits'", '--logits-tensor')}`;

/** The one of more numbers; the first where they are as many. */
export const wider = (a: Affine, b: Affine): Affine => (sizeOf(b) > sizeOf(a) ? b : a);

/** A tensor in the shape of `like`: reshaped where it has as many numbers, else broadcast. */
export function alike(each: Affine, like: Affine, node: NodeView): Affine {
  if (sizeOf(each) === sizeOf(like)) return reshaped(each, like.dims);
  const index = broadcast(each.dims, like.dims);
  if (!index) throw noFit(node, sizeOf(like), each.dims);
  return moved(each, index, like.dims);
}

/** A constant's number for each number of `like`, broadcast as in NumPy; of a constant of one number, that one. */
export function spread(constant: NumericTensor, like: Affine, node: NodeView): Float64Array {
  if (constant.data.length === 1) return Float64Array.from(constant.data);
  const index = broadcast(constant.dims, like.dims);
  if (!index) throw noFit(node, sizeOf(like), constant.dims);
  return Float64Array.from(index, (i) => constant.data[i]);
}

/** The error of a constant, or a second tensor, that cannot be broadcast to the first. */
function noFit(node: NodeView, size: number, dims: readonly number[]): FeatReconstructError {
  const isRow = dims.filter((dim) => dim !== 1).length <= 1 && countOf(dims) !== size;
  const found = isRow ? `${countOf(dims)}` : `the shape ${dims.join(' x ')}`;
  return new FeatReconstructError(
    `Expected one number or ${size}, one a class, in the constant of ${describeNode(node)}, found ${found}: ${nameLogits}.`,
    { code: 'mismatch' },
  );
}
