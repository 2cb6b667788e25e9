import type { TaskOptions } from '../base/index.js';
import { sameHead, type SameHead } from '../leaks/index.js';
import { mixedOf, type MatchedBy, type NotedRows } from '../logs/index.js';

/**
 * Whether one head made two files of outputs whose columns are matched. Of columns in the wrong order no two sets of one head have
 * one span: that they have proves the order, too. So two spans are two heads only where it is known which column is which.
 */
export async function sameHeadOfFiles(
  [a, b]: readonly [NotedRows, NotedRows],
  by: MatchedBy,
  options: TaskOptions = {},
): Promise<SameHead> {
  const found = await sameHead(a.rows, b.rows, { ...options, leaveOut: mixedOf([a, b]) });
  if (by.kind === 'names') return found;
  if (by.kind === 'order') return { ...found, byOrder: [...by.unnamed] };
  if (found.same === true) return { ...found, byOrder: by.kind === 'sorted' ? [by.set === 0 ? 1 : 0] : [] };
  return {
    ...{ same: null, angle: null, ranks: found.ranks },
    reason:
      by.kind === 'sorted'
        ? { kind: 'sorted-names', set: by.set }
        : { kind: 'other-names', unmatched: [[...by.unmatched[0]], [...by.unmatched[1]]] },
  };
}
