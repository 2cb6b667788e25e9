/**
 * The number at place `k` (from 0) of the ascending order, in linear time (Hoare 1961, "Algorithm 65: Find"). Reorders
 * the numbers: afterwards none before place k is larger, and none behind it smaller.
 * @param from the first place to look at, if the numbers before it are known to be no larger than the rest
 */
export function kthSmallest(values: Float64Array, k: number, from = 0): number {
  let [left, right] = [from, values.length - 1];
  while (left < right) {
    // The middle of three, so that sorted numbers are not the worst case.
    const middle = (left + right) >> 1;
    if (values[middle] < values[left]) swap(values, middle, left);
    if (values[right] < values[left]) swap(values, right, left);
    if (values[right] < values[middle]) swap(values, right, middle);
    const pivot = values[middle];
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (pivot < values[j]) j--;
      if (i <= j) swap(values, i++, j--);
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else break;
  }
  return values[k];
}

function swap(values: Float64Array, i: number, j: number): void {
  const value = values[i];
  values[i] = values[j];
  values[j] = value;
}
