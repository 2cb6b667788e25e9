import type { NotedRows } from './opened-rows.js';

/** Rows of two logs that have one id. */
export interface PairedRows {
  column: string;
  /** Positions in the first and in the second, pair by pair. */
  pairs: [Int32Array, Int32Array];
}

const isUnique = (of: readonly (string | number | null)[]): boolean =>
  !of.includes(null) && new Set(of).size === of.length;

/**
 * Pairs the rows of two logs by the ids of a column that both have, in which no id is there twice. Null where there is none:
 * rows are never paired by their places.
 */
export function pairedRows(a: NotedRows, b: NotedRows): PairedRows | null {
  for (const { column, of } of a.ids ?? []) {
    const other = b.ids?.find((ids) => ids.column === column)?.of;
    if (!other || of.length !== a.rows.rows || other.length !== b.rows.rows || !isUnique(of) || !isUnique(other))
      continue;
    const places = new Map(other.map((id, i) => [id, i]));
    const shared = of.flatMap((id, i) => (places.has(id) ? [[i, places.get(id)!]] : []));
    if (shared.length === 0) continue;
    const pairs = [0, 1].map((side) => Int32Array.from(shared, (each) => each[side])) as [Int32Array, Int32Array];
    return { column, pairs };
  }
  return null;
}
