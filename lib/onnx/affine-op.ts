import { moved, type Affine } from './affine.js';
import { describeNode, type GraphView, type NodeView } from './graph.js';
import type { NumericTensor } from './tensor.js';

/** What a node reads: a tensor that depends on the features, or a constant. */
export type Operand = Affine | NumericTensor;

export const isAffine = (operand: Operand | null): operand is Affine => operand !== null && 'rows' in operand;

/** What one kind of node does to numbers that are affine in the features. */
export interface AffineOp {
  /**
   * `linear`: a layer with weights, whose input may be the features. `scale`: each number with a constant of its own. `mean`:
   * means and sums along axes. `move`: numbers change their places. `mix`: several tensors are added, averaged or joined.
   */
  kind: 'linear' | 'scale' | 'mean' | 'move' | 'mix';
  /** Why a node of this kind is not affine, in words; undefined where it is. `computed`: inputs that are no constants. */
  refuses?(node: NodeView, computed: readonly number[], graph: GraphView): string | undefined;
  /** The node's output. @param inputs null for one that is left out @param output which of the node's outputs is wanted */
  apply(node: NodeView, inputs: readonly (Operand | null)[], graph: GraphView, output: number): Affine;
}

/** A node's attribute, or what it is when it is left out. */
export const intOf = (node: NodeView, name: string, otherwise: number): number =>
  node.attributes.get(name)?.int ?? otherwise;

/** Refuses a node unless all but its first input are constants. */
export const onlyFirst = (node: NodeView, computed: readonly number[]): string | undefined =>
  computed.some((i) => i !== 0) ? `${describeNode(node)} with a computed second input` : undefined;

/** The first input, of a node whose first input is the computed one. */
export const dataOf = (inputs: readonly (Operand | null)[]): Affine => inputs[0] as Affine;

/** The numbers of `of` in the order and the shape of `numbered(of.dims)` after a move. */
export const movedBy = (of: Affine, { dims, data }: NumericTensor): Affine => moved(of, Int32Array.from(data), dims);
