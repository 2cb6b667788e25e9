import { notKnownInWords } from '../words/index.js';
import type { ResultRow } from './types.js';

/**
 * Why a row's figures say nothing of what such outputs give away, in words; null where they do. In results of earlier
 * versions only an R² of 0 or below tells.
 */
export function whyNotKnown({ notKnown, observe, r2 }: ResultRow): string | null {
  if (notKnown) return notKnownInWords(notKnown);
  return observe !== undefined && r2 !== null && r2 <= 0 ? notKnownInWords({ kind: 'no-better-than-mean' }) : null;
}

/** A row without the figures that say nothing of the outputs: somebody would copy them as if they did. */
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

/** Most empty rows that a table has room for. */
const most = 2;

/** The rows that a terminal shows, without those that say nothing if they are many; `notKnownNotes` names them. */
export function rowsShown(rows: readonly ResultRow[]): ResultRow[] {
  const known = rows.filter((row) => whyNotKnown(row) === null);
  return known.length > 0 && rows.length - known.length > most ? known : [...rows];
}

/** What the empty rows of a table mean: a line for each reason, which names the rows that are not among `shown`. */
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
