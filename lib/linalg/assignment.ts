/**
 * The assignment problem: a column for each of n rows, no two the same, such that the sum of their costs is least. By
 * shortest augmenting paths (Jonker and Volgenant 1987).
 * @param costs (n, m), row-major, m >= n
 * @returns the column of each row
 */
export function assign(costs: Float64Array, n: number, m: number): number[] {
  // Rows and columns count from 1; column 0 holds the row that is being placed. u and v are the dual prices.
  const u = new Float64Array(n + 1);
  const v = new Float64Array(m + 1);
  const rowOf = new Int32Array(m + 1);
  const before = new Int32Array(m + 1);
  for (let row = 1; row <= n; row++) {
    rowOf[0] = row;
    let column = 0;
    const least = new Float64Array(m + 1).fill(Infinity);
    const done = new Uint8Array(m + 1);
    do {
      done[column] = 1;
      const i = rowOf[column];
      let step = Infinity;
      let next = 0;
      for (let j = 1; j <= m; j++) {
        if (done[j]) continue;
        const reduced = costs[(i - 1) * m + j - 1] - u[i] - v[j];
        if (reduced < least[j]) {
          least[j] = reduced;
          before[j] = column;
        }
        if (least[j] < step) {
          step = least[j];
          next = j;
        }
      }
      for (let j = 0; j <= m; j++) {
        if (done[j]) {
          u[rowOf[j]] += step;
          v[j] -= step;
        } else least[j] -= step;
      }
      column = next;
    } while (rowOf[column] !== 0);
    for (; column !== 0; column = before[column]) rowOf[column] = rowOf[before[column]];
  }
  const out = new Array<number>(n);
  for (let j = 1; j <= m; j++) if (rowOf[j] > 0) out[rowOf[j] - 1] = j - 1;
  return out;
}
