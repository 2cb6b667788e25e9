import type { NdArray } from 'ndarray';
import { toNdArray, type LinearMap } from '../tensor/index.js';
import {
  factorise,
  orthonormaliseRows,
  type Factorisation,
  denseBias,
  denseWeight,
  identity,
  subtract,
  timesVector,
  transpose,
  type Matrix,
  multiply,
} from '../linalg/index.js';

/**
 * Singular values of a head below this share of the largest are rounding: float32 weights are known to 6e-8 each, which
 * adds up to less than that share, and the Gram that is cut (at its square) is exact to 1e-15.
 */
const cut = 1e-6;

/** W's smaller Gram: WᵀW where there are at least as many classes as features, else WWᵀ. */
async function smallerGram(w: Matrix): Promise<{ tall: boolean; product: Matrix; gram: Factorisation }> {
  const tall = w.rows >= w.cols;
  const product = await multiply(w, w, tall ? 'tn' : 'nt');
  return { tall, product, gram: await factorise(product, cut ** 2) };
}

/** What a head's Gram tells of it, so that several who ask pay for one: with very many classes it takes a second. */
export interface HeadSpace {
  rank: number;
  condition: number;
  /** WᵀW (d, d); null where there are fewer classes than features. */
  gram: Matrix | null;
  /** As `rowSpace` gives it. */
  rowSpace(): Promise<NdArray<Float64Array>>;
}

export async function headSpace(head: LinearMap): Promise<HeadSpace> {
  const w = denseWeight(head);
  const { tall, product, gram } = await smallerGram(w);
  const { rank, condition, basis } = gram;
  const d = w.cols;
  const found = { rank, condition: Math.sqrt(condition) };
  // W itself is not kept: of very many classes it takes a hundred megabytes in float64.
  if (tall) return { ...found, gram: product, rowSpace: async () => columnsOf(basis ?? identity(d)) };
  return {
    ...found,
    gram: null,
    rowSpace: async () => columnsOf(await orthonormaliseRows(basis ? await multiply(basis, w) : w)),
  };
}

const columnsOf = (rows: Matrix): NdArray<Float64Array> => toNdArray(transpose(rows).data, [rows.cols, rows.rows]);

/**
 * How many dimensions of the features a head sees, and how evenly.
 * @returns rank of W, and its largest over its smallest kept singular value
 */
export async function headCondition(head: LinearMap): Promise<{ rank: number; condition: number }> {
  const { rank, condition } = await headSpace(head);
  return { rank, condition };
}

/**
 * An orthonormal basis of the row space of a head's W (c, d): the part of a feature that the head sees.
 * @returns (d, r), float64, r the rank of W
 */
export const rowSpace = async (head: LinearMap): Promise<NdArray<Float64Array>> => (await headSpace(head)).rowSpace();

/**
 * The map that undoes a head (c, d) as far as it can be undone: x = W⁺(z − b), features of least norm with logits z.
 * With d <= c and W of full column rank these are the features themselves.
 * @returns weight (d, c) and bias (d) in float64
 */
export async function pseudoInverse(head: LinearMap): Promise<LinearMap> {
  const w = denseWeight(head);
  const { tall, gram } = await smallerGram(w);
  const inverse = tall ? await gram.solve(transpose(w)) : transpose(await gram.solve(w));
  // The Gram has the square of W's condition. A step of Newton and Schulz, P ← 2P − PWP, squares the error that is
  // left by that (Ben-Israel and Cohen 1966); the smaller of PW and WP is formed.
  const product = tall
    ? await multiply(await multiply(inverse, w), inverse)
    : await multiply(inverse, await multiply(w, inverse));
  for (let i = 0; i < inverse.data.length; i++) inverse.data[i] *= 2;
  subtract(inverse, product);
  const bias = timesVector(inverse, denseBias(head)).map((value) => -value);
  return { weight: toNdArray(inverse.data, [w.cols, w.rows]), bias: toNdArray(bias, [w.cols]) };
}
