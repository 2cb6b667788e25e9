import type { ResultRow } from '../results/index.js';
import { count, interval } from '../words/index.js';

/** The uncertainty of an agreement as a cell: its 95 % interval, or that it is exact. */
export const intervalOf = ({ exact, agreementInterval }: ResultRow): string =>
  exact === 'always' ? 'exact' : exact === 'in-span' ? 'exact in span' : interval(agreementInterval);

/** Notes on the intervals of rows: what "exact" means, and what is counted where an image has several rows. */
export function intervalNotes(rows: readonly ResultRow[]): string[] {
  const kinds = new Set(rows.map(({ exact }) => exact));
  const inSpan = rows.find(({ exact }) => exact === 'in-span');
  const varied = rows.find(
    ({ variations = 1, exact, agreementInterval }) => variations > 1 && !exact && agreementInterval,
  );
  return [
    ...(kinds.has('always')
      ? ['exact: 100 % by theorem, on other images too; nothing is estimated, so there is no interval']
      : []),
    ...(inSpan
      ? [
          `exact in span: 100 % by theorem on images inside the span of the training ${inSpan.from}, as all of these are; others may leave it`,
        ]
      : []),
    ...(varied
      ? [
          `95 % intervals count images: the ${count(varied.variations!)} rows of one image are not independent (Wilson’s interval, with the design effect of these images)`,
        ]
      : []),
  ];
}
