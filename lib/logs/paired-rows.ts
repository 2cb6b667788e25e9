import type { TaskOptions } from '../base/index.js';
import type { IdsFound } from '../words/index.js';
import type { NotedRows } from './opened-rows.js';
import type { RowIds } from './row-ids.js';

type Id = string | number;

/** Rows of two logs that have one id. */
export interface PairedRows {
  column: string;
  /** What the second file calls it. Absent where that is the same. */
  otherColumn?: string;
  /** Positions in the first and in the second, pair by pair. */
  pairs: [Int32Array, Int32Array];
  /** Ids that name rows of different outputs in the first or in the second, and were left out. Absent where there are none. */
  repeated?: [number, number];
}

/** The rows that two logs have in common, or what there is of columns that could tell. */
export type Pairing = { paired: PairedRows; found: null } | { paired: null; found: IdsFound };

/** Two columns of ids, with the ids that are in both. */
interface Candidate {
  columns: [string, string];
  places: [Map<Id, number[]>, Map<Id, number[]>];
  shared: Id[];
  sameName: boolean;
}

/**
 * Pairs the rows of two logs by the ids of a column that both have; of several columns by the one with the most ids in both. A row
 * whose id is there again with the same outputs counts once. Ids of rows with different outputs pair nothing: rows are never paired by
 * their places.
 */
export async function pairRows(a: NotedRows, b: NotedRows, { signal }: TaskOptions = {}): Promise<Pairing> {
  const columns = ([a, b] as const).map(({ ids, rows }) => (ids ?? []).filter(({ of }) => of.length === rows.rows));
  const candidates = columns[0].flatMap((one) => columns[1].flatMap((other) => candidateOf(one, other) ?? []));
  const named = columns.map((each) => each.map(({ column }) => column)) as [string[], string[]];
  if (candidates.length === 0) return { paired: null, found: { kind: 'no-ids', columns: named } };
  candidates.sort((x, y) => single(y) - single(x) || Number(y.sameName) - Number(x.sameName));
  const best = candidates[0];
  const [column, otherColumn] = best.columns;
  if (best.shared.length === 0)
    return { paired: null, found: { kind: 'none-in-both', columns: [column, otherColumn] } };
  const pairs: [number[], number[]] = [[], []];
  const repeated: [number, number] = [0, 0];
  for (const id of best.shared) {
    signal?.throwIfAborted();
    const rows = [best.places[0].get(id)!, best.places[1].get(id)!] as const;
    const differ = [await areOthers(a, rows[0]), await areOthers(b, rows[1])];
    if (differ[0]) repeated[0]++;
    if (differ[1]) repeated[1]++;
    if (differ[0] || differ[1]) continue;
    pairs[0].push(rows[0][0]);
    pairs[1].push(rows[1][0]);
  }
  if (pairs[0].length === 0) {
    return { paired: null, found: { kind: 'all-repeated', columns: [column, otherColumn], repeated } };
  }
  return {
    paired: {
      column,
      ...(column === otherColumn ? {} : { otherColumn }),
      pairs: [Int32Array.from(pairs[0]), Int32Array.from(pairs[1])],
      ...(repeated[0] + repeated[1] > 0 ? { repeated } : {}),
    },
    found: null,
  };
}

/** Ids that name one row in each. */
const single = ({ places: [ours, theirs], shared }: Candidate): number =>
  shared.filter((id) => ours.get(id)!.length === 1 && theirs.get(id)!.length === 1).length;

/** `request.id` and `request_id` are one name. */
const nameKey = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

/** Columns of one name, or of ids that are texts and in both: numbers are in both by chance. */
function candidateOf(one: RowIds, other: RowIds): Candidate | null {
  const places: Candidate['places'] = [placesOf(one), placesOf(other)];
  const shared = [...places[0].keys()].filter((id) => places[1].has(id));
  const sameName = nameKey(one.column) === nameKey(other.column);
  if (!sameName && (shared.length === 0 || shared.some((id) => typeof id === 'number' || /^\d+$/.test(id))))
    return null;
  return { columns: [one.column, other.column], places, shared, sameName };
}

function placesOf({ of }: RowIds): Map<Id, number[]> {
  const places = new Map<Id, number[]>();
  of.forEach((id, i) => {
    if (id === null) return;
    const known = places.get(id);
    if (known) known.push(i);
    else places.set(id, [i]);
  });
  return places;
}

/** Whether rows differ in their outputs. */
async function areOthers({ rows }: NotedRows, positions: readonly number[]): Promise<boolean> {
  if (positions.length === 1) return false;
  const first = await rows.read(positions[0], positions[0] + 1);
  for (const at of positions.slice(1)) {
    const row = await rows.read(at, at + 1);
    if (row.some((value, j) => value !== first[j])) return true;
  }
  return false;
}
