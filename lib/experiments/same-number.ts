/** Numbers that are as near as this, of 1 or of their size, are one number to whoever does not know on which machine each was computed. */
const near = 1e-5;

/** Whether two published numbers are one. @param coarse what they may differ by where they are rounded */
export const isSameNumber = (one: number, other: number, coarse = 0): boolean =>
  Math.abs(one - other) <= Math.max(coarse, near * Math.max(1, Math.abs(one)));
