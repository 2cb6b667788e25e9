import type { RowWarning } from '../words/index.js';
import type { ResultRow } from './types.js';

/** Above this share of one class, agreement says little. */
export const collapse = 0.5;

/** What a reader must know before trusting a row's figures, as the row alone tells it. */
export function rowWarnings(row: ResultRow): RowWarning[] {
  const { source, target, from, train, test, nTest, majorityShare, inSpanShare, overlap } = row;
  const warnings: RowWarning[] = [];
  const variations = (row.variations ?? 1) > 1;
  if (majorityShare !== null && majorityShare > collapse) {
    warnings.push({ kind: 'collapse', target, test, share: majorityShare, variations });
  }
  if (row.prior === null && inSpanShare !== null && inSpanShare < 1) {
    const outside = Math.round((1 - inSpanShare) * nTest);
    warnings.push({ kind: 'outside-span', source, from, test, outside, of: nTest, variations });
  }
  if (overlap > 0) warnings.push({ kind: 'not-held-out', train, test, overlap, of: nTest });
  return warnings;
}

/** Kinds of warnings that the row's own figures tell as well, so that a report may say them of several rows at once. */
export const toldByRow: ReadonlySet<string> = new Set<RowWarning['kind']>(['collapse', 'outside-span', 'not-held-out']);
