/** A whole number with its thousands apart: 40720 → `40,720`. */
export const count = (n: number): string => n.toLocaleString('en-US');
