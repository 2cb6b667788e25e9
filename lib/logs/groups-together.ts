import type { NotedRows } from './opened-rows.js';
import { groupsBy, type RowGroups } from './row-groups.js';

/** Groups of the rows of several files, one file after the other: of the columns that any has, and of the files themselves. */
export function groupsTogether(files: readonly NotedRows[], names: readonly string[]): RowGroups[] {
  const columns = [...new Set(files.flatMap(({ groups }) => (groups ?? []).map(({ column }) => column)))];
  const found = columns.flatMap((column) => {
    const values = files.flatMap(({ rows, groups }) => {
      const own = groups?.find((each) => each.column === column);
      return Array.from({ length: rows.rows }, (_, i) => own?.values[own.of[i]] ?? null);
    });
    return groupsBy(column, values) ?? [];
  });
  const of = files.flatMap(({ rows }, k) => Array.from({ length: rows.rows }, () => k));
  return [...found, ...(files.length > 1 ? [{ column: null, values: names, of }] : [])];
}
