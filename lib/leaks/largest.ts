/** Places of the k largest, descending, of equal ones the lowest first. Few of many are found without sorting them all. */
export function largest(row: Float32Array | Float64Array, k: number): number[] {
  if (k > 32) {
    return Array.from(row.keys())
      .sort((i, j) => row[j] - row[i] || i - j)
      .slice(0, k);
  }
  const found: number[] = [];
  for (let j = 0; j < row.length; j++) {
    if (found.length === k && !(row[j] > row[found[k - 1]])) continue;
    let at = Math.min(found.length, k - 1);
    for (; at > 0 && row[found[at - 1]] < row[j]; at--) found[at] = found[at - 1];
    found[at] = j;
  }
  return found;
}
