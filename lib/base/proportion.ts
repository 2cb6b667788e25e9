/** Statistics of counts: the interval of a proportion, and kappa. */

/** The 0.975 quantile of the normal distribution, for two-sided 95 % intervals. */
const z = 1.959963984540054;

/**
 * Wilson's score interval of a proportion at 95 % (E. B. Wilson, JASA 22, 1927, 209–212): unlike the usual
 * p ± 1.96 √(p(1 − p)/n) it stays within [0, 1] and says something at 100 %.
 * @returns its two ends, in [0, 1]
 * @param successes at most `n`
 * @param n at least 1
 */
export function wilsonInterval(successes: number, n: number): [number, number] {
  const p = successes / n;
  const shrink = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / shrink;
  const half = (z / shrink) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  // At the ends the bound is exactly the end; rounding would leave 1 − 1e-16.
  return [successes === 0 ? 0 : centre - half, successes === n ? 1 : centre + half];
}

/**
 * Cohen's kappa, (p_o − p_e) / (1 − p_e): agreement beyond what the two label distributions alone would give
 * (J. Cohen, Educational and Psychological Measurement 20, 1960, 37–46).
 * @param agreed images on which both say the same
 * @param first,second counts by class, of the same length; each sums to n
 * @returns null where p_e is 1 (both always name the same one class): 0/0, agreement says nothing there
 */
export function cohenKappa(agreed: number, first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  let n = 0;
  let products = 0;
  for (let i = 0; i < first.length; i++) {
    n += first[i];
    products += first[i] * second[i];
  }
  // Both times n²: whole numbers, so that p_e = 1 is found exactly.
  const beyondChance = n * n - products;
  return beyondChance === 0 ? null : (agreed * n - products) / beyondChance;
}
