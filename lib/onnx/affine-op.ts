import { moved, type Affine } from './affine.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import type { NumericTensor } from './tensor.js';

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

export const intOf = (node: NodeView, name: string, otherwise: number): number =>
  node.attributes.get(name)?.int ?? otherwise;

/** All but the first input are constants. */
export const onlyFirst = (node: NodeView, computed: readonly number[]): string | undefined =>
  computed.some((i) => i !== 0) ? `${describeNode(node)} with a computed second input` : undefined;

export const x = (inputs: readonly (Operand | null)[]): Affine => inputs[0] as Affine;

export const movedBy = (of: Affine, { dims, data }: NumericTensor): Affine => moved(of, Int32Array.from(data), dims);
