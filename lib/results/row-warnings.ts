import { count, share, visible } from '../base/index.js';
import type { ResultRow } from './types.js';

/** Above this share of one class, agreement says little. */
const collapse = 0.5;

/** What a reader must know before trusting a row's figures, in sentences, as the row alone tells it. */
export function rowWarnings(row: ResultRow): string[] {
  const warnings: string[] = [];
  const images = (row.variations ?? 1) > 1 ? 'images and variations' : 'images';
  if (row.majorityShare !== null && row.majorityShare > collapse) {
    warnings.push(
      `${row.target} gives ${share(row.majorityShare, 1)} of the ${images} of ${shortSpec(row.test)} one class: agreement is then easy. Kappa counts that out.`,
    );
  }
  if (row.prior === null && row.inSpanShare !== null && row.inSpanShare < 1) {
    const outside = Math.round((1 - row.inSpanShare) * row.nTest);
    warnings.push(
      `${count(outside)} of the ${count(row.nTest)} ${images} of ${shortSpec(row.test)} ${outside === 1 ? 'leaves' : 'leave'} the span of the training ${row.from} of ${row.source}: there the data say nothing, and the smallest map is taken.`,
    );
  }
  if (row.overlap > 0) {
    warnings.push(
      `${count(row.overlap)} of the ${count(row.nTest)} images of ${shortSpec(row.test)} are in ${shortSpec(row.train)} too: they were not held out.`,
    );
  }
  return warnings;
}

/** Whoever reads the demo's fifth experiment must know it, wherever it is read. */
export const towerNote =
  'The tower stands in for CLIP: it was trained to match class embeddings that were drawn by seed; no text was read.';

/** A data set as people call it, as a name that only shows: `folder:/a/b/scenes` → `folder:scenes`. */
export const shortSpec = (spec: string): string =>
  visible(spec.replace(/^(folder|imagefolder|list|tensors):.*[\\/](?=[^\\/])/s, '$1:'));
