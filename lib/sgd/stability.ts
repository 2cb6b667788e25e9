import { FeatReconstructError, type TaskOptions, uniform } from '../base/index.js';
import { buildModel, dataType, type GraphSpec } from '../onnx/index.js';
import { createSession, type SessionOptions } from '../runtime/index.js';
import { toRowSource, type RowsLike } from '../tensor/index.js';

/** Options of {@link sgdStabilityLimit}. */
interface StabilityOptions extends TaskOptions {
  /** q, the width of the targets: the loss is a mean over a batch's elements. */
  outputs: number;
  /** Default 0.9. */
  momentum?: number;
  /** Where the products run. Default `cpu`. */
  executionProviders?: SessionOptions['executionProviders'];
}

/** Rows of one product. */
const rowsAtOnce = 4096;
/** The iteration ends when the eigenvalue grows by less than this share of it. */
const settled = 1e-7;
const mostIterations = 200;

/**
 * The learning rate below which gradient descent with momentum β on the mean squared error of a linear map is stable:
 * 2(1 + β) / λ_max(H), H = (2/q) E[x xᵀ] being the Hessian of each output's weights, x with a 1 appended (B. Polyak,
 * USSR Computational Mathematics 4(5), 1964; docs/mathematics.md). λ_max is found by power iteration over the rows, so
 * that no p x p matrix is formed; it is approached from below, so the limit is too high in its last digits.
 * @param X inputs (n, p)
 * @throws FeatReconstructError where X has no rows
 */
export async function sgdStabilityLimit(X: RowsLike, options: StabilityOptions): Promise<number> {
  const { outputs, momentum = 0.9 } = options;
  const x = toRowSource(X, 'X');
  if (x.rows === 0)
    throw new FeatReconstructError('Expected at least one row in X, found none.', { code: 'too-few-rows' });
  const session = await createSession(buildModel(productGraph(x.dtype === 'float64')), options);
  const p = x.cols;
  const random = uniform(1);
  // The last element goes with the appended 1.
  let v: Float64Array = new Float64Array(p + 1).map(() => random() - 0.5);
  let largest = 0;
  try {
    for (let iteration = 0; iteration < mostIterations; iteration++) {
      const length = norm(v);
      const direction = v.map((value) => value / length);
      const next = new Float64Array(p + 1);
      let square = 0;
      for (let start = 0; start < x.rows; start += rowsAtOnce) {
        options.signal?.throwIfAborted();
        const end = Math.min(x.rows, start + rowsAtOnce);
        const data = await x.read(start, end);
        const out = await session.run({
          x: { type: data instanceof Float64Array ? 'float64' : 'float32', data, dims: [end - start, p] },
          v: { type: 'float64', data: direction.subarray(0, p), dims: [p, 1] },
          v1: { type: 'float64', data: direction.subarray(p), dims: [1] },
        });
        const g = out.g.data as Float64Array;
        for (let j = 0; j < p; j++) next[j] += g[j];
        next[p] += (out.g1.data as Float64Array)[0];
        square += (out.square.data as Float64Array)[0];
      }
      // The Rayleigh quotient of E[x xᵀ] at the direction.
      const found = square / x.rows;
      v = next;
      const grown = found - largest;
      largest = found;
      if (!(grown > settled * found)) break;
    }
  } finally {
    await session.release();
  }
  return ((1 + momentum) * outputs) / largest;
}

const norm = (v: Float64Array): number => Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));

/** t = X v + v₁ and Xᵀt, Σt, Σt²: one multiplication by the Gram matrix of the rows with a 1 appended. */
function productGraph(isFloat64: boolean): GraphSpec {
  return {
    inputs: [
      { name: 'x', type: isFloat64 ? 'float64' : 'float32', dims: ['n', 'p'] },
      { name: 'v', type: 'float64', dims: ['p', 1] },
      { name: 'v1', type: 'float64', dims: [1] },
    ],
    outputs: [
      { name: 'g', type: 'float64', dims: [1, 'p'] },
      { name: 'g1', type: 'float64', dims: [] },
      { name: 'square', type: 'float64', dims: [] },
    ],
    nodes: [
      { op: 'Cast', inputs: ['x'], outputs: ['x64'], attributes: { to: { int: dataType.float64 } } },
      { op: 'Gemm', inputs: ['x64', 'v', 'v1'], outputs: ['t'] },
      { op: 'Gemm', inputs: ['t', 'x64'], outputs: ['g'], attributes: { transA: { int: 1 } } },
      { op: 'ReduceSum', inputs: ['t'], outputs: ['g1'], attributes: { keepdims: { int: 0 } } },
      { op: 'ReduceSumSquare', inputs: ['t'], outputs: ['square'], attributes: { keepdims: { int: 0 } } },
    ],
  };
}
