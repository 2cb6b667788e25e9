import { FeatReconstructError } from '../base/index.js';
import type { AnyNdArray } from './dense.js';
import { denseData, isNdArray } from './dense.js';
import type { TypedArray } from './elements.js';
import { isMathjsMatrix, mathjsNumbers } from './mathjs.js';
import type { MathjsMatrix } from './mathjs.js';

/** One-dimensional numbers: class indices, labels, a bias. */
export type VectorLike = readonly number[] | TypedArray | AnyNdArray | MathjsMatrix;

/** Whether x is one-dimensional: how class indices are told from logits. */
export function isVectorLike(x: unknown): x is VectorLike {
  if (Array.isArray(x)) return x.length === 0 || typeof x[0] === 'number';
  if (ArrayBuffer.isView(x)) return !(x instanceof DataView);
  if (isNdArray(x)) return x.shape.length === 1;
  return isMathjsMatrix(x) && x.size().length === 1;
}

/**
 * The numbers of a vector, of any kind, as float64; a copy.
 * @param name what errors call the argument
 * @throws FeatReconstructError when it is not one-dimensional, or an element of a mathjs matrix is no plain number
 */
export function toVector(x: VectorLike, name = 'the vector'): Float64Array {
  if (!isVectorLike(x)) {
    throw new FeatReconstructError(
      `Expected ${name} to be one-dimensional (a typed array, number[], 1-d ndarray or mathjs matrix), found ${describe(x)}.`,
    );
  }
  if (isNdArray(x)) return Float64Array.from(denseData(x));
  if (isMathjsMatrix(x)) return mathjsNumbers(x, name).data;
  return Float64Array.from(x as Iterable<number | bigint>, Number);
}

/** What an argument is, for errors. */
export function describe(x: unknown): string {
  if (isNdArray(x)) return `an ndarray of shape (${x.shape.join(', ')})`;
  if (isMathjsMatrix(x)) return `a mathjs matrix of size (${x.size().join(', ')})`;
  if (Array.isArray(x)) return `an array of ${x.length}`;
  if (x === null || typeof x !== 'object') return String(x);
  const name = x.constructor?.name ?? 'object';
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}
