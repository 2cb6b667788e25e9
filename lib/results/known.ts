import type { ResultRow } from './types.js';

/**
 * Why a row's figures say nothing of what such outputs give away; null where they do. Results of earlier versions do not
 * tell, but for an R² that is not above 0.
 */
export const whyNotKnown = ({ notKnown, observe, r2 }: ResultRow): string | null =>
  notKnown ??
  (observe !== undefined && r2 !== null && r2 <= 0 ? 'the map does no better than the mean of the features' : null);

/** What is not known is left empty, wherever it is read: a figure of chance would be copied as one of the outputs. */
export const onlyKnown = (row: ResultRow): ResultRow =>
  whyNotKnown(row) === null
    ? row
    : {
        ...row,
        ...{ agreed: null, agreement: null, outcomes: null, agreementInterval: null, topkAgreement: {} },
        ...{ agreementInSpan: null, agreementByMargin: [], kappa: null, accuracy: null },
        ...{ mse: null, mseTotal256: null, mseTotal16: null },
        ...{ r2: null, r2RowSpace: null, r2NullSpace: null, r2PerFeature: null },
      };

/** For the rows of a table, what its empty ones mean: a line for each reason. */
export function notKnownNotes(rows: readonly ResultRow[]): string[] {
  const reasons = new Set(rows.flatMap((row) => whyNotKnown(row) ?? []));
  return [...reasons].map((reason) => `not known: ${reason}, which says nothing of what such outputs give away`);
}
