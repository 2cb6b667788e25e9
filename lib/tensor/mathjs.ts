import type { Matrix } from 'mathjs';
import { FeatReconstructError } from '../base/index.js';
import { denseData } from './dense.js';
import type { AnyNdArray } from './dense.js';

/** As much of mathjs' Matrix as is read here; dense and sparse ones have it. */
export interface MathjsMatrix {
  /** 'dense' or 'sparse'. */
  storage(): string;
  size(): number[];
  valueOf(): unknown;
}

/** Whether x is a matrix of mathjs. By its properties, since it may come from any copy and configuration of mathjs. */
export function isMathjsMatrix(x: unknown): x is MathjsMatrix {
  const matrix = x as (MathjsMatrix & { isMatrix?: boolean }) | null;
  return typeof matrix === 'object' && matrix !== null && matrix.isMatrix === true && typeof matrix.size === 'function';
}

/** The numbers of a mathjs matrix, row-major. @throws FeatReconstructError where an element is no plain number */
export function mathjsNumbers(x: MathjsMatrix, name: string): { data: Float64Array; shape: number[] } {
  const shape = x.size();
  const data = new Float64Array(shape.reduce((product, dim) => product * dim, 1));
  let at = 0;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'number') data[at++] = value;
    else {
      throw new FeatReconstructError(
        `Expected the elements of ${name} to be plain numbers, found '${String(value)}' (${typeof value === 'object' ? value?.constructor.name : typeof value}): convert the matrix with math.number() first.`,
      );
    }
  };
  walk(x.valueOf());
  return { data, shape };
}

/** An ndarray as a mathjs DenseMatrix (mathjs is loaded when first asked for). */
export async function toMathjs(x: AnyNdArray): Promise<Matrix> {
  const { matrix } = await import('mathjs');
  const data = denseData(x);
  const nest = (axis: number, start: number, size: number): unknown => {
    if (axis === x.shape.length) return data[start];
    const step = size / x.shape[axis];
    return Array.from({ length: x.shape[axis] }, (_, i) => nest(axis + 1, start + i * step, step));
  };
  return matrix(nest(0, 0, data.length) as number[][], 'dense');
}
