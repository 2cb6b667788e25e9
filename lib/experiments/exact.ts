import type { MapEvaluation } from '../evaluate/index.js';
import type { Store } from '../extract/index.js';
import type { ResultRow } from '../results/index.js';
import { rowSpaceOf } from './judge.js';
import type { Fit } from './result-row.js';

/** What `exactness` needs of the target's store. */
export interface ExactTarget extends Pick<Store, 'head' | 'features'> {
  provenance: { logits: Store['provenance']['logits']; model: { precision: string } };
}

/**
 * Whether an agreement of 100 % is one by theorem, and no estimate (docs/mathematics.md, "Why 100 %"). A model's own head
 * gives z again
 *
 * - on the map nearest to its pseudo-inverse: W A₀ (z − b) = z − b for every z that it can give, and what the fit adds to
 *   A₀ lies in its null space, whatever alpha is;
 * - on exact least squares, for z in the span of the training rows; that is everywhere where these fill all that the head
 *   (or, read from the features, its layer) can give.
 *
 * It takes logits that are W f + b to float32's rounding, and images that rounding does not turn over: all have to agree.
 * A ridge penalty, SGD, hidden outputs and other models' features have no such theorem, whatever share agrees.
 * @returns `always`: on any image; `in-span`: on these images, all of which lie in the span; else undefined
 */
export async function exactness(
  fit: Fit,
  from: ResultRow['from'],
  evaluation: MapEvaluation,
  { target, sameModel }: { target: ExactTarget; sameModel: boolean },
): Promise<ResultRow['exact']> {
  const { agreement, span, n, violations } = evaluation;
  if (!sameModel || fit.observe !== undefined || fit.sgd !== null || !isFine(target)) return undefined;
  if (agreement.agreed < n || violations.length > 0) return undefined;
  if (fit.prior === 'head') return 'always';
  if (fit.alpha !== 0 || !fit.span || span?.n !== n) return undefined;
  const most = from === 'features' ? target.features.cols : (await rowSpaceOf(target.head)).shape[1];
  return fit.span.rank >= most ? 'always' : 'in-span';
}

/** Whether the logits are W f + b as float32 has it: stored in half precision they are off by a thousandth. */
const isFine = ({ provenance }: ExactTarget): boolean =>
  provenance.logits !== 'stored' || ['float32', 'float64'].includes(provenance.model.precision);
