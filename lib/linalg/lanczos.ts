import { congruential, Pace } from '../base/index.js';
import { tridiagonalQl } from './eigen.js';
import { dot, norm } from './matrix.js';

/**
 * The largest eigenvalue of a symmetric operator on vectors (n), by Lanczos with full reorthogonalisation, always from
 * the same start. The estimate is never above the true value, except by rounding.
 * @param options.relative it stops when the estimate changes by a smaller share in one step
 * @param options.steps at most
 */
export async function largestEigenvalue(
  apply: (v: Float64Array) => Float64Array,
  n: number,
  { relative = 1e-6, steps = 60, signal }: { relative?: number; steps?: number; signal?: AbortSignal } = {},
): Promise<number> {
  const pace = new Pace(signal);
  const basis: Float64Array[] = [];
  const alphas: number[] = [];
  const betas: number[] = [];
  let v = start(n);
  let previous = 0;
  for (let k = 0; k < Math.min(steps, n); k++) {
    await pace.step();
    basis.push(v);
    const w = apply(v).slice();
    alphas.push(dot(w, v));
    // Twice is enough (Giraud, Langou, Rozložník and van den Eshof 2005).
    for (let pass = 0; pass < 2; pass++) {
      for (const b of basis) {
        const f = dot(w, b);
        for (let i = 0; i < n; i++) w[i] -= f * b[i];
      }
    }
    const d = Float64Array.from(alphas);
    tridiagonalQl(d, Float64Array.from([...betas, 0]));
    const value = Math.max(...d);
    const length = norm(w);
    if (length <= Number.EPSILON * Math.abs(value)) return value;
    if (k > 4 && Math.abs(value - previous) <= relative * Math.abs(value)) return value;
    previous = value;
    betas.push(length);
    v = w.map((x) => x / length);
  }
  return previous;
}

/** A unit vector without structure, the same every time. */
function start(n: number): Float64Array {
  const random = congruential();
  const v = Float64Array.from({ length: n }, () => random() - 0.5);
  const length = norm(v);
  return v.map((x) => x / length);
}
