import { buildModel } from '../onnx/index.js';
import type { GraphSession } from '../runtime/index.js';
import { kernel } from './kernels.js';
import { matrix, rowsOf, slice, type Matrix } from './matrix.js';

/** Which factors are transposed (`t`) and which not (`n`): `tn` is aᵀ b. */
type Form = 'nn' | 'tn' | 'nt';

/** Multiplications below which one thread is quicker than several. */
const small = 2 ** 23;

/** The Gemm of a form, on one thread or on all. */
const session = (form: Form, isSmall: boolean): Promise<GraphSession> =>
  kernel(
    `multiply ${form} ${isSmall}`,
    () =>
      buildModel({
        inputs: [
          { name: 'a', type: 'float64', dims: ['i', 'j'] },
          { name: 'b', type: 'float64', dims: ['k', 'l'] },
        ],
        outputs: [{ name: 'c', type: 'float64', dims: ['m', 'n'] }],
        nodes: [
          {
            op: 'Gemm',
            inputs: ['a', 'b'],
            outputs: ['c'],
            attributes: { transA: { int: form[0] === 't' ? 1 : 0 }, transB: { int: form[1] === 't' ? 1 : 0 } },
          },
        ],
      }),
    { intraOpNumThreads: isSmall ? 1 : 0 },
  );

/** Multiplications in one run at most, about half a second, for which ONNX Runtime holds the event loop. */
const mostInOneRun = 2 ** 34;

/**
 * The product of two float64 matrices, on ONNX Runtime's CPU provider. A large one is computed in panels of rows,
 * between which the event loop gets turns.
 * @throws the signal's reason when it was aborted
 */
export async function multiply(a: Matrix, b: Matrix, form: Form = 'nn', signal?: AbortSignal): Promise<Matrix> {
  const rows = form[0] === 't' ? a.cols : a.rows;
  const cols = form[1] === 't' ? b.rows : b.cols;
  if (rows === 0 || cols === 0 || a.data.length === 0) return matrix(rows, cols);
  const panel = Math.max(64, Math.floor((mostInOneRun / a.data.length / cols) * rows));
  if (panel >= rows) return product(a, b, form, rows, cols);
  const out = matrix(rows, cols);
  for (let start = 0; start < rows; start += panel) {
    signal?.throwIfAborted();
    const end = Math.min(rows, start + panel);
    const part = form[0] === 't' ? slice(a, 0, a.rows, start, end) : rowsOf(a, start, end);
    out.data.set((await product(part, b, form, end - start, cols)).data, start * cols);
  }
  return out;
}

/** a x (n), on ONNX Runtime: of a large matrix four times as quick as `timesVector`, which is plain JavaScript. */
export const multiplyVector = async (a: Matrix, x: Float64Array): Promise<Float64Array> =>
  (await multiply(a, matrix(x.length, 1, x))).data;

async function product(a: Matrix, b: Matrix, form: Form, rows: number, cols: number): Promise<Matrix> {
  const { c } = await (
    await session(form, a.data.length * cols < small)
  ).run({
    a: { type: 'float64', data: a.data, dims: [a.rows, a.cols] },
    b: { type: 'float64', data: b.data, dims: [b.rows, b.cols] },
  });
  return matrix(rows, cols, c.data as Float64Array);
}
