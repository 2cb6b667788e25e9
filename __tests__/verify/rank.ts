/** What float32 leaves of a column that others make up, of its norm. */
const rounding = 1e-5;

/**
 * Rank of the centred columns of x (n, d) that leave their most frequent value in more than so many rows: Gram-Schmidt with
 * the longest column first, each step done twice. It shares no code with the library.
 */
export function columnRank(x: ArrayLike<number>, d: number, fewRows: number): number {
  const n = x.length / d;
  const columns: Float64Array[] = [];
  for (let j = 0; j < d; j++) {
    const column = Float64Array.from({ length: n }, (_, i) => x[i * d + j]);
    const times = new Map<number, number>();
    for (const value of column) times.set(value, (times.get(value) ?? 0) + 1);
    if (n - Math.max(...times.values()) <= fewRows) continue;
    const mean = column.reduce((sum, value) => sum + value, 0) / n;
    const centred = column.map((value) => value - mean);
    const size = Math.sqrt(dot(centred, centred));
    columns.push(centred.map((value) => value / size));
  }
  let rank = 0;
  while (columns.length > 0) {
    const sizes = columns.map((column) => dot(column, column));
    const at = sizes.indexOf(Math.max(...sizes));
    if (sizes[at] <= rounding ** 2) break;
    const [pivot] = columns.splice(at, 1);
    const size = Math.sqrt(sizes[at]);
    const unit = pivot.map((value) => value / size);
    for (const column of columns) {
      for (let pass = 0; pass < 2; pass++) {
        const along = dot(column, unit);
        for (let i = 0; i < n; i++) column[i] -= along * unit[i];
      }
    }
    rank++;
  }
  return rank;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
