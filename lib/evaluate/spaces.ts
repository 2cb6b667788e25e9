import type { NdArray } from 'ndarray';
import { rowSpace, type Span } from '../fit/index.js';
import { denseData, type LinearMap } from '../tensor/index.js';
import { toFloat64, type Basis, type CentredSpan } from './affine.js';
import { checkWidth } from './checks.js';

/** Up to this relative residual a row counts as within a span: some ten times float32's rounding of logits. */
export const SPAN_TOLERANCE = 1e-5;

/** An orthonormal basis of a head's row space. */
export const headRowSpace = async (head: LinearMap): Promise<Basis> => toBasis(await rowSpace(head));

/** A basis of its columns. @param columns (size, rank), orthonormal */
export function toBasis(columns: NdArray<Float64Array>): Basis {
  const [size, rank] = columns.shape;
  return { data: toFloat64(denseData(columns)), size, rank };
}

/** A span as evaluations read it. @throws FeatReconstructError where it is not one of rows of this width */
export function toCentredSpan(span: Span, width: number): CentredSpan {
  const basis = toBasis(span.basis);
  checkWidth(width, basis.size, 'rows', 'the span');
  return { mean: span.mean, basis };
}

/** Whether every row is in the span, so that there is nothing to compute. */
export const isEverything = ({ basis }: CentredSpan): boolean => basis.rank === basis.size;
