import { eigenInTurns, factorise, dot, matrix, timesVector, type Matrix, multiply } from '../linalg/index.js';
import { inBasis, squaresLeft, type Centred } from './centred.js';

/** The ridge solutions from training rows for any alpha, and the error of each on held-out rows. */
interface RidgePath {
  /** Σ‖y − Aᵀx‖² over the held-out rows. */
  squares(alpha: number): Promise<number>;
  /** A (p, q) */
  solution(alpha: number): Promise<Matrix>;
}

/**
 * By measurement, how much longer an operation takes in JavaScript's eigen-decomposition than in ONNX Runtime's factorisation,
 * on two cores and with 768 targets: 4 times with 240 columns, 10 times with 769.
 */
const costOfScript = 8;

/**
 * The cheaper of two ways to the same numbers: all eigenvectors of the training Gram once (9 p³ in JavaScript; each alpha
 * is then p² operations), or a factorisation and a solution for each alpha (p³/3 + 8 p² q on ONNX Runtime).
 */
export function ridgePath(
  training: Centred,
  heldOut: Centred,
  rcond: number,
  alphas: number,
  signal?: AbortSignal,
): Promise<RidgePath> {
  const [p, q] = [training.cross.rows, training.cross.cols];
  const spectrum = costOfScript * 9 * p ** 3;
  const each = alphas * (p ** 3 / 3 + 8 * p ** 2 * q);
  return spectrum <= each
    ? spectralPath(training, heldOut, rcond, signal)
    : Promise.resolve(solvedPath(training, heldOut, rcond, signal));
}

/**
 * In the eigenvectors' coordinates A = D c with D = diag(1/(λ + α)), so that what is left is s − 2 dᵀm + dᵀMd with m the
 * row sums of c ∘ c' and M = G' ∘ c cᵀ, the primes marking the held-out rows.
 */
async function spectralPath(
  training: Centred,
  heldOut: Centred,
  rcond: number,
  signal?: AbortSignal,
): Promise<RidgePath> {
  const { values, vectors } = await eigenInTurns(training.gram.data, training.gram.rows, signal);
  const c = await multiply(vectors, training.cross);
  const other = await inBasis(heldOut, vectors);
  const products = await multiply(c, c, 'nt');
  for (let i = 0; i < products.data.length; i++) products.data[i] *= other.gram.data[i];
  const q = c.cols;
  const m = Float64Array.from(values, (_, i) =>
    dot(c.data.subarray(i * q, (i + 1) * q), other.cross.data.subarray(i * q, (i + 1) * q)),
  );
  return {
    squares: (alpha) => {
      const d = inverses(values, alpha, rcond);
      return Promise.resolve(heldOut.squares - 2 * dot(d, m) + dot(d, timesVector(products, d)));
    },
    solution: (alpha) => {
      const d = inverses(values, alpha, rcond);
      const scaled = matrix(
        c.rows,
        q,
        c.data.map((value, at) => value * d[Math.floor(at / q)]),
      );
      return multiply(vectors, scaled, 'tn');
    },
  };
}

/** 1/(λ + α) for each eigenvalue, and 0 for those that `solve` would cut. @param values descending */
export const inverses = (values: Float64Array, alpha: number, rcond: number): Float64Array =>
  values.map((value) => (value + alpha > rcond * (values[0] + alpha) ? 1 / (value + alpha) : 0));

/** A factorisation for each alpha, as in `solve`. */
function solvedPath(training: Centred, heldOut: Centred, rcond: number, signal?: AbortSignal): RidgePath {
  const solution = async (alpha: number): Promise<Matrix> => {
    const p = training.gram.rows;
    const gram = matrix(p, p, training.gram.data.slice());
    for (let i = 0; i < p; i++) gram.data[i * (p + 1)] += alpha;
    return (await factorise(gram, rcond, signal)).solve(training.cross);
  };
  return { solution, squares: async (alpha) => squaresLeft(heldOut, await solution(alpha)) };
}
