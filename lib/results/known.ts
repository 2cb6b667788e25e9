import { notKnownInWords } from '../words/index.js';
import type { ResultRow } from './types.js';

/**
 * Why a row's figures say nothing of what such outputs give away, in words; null where they do. Results of earlier versions do not
 * tell, but for an R² that is not above 0.
 */
export function whyNotKnown({ notKnown, observe, r2 }: ResultRow): string | null {
  if (notKnown) return notKnownInWords(notKnown);
  return observe !== undefined && r2 !== null && r2 <= 0 ? notKnownInWords({ kind: 'no-better-than-mean' }) : null;
}

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

/** Empty rows that a table has room for. */
const most = 2;

/** The rows that a terminal shows: many that say nothing would hide those that do; `notKnownNotes` names them. */
export function rowsShown(rows: readonly ResultRow[]): ResultRow[] {
  const known = rows.filter((row) => whyNotKnown(row) === null);
  return known.length > 0 && rows.length - known.length > most ? known : [...rows];
}

/** For the rows of a table, what its empty ones mean: a line for each reason, which names those that `shown` has not. */
export function notKnownNotes(rows: readonly ResultRow[], shown: readonly ResultRow[] = rows): string[] {
  const reasons = new Map<string, string[]>();
  for (const row of rows) {
    const reason = whyNotKnown(row);
    if (reason === null) continue;
    const names = reasons.get(reason) ?? [];
    reasons.set(reason, names);
    if (!shown.includes(row) && row.observe) names.push(row.observe);
  }
  return [...reasons].map(([reason, names]) => {
    const of = names.length > 0 ? ` of ${[...new Set(names)].join(', ')} (not in the table)` : '';
    return `not known${of}: ${reason}, which says nothing of what such outputs give away`;
  });
}
