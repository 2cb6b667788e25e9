/** The middle value; of two middle ones their mean. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The median of the ratios of turns that lie side by side: what a machine that is busy for a while does to both falls out. */
export const medianRatio = (a: readonly number[], b: readonly number[]): number =>
  median(a.map((value, i) => value / b[i]));
