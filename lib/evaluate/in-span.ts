import type { Span } from '../fit/index.js';
import { toRowSource, type RowsLike } from '../tensor/index.js';
import { checkNotEmpty } from './checks.js';
import { isEverything, SPAN_TOLERANCE, toCentredSpan } from './spaces.js';
import { walk, type EvaluateOptions } from './walk.js';

/** How far rows are from a span. */
export interface SpanMembership {
  /** By row: ‖(x − mean) − B Bᵀ(x − mean)‖ / ‖x − mean‖; 0 at the mean itself. */
  residual: Float64Array;
  /** Share of the rows whose residual is at most the tolerance. */
  share: number;
}

/**
 * Which rows lie in the affine space that the training rows fill: only there the data determine a fit's answer.
 * @param X rows (n, p)
 * @param span of rows of width p (`trainingSpan`)
 * @param options `tolerance`: largest relative residual within the span, default 1e-5 (float32's rounding of logits is
 *   some 1e-7 of their size)
 * @throws FeatReconstructError where the width does not match, or a row (which is named) is not finite
 */
export async function inSpan(
  X: RowsLike,
  span: Span,
  { tolerance = SPAN_TOLERANCE, ...options }: EvaluateOptions & { tolerance?: number | undefined } = {},
): Promise<SpanMembership> {
  const x = toRowSource(X, 'X');
  checkNotEmpty(x, 'X');
  const centred = toCentredSpan(span, x.cols);
  const residual = new Float64Array(x.rows);
  const plan = isEverything(centred) ? {} : { span: centred };
  await walk(plan, { x: { source: x, name: 'X' } }, options, (block) => {
    if (block.residual) residual.set(block.residual, block.start);
  });
  return { residual, share: residual.filter((value) => value <= tolerance).length / x.rows };
}
