/**
 * The k-th smallest of some numbers, the first being 0: what a sort has at that place, in time that grows with their number alone
 * (Hoare 1961, "Algorithm 65: Find"). The numbers are moved about: afterwards none before place k is larger, none behind it smaller.
 * @param from where to look from: all numbers before it are no larger than those behind it
 */
export function kthSmallest(values: Float64Array, k: number, from = 0): number {
  let [left, right] = [from, values.length - 1];
  while (left < right) {
    // The middle of three, so that what is sorted already is no worst case.
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
