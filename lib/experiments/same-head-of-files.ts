import type { TaskOptions } from '../base/index.js';
import { sameHead, type SameHead, type SeveralModels } from '../leaks/index.js';
import { mixedOf, type MatchedBy, type NotedRows } from '../logs/index.js';
import { chooseRows } from '../tensor/index.js';
import type { WhichSet } from '../words/index.js';

type Pair<T> = readonly [T, T];

/**
 * Whether one head made two files of outputs whose columns are matched. Of columns in the wrong order no two sets of one head have
 * one span: that they have proves the order, too. So two spans are two heads only where it is known which column is which. Of a file
 * of several models the rows of each are compared.
 * @param several what `fingerprint` found of each file; null where it looks like one model
 */
export async function sameHeadOfFiles(
  files: Pair<NotedRows>,
  by: MatchedBy,
  several: Pair<SeveralModels | null> = [null, null],
  options: TaskOptions = {},
): Promise<SameHead> {
  const sets = several.flatMap((found, i) =>
    found ? [{ set: i as WhichSet, column: found.column, models: found.models }] : [],
  );
  if (sets.length === 0) return ofTwo(files, by, options);
  const parts: { set: WhichSet; value: string; same: boolean | null }[] = [];
  if (sets.length === 1) {
    const [{ set }] = sets;
    for (const { value } of firstOfEach(several[set]!)) {
      const pair: [NotedRows, NotedRows] = [...files];
      pair[set] = partOf(files[set], several[set]!.column, value);
      parts.push({ set, value, same: (await ofTwo(pair, by, options)).same });
    }
  }
  return { same: null, angle: null, ranks: [null, null], reason: { kind: 'several-models', sets, parts } };
}

/** The largest part of each model. */
const firstOfEach = ({ parts }: SeveralModels): SeveralModels['parts'] =>
  parts.filter(({ model }, i) => model !== null && parts.findIndex((part) => part.model === model) === i);

function partOf(file: NotedRows, column: string | null, value: string): NotedRows {
  const { values, of } = file.groups!.find((each) => each.column === column)!;
  const code = values.indexOf(value);
  return { ...file, rows: chooseRows(file.rows, Int32Array.from(of.flatMap((own, i) => (own === code ? [i] : [])))) };
}

async function ofTwo([a, b]: Pair<NotedRows>, by: MatchedBy, options: TaskOptions): Promise<SameHead> {
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
