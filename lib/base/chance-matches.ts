/** How often two lists name the same class in one place by chance. */

/** Factorial moments that bound the tail. */
const mostMoments = 32;
/** From this variance on the number of matches is nearly normal. */
const nearlyNormal = 50;

/**
 * What chance gives where one of two lists of n classes is shuffled: the matches to expect, and how likely so many or more are. The
 * tail is the least of bounds from its factorial moments (P(M ≥ m) ≤ E[C(M, r)] / C(m, r); these moments are exact: the rook numbers
 * of one board for each class, over n (n − 1) …), and of the normal approximation where the variance is large (W. Hoeffding, Annals
 * of Mathematical Statistics 22, 1951, 558–566).
 * @param matches places with the same class
 * @param first,second counts by class, of the same length; each sums to n
 */
export function chanceMatches(
  matches: number,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): { expected: number; likelihood: number } {
  let [n, products, squares] = [0, 0, 0];
  for (let k = 0; k < first.length; k++) {
    n += first[k];
    products += first[k] * second[k];
    squares += first[k] * second[k] * (first[k] + second[k]);
  }
  if (n === 0) return { expected: 0, likelihood: 1 };
  const expected = products / n;
  if (matches <= expected) return { expected, likelihood: 1 };
  let likelihood = 1;
  // Coefficients of the moments over n^r, so that they stay within float64.
  const most = Math.min(mostMoments, matches);
  const moments = new Float64Array(most + 1);
  moments[0] = 1;
  for (let k = 0; k < first.length; k++) {
    if (first[k] > 0 && second[k] > 0) multiply(moments, boardOf(first[k], second[k], n, most));
  }
  let [falling, choices] = [1, 1];
  for (let r = 1; r <= most; r++) {
    falling *= n / (n - r + 1);
    choices *= (matches - r + 1) / r;
    likelihood = Math.min(likelihood, (moments[r] * falling) / choices);
  }
  const variance = n < 2 ? 0 : (products - squares / n + (products / n) ** 2) / (n - 1);
  if (variance > nearlyNormal)
    likelihood = Math.min(likelihood, upperTail((matches - 0.5 - expected) / Math.sqrt(variance)));
  return { expected, likelihood };
}

/** By r the ways to put r rooks that do not attack one another on a board of a × b, over n^r: C(a, r) C(b, r) r! / n^r. */
function boardOf(a: number, b: number, n: number, most: number): Float64Array {
  const ways = new Float64Array(Math.min(most, a, b) + 1);
  ways[0] = 1;
  for (let r = 1; r < ways.length; r++) ways[r] = (ways[r - 1] * (a - r + 1) * (b - r + 1)) / (r * n);
  return ways;
}

/** The product of two polynomials, in place of the first and as long. */
function multiply(product: Float64Array, by: Float64Array): void {
  for (let r = product.length - 1; r >= 0; r--) {
    let sum = 0;
    for (let s = Math.min(r, by.length - 1); s >= 0; s--) sum += product[r - s] * by[s];
    product[r] = sum;
  }
}

/** Above it: P(Z ≥ z) ≤ φ(z) / z for a normal Z and z > 0. */
const upperTail = (z: number): number => (z < 1 ? 1 : Math.exp((-z * z) / 2) / (z * Math.sqrt(2 * Math.PI)));
