import { buildModel } from '../onnx/index.js';
import { createSession, type GraphSession } from '../runtime/index.js';
import { matrix, type Matrix } from './matrix.js';

/** Which factor is transposed: `n` as it stands, `t` transposed; `tn` is aᵀ b. */
export type Form = 'nn' | 'tn' | 'nt';

const sessions = new Map<string, Promise<GraphSession>>();

/** Multiplications below which handing work to other threads costs more than it brings. */
const small = 2 ** 23;

/** One compiled Gemm a form and size, kept for the life of the process: its shapes are open. */
function session(form: Form, isSmall: boolean): Promise<GraphSession> {
  const key = `${form} ${isSmall}`;
  let found = sessions.get(key);
  if (!found) {
    found = createSession(
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
    sessions.set(key, found);
  }
  return found;
}

/** The product of two float64 matrices on ONNX Runtime's CPU provider. */
export async function multiply(a: Matrix, b: Matrix, form: Form = 'nn'): Promise<Matrix> {
  const rows = form[0] === 't' ? a.cols : a.rows;
  const cols = form[1] === 't' ? b.rows : b.cols;
  if (rows === 0 || cols === 0 || a.data.length === 0) return matrix(rows, cols);
  const { c } = await (
    await session(form, a.data.length * cols < small)
  ).run({
    a: { type: 'float64', data: a.data, dims: [a.rows, a.cols] },
    b: { type: 'float64', data: b.data, dims: [b.rows, b.cols] },
  });
  return matrix(rows, cols, c.data as Float64Array);
}
