import type { NodeView } from './graph.js';
import { convolution, einsum, matrixProduct } from './affine-linear.js';
import {
  cast,
  concat,
  flatten,
  gather,
  reshape,
  same,
  slice,
  split,
  squeeze,
  transposed,
  unsqueeze,
} from './affine-move.js';
import type { AffineOp, Operand } from './affine-op.js';
import { batchNorm, elementwise, negated, reduced, several } from './affine-scale.js';

export { lettersOf } from './affine-linear.js';
export type { Operand };

/** What nodes do to numbers that are affine in the features, by domain and operator. A new operator is a new line. */
const affineOps: Readonly<Record<string, AffineOp>> = {
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

/** What a node does; undefined where it is not affine. */
export const opOf = (node: NodeView): AffineOp | undefined =>
  Object.hasOwn(affineOps, `${node.domain}:${node.op}`) ? affineOps[`${node.domain}:${node.op}`] : undefined;
