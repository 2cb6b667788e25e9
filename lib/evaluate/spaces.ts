import { rowSpace, type Span } from '../fit/index.js';
import { denseData, type LinearMap } from '../tensor/index.js';
import { checkWidth, toFloat64, type Basis, type Centred } from './plan.js';

/** Up to this relative residual a row counts as within a span: some ten times float32's rounding of logits. */
export const SPAN_TOLERANCE = 1e-5;

/** An orthonormal basis of what a head sees. */
export async function headRowSpace(head: LinearMap): Promise<Basis> {
  const basis = await rowSpace(head);
  const [size, rank] = basis.shape;
  return { data: toFloat64(denseData(basis)), size, rank };
}

/** @throws FeatReconstructError where the span is not one of rows of this width */
export function toCentred(span: Span, width: number): Centred {
  const [size, rank] = span.basis.shape;
  checkWidth(width, size, 'rows', 'the span');
  return { mean: span.mean, basis: { data: toFloat64(denseData(span.basis)), size, rank } };
}

/** Whether every row of the width is in the span, so that there is nothing to compute. */
export const isEverything = ({ basis }: Centred): boolean => basis.rank === basis.size;
