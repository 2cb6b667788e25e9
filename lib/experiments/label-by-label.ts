import { chanceMatches, cohenKappa, type TaskOptions } from '../base/index.js';
import {
  matchNames,
  pairRows,
  scoresTogether,
  type LoggedLabels,
  type NotedRows,
  type Pairing,
} from '../logs/index.js';
import { memoryRows } from '../tensor/index.js';
import type { RowByRow } from '../words/index.js';
import { isSameNumber } from './same-number.js';

/** The labels of two logs, answer by answer; null with what there is of ids where rows could not be paired. */
export async function compareLabels(
  logs: readonly [LoggedLabels, LoggedLabels],
  options: TaskOptions = {},
): Promise<{ rowByRow: RowByRow; found: null } | { rowByRow: null; found: NonNullable<Pairing['found']> }> {
  const all = logs.map(({ labels, tied }) => [...new Set([...labels, ...[...(tied?.values() ?? [])].flat()])]);
  // Names of classes as they can be compared.
  const { keys } = matchNames(all[0], all[1]);
  const known = new Set(keys[1]);
  if (!keys[0].some((key) => known.has(key))) {
    return { rowByRow: null, found: { kind: 'other-labels', examples: [all[0].slice(0, 3), all[1].slice(0, 3)] } };
  }
  const codes = new Map([...new Set(keys.flat())].map((key, k) => [key, k]));
  const own = all.map((labels, i) => new Map(labels.map((label, k) => [label, codes.get(keys[i][k])!])));
  const coded = logs.map(({ labels }, i) => Float64Array.from(labels, (label) => own[i].get(label)!));
  /** The codes of the labels of a row: several where it does not show which of them is the best. */
  const tops = (i: number, row: number): number[] =>
    logs[i].tied?.get(row)?.map((label) => own[i].get(label)!) ?? [coded[i][row]];
  const scores = scoresTogether(logs[0].scores, logs[1].scores);
  const isSameScore = (row: number, other: number): boolean => {
    const [one, two] = [scores!.of[0][row], scores!.of[1][other]];
    return Number.isNaN(one) || Number.isNaN(two) || isSameNumber(one, two, scores!.coarse);
  };
  const [a, b] = logs.map(({ path, ids }, i): NotedRows => ({
    ...{ rows: memoryRows(coded[i], coded[i].length, 1), path, tensor: null, name: path, notes: [], columns: null },
    ...{ ids, close: async () => undefined },
  }));
  const { paired, found } = await pairRows(a, b, options);
  if (!paired) return { rowByRow: null, found };
  const { pairs, ...ids } = paired;
  const rows = pairs[0].length;
  const [ours, theirs] = [new Float64Array(codes.size), new Float64Array(codes.size)];
  let [sameTop, matches] = [0, 0];
  for (let k = 0; k < rows; k++) {
    const [x, y] = [coded[0][pairs[0][k]], coded[1][pairs[1][k]]];
    ours[x]++;
    theirs[y]++;
    if (x === y) matches++;
    const theirTops = tops(1, pairs[1][k]);
    if (tops(0, pairs[0][k]).some((top) => theirTops.includes(top))) sameTop++;
  }
  const numbers = scores && pairs[0].reduce((same, row, k) => same + Number(isSameScore(row, pairs[1][k])), 0);
  const columns = logs.flatMap((log) => [log.scores?.column ?? [], log.unclear ?? []].flat());
  const { expected, likelihood } = chanceMatches(matches, ours, theirs);
  const rowByRow: RowByRow = {
    ...{ ...ids, rows, sameTop, byChance: { sameTop: expected, likelihood } },
    ...{ kappa: cohenKappa(sameTop, ours, theirs), sameNumbers: numbers, labels: true },
    ...(numbers === null && columns.length > 0 ? { uncompared: [...new Set(columns)] } : {}),
  };
  return { rowByRow, found: null };
}
