/** Agreement on the images whose original answer is about equally clear. */
export interface MarginGroup {
  /** Least top-2 margin in the group. */
  from: number;
  /** Largest top-2 margin in the group. */
  to: number;
  n: number;
  agreement: number;
}

/**
 * Tenths of the images by the original's top-2 margin, ascending; groups differ by one image at most (equal margins
 * stay in the order of the images). Fewer than ten images make fewer groups.
 * @param margin top-2 margin by image @param agrees 1 where the image agrees
 */
export function agreementByMargin(margin: Float64Array, agrees: Int32Array): MarginGroup[] {
  const order = Array.from(margin, (_, row) => row).sort((a, b) => margin[a] - margin[b] || a - b);
  const groups = Math.min(10, order.length);
  return Array.from({ length: groups }, (_, i) => {
    const rows = order.slice(Math.floor((i * order.length) / groups), Math.floor(((i + 1) * order.length) / groups));
    return {
      from: margin[rows[0]],
      to: margin[rows[rows.length - 1]],
      n: rows.length,
      agreement: rows.reduce((agreed, row) => agreed + agrees[row], 0) / rows.length,
    };
  });
}
