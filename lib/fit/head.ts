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

/** W's smaller Gram, factorised: WᵀW where there are at least as many classes as features, else WWᵀ. */
async function smallerGram(w: Matrix): Promise<{ tall: boolean; gram: Factorisation }> {
  const tall = w.rows >= w.cols;
  return { tall, gram: await factorise(await multiply(w, w, tall ? 'tn' : 'nt'), cut ** 2) };
}

/**
 * How many dimensions of the features a head sees, and how evenly.
 * @returns rank of W, and its largest over its smallest kept singular value
 */
export async function headCondition(head: LinearMap): Promise<{ rank: number; condition: number }> {
  const { rank, condition } = (await smallerGram(denseWeight(head))).gram;
  return { rank, condition: Math.sqrt(condition) };
}

/**
 * An orthonormal basis of the row space of a head's W (c, d): the part of a feature that the head sees.
 * @returns (d, r), float64, r the rank of W
 */
export async function rowSpace(head: LinearMap): Promise<NdArray<Float64Array>> {
  const w = denseWeight(head);
  const { tall, gram } = await smallerGram(w);
  let rows: Matrix;
  if (tall) rows = gram.basis ?? identity(w.cols);
  else rows = await orthonormaliseRows(gram.basis ? await multiply(gram.basis, w) : w);
  return toNdArray(transpose(rows).data, [w.cols, rows.rows]);
}

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
