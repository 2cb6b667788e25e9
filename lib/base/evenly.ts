/** Positions of at most `most` of n things, spread evenly, ascending. */
export function evenly(n: number, most: number): Int32Array {
  const size = Math.min(n, Math.max(0, Math.floor(most)));
  return Int32Array.from({ length: size }, (_, i) => Math.floor((i * n) / size));
}

/** At most `most` numbers of a list, spread evenly, in their order. */
export const evenlyOf = (all: ArrayLike<number>, most: number): Int32Array =>
  evenly(all.length, most).map((i) => all[i]);
