import { add, blocks, kernel, matrix, rowsOf, type Matrix } from '../linalg/index.js';
import { buildModel, type GraphNode } from '../onnx/index.js';
import type { GraphSession, SessionOptions } from '../runtime/index.js';

/** The session of a graph in float64, compiled once for each name. */
function session(
  name: string,
  inputs: string[],
  outputs: string[],
  nodes: GraphNode[],
  options?: SessionOptions,
): Promise<GraphSession> {
  const value = (x: string) => ({ name: x, type: 'float64' as const, dims: [`${x}_rows`, `${x}_cols`] });
  return kernel(name, () => buildModel({ inputs: inputs.map(value), outputs: outputs.map(value), nodes }), options);
}

async function run(graph: GraphSession, feeds: Record<string, Matrix>): Promise<Record<string, Float64Array>> {
  const out = await graph.run(
    Object.fromEntries(
      Object.entries(feeds).map(([name, { rows, cols, data }]) => [
        name,
        { type: 'float64', data, dims: [rows, cols] },
      ]),
    ),
  );
  return Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, data as Float64Array]));
}

const gemm = (a: string, b: string, c: string, form: 'nn' | 'tn' | 'nt' = 'nn'): GraphNode => ({
  op: 'Gemm',
  inputs: [a, b],
  outputs: [c],
  attributes: { transA: { int: form[0] === 't' ? 1 : 0 }, transB: { int: form[1] === 't' ? 1 : 0 } },
});
const mul = (a: string, b: string, c: string): GraphNode => ({ op: 'Mul', inputs: [a, b], outputs: [c] });

/** Hᵀ diag(u) H (p, p), in blocks of rows. */
export async function weightedGram(h: Matrix, u: Float64Array): Promise<Matrix> {
  const graph = await session('weighted gram', ['h', 'u'], ['g'], [mul('h', 'u', 'uh'), gemm('h', 'uh', 'g', 'tn')]);
  let sum: Float64Array | null = null;
  // Of few columns a call costs more than what a cache saves: with eight times the rows a third less time.
  for (const [start, end] of blocks(h.rows, h.cols / 8)) {
    const { g } = await run(graph, { h: rowsOf(h, start, end), u: matrix(end - start, 1, u.subarray(start, end)) });
    if (sum) add(sum, g);
    else sum = g;
  }
  return matrix(h.cols, h.cols, sum ?? undefined);
}

/** Multiplications of a step below which one thread is quicker than several. */
const smallStep = 2 ** 23;

/** Numbers of the rows that a step reads in one run (2 MB), so that they and their product with u stay in the caches. */
const mostInStep = 2 ** 18;

/**
 * One step of reweighted least squares for rows H (n, p) and a function a (p): x = H a, the weights 1 / (x² + ε²), or
 * `wall` where x is below zero, and Hᵀ diag(weights) H (p, p). Of few rows in one run: the runs are most of the time.
 */
export async function reweighted(
  h: Matrix,
  a: Float64Array,
  { epsilon, wall }: { epsilon: number; wall: number },
): Promise<{ x: Float64Array; gram: Matrix }> {
  const most = Math.ceil(mostInStep / h.cols);
  const isSmall = Math.min(h.rows, most) * h.cols ** 2 < smallStep;
  const graph = await session(
    `reweighted ${isSmall}`,
    ['h', 'a', 'e2', 'wall', 'zero'],
    ['x', 'g'],
    [
      gemm('h', 'a', 'x'),
      mul('x', 'x', 'xx'),
      { op: 'Add', inputs: ['xx', 'e2'], outputs: ['size'] },
      { op: 'Reciprocal', inputs: ['size'], outputs: ['inside'] },
      { op: 'Less', inputs: ['x', 'zero'], outputs: ['below'] },
      { op: 'Where', inputs: ['below', 'wall', 'inside'], outputs: ['u'] },
      mul('h', 'u', 'uh'),
      gemm('h', 'uh', 'g', 'tn'),
    ],
    { intraOpNumThreads: isSmall ? 1 : 0 },
  );
  const one = (value: number): Matrix => matrix(1, 1, Float64Array.of(value));
  const given = {
    ...{ a: matrix(a.length, 1, a) },
    ...{ e2: one(epsilon ** 2), wall: one(wall), zero: one(0) },
  };
  const runs = Math.max(1, Math.ceil(h.rows / most));
  const out = { x: new Float64Array(h.rows), gram: matrix(h.cols, h.cols) };
  for (let k = 0; k < runs; k++) {
    const [start, end] = [Math.floor((k * h.rows) / runs), Math.floor(((k + 1) * h.rows) / runs)];
    const { x, g } = await run(graph, { h: rowsOf(h, start, end), ...given });
    out.x.set(x, start);
    add(out.gram.data, g);
  }
  return out;
}

/** Rows of H (n, r) in transposed blocks, on which a quadric's products are quickest. */
export interface TransposedRows {
  rows: number;
  cols: number;
  /** (r, rows of the block) */
  blocks: Matrix[];
}

/** Transposes rows block by block, in place: H must not be read afterwards. */
export function transposedRows({ rows, cols, data }: Matrix): TransposedRows {
  const transposed: Matrix[] = [];
  // No transposed copy has to fit beside a block, which may be twice as large for that.
  for (const [start, end] of blocks(rows, cols / 2)) {
    const block = data.subarray(start * cols, end * cols);
    const before = block.slice();
    const n = end - start;
    for (let i = 0; i < n; i++) for (let j = 0; j < cols; j++) block[j * n + i] = before[i * cols + j];
    transposed.push(matrix(cols, n, block));
  }
  return { rows, cols, blocks: transposed };
}

/** q = hᵀMh + 2vᵀh of every row: one n x r x r product. */
export async function quadratics(h: TransposedRows, m: Matrix, v: Float64Array): Promise<Float64Array> {
  // hᵀMh + 2vᵀh = Σ h ∘ (M h + 2v): one Gemm with a bias, one product, one sum as a product with ones.
  const graph = await session(
    'quadratics',
    ['ht', 'm', 'v2', 'ones'],
    ['q'],
    [{ op: 'Gemm', inputs: ['m', 'ht', 'v2'], outputs: ['mh'] }, mul('ht', 'mh', 'hmh'), gemm('ones', 'hmh', 'q')],
  );
  const v2 = matrix(
    h.cols,
    1,
    v.map((value) => 2 * value),
  );
  const ones = matrix(1, h.cols, new Float64Array(h.cols).fill(1));
  const out = new Float64Array(h.rows);
  let start = 0;
  for (const ht of h.blocks) {
    const { q } = await run(graph, { ht, m, v2, ones });
    out.set(q, start);
    start += ht.cols;
  }
  return out;
}

/** The adjoint of `quadratics`: (Hᵀ diag(e) H, 2 Hᵀe). */
export async function quadraticsAdjoint(h: TransposedRows, e: Float64Array): Promise<{ m: Matrix; v: Float64Array }> {
  const graph = await session(
    'quadratics adjoint',
    ['ht', 'et'],
    ['g', 'k'],
    [mul('ht', 'et', 'eht'), gemm('ht', 'eht', 'g', 'nt'), gemm('ht', 'et', 'k', 'nt')],
  );
  const m = matrix(h.cols, h.cols);
  const v = new Float64Array(h.cols);
  let start = 0;
  for (const ht of h.blocks) {
    const et = matrix(1, ht.cols, e.subarray(start, start + ht.cols));
    const { g, k } = await run(graph, { ht, et });
    add(m.data, g);
    for (let j = 0; j < v.length; j++) v[j] += 2 * k[j];
    start += ht.cols;
  }
  return { m, v };
}

/** Means over the rows of H (n, r) for directions W (k, r): tanh(y) hᵀ (k, r) and 1 − tanh²(y) (k), y = W h. */
export async function tanhMoments(h: Matrix, w: Matrix): Promise<{ cross: Matrix; slope: Float64Array }> {
  const graph = await session(
    'tanh moments',
    ['h', 'w', 'ones'],
    ['cross', 'squares'],
    [
      gemm('h', 'w', 'y', 'nt'),
      { op: 'Tanh', inputs: ['y'], outputs: ['t'] },
      gemm('t', 'h', 'cross', 'tn'),
      mul('t', 't', 'tt'),
      gemm('tt', 'ones', 'squares', 'tn'),
    ],
  );
  const cross = matrix(w.rows, h.cols);
  const slope = new Float64Array(w.rows);
  for (const [start, end] of blocks(h.rows, h.cols)) {
    const ones = matrix(end - start, 1, new Float64Array(end - start).fill(1));
    const out = await run(graph, { h: rowsOf(h, start, end), w, ones });
    add(cross.data, out.cross);
    for (let j = 0; j < slope.length; j++) slope[j] += end - start - out.squares[j];
  }
  for (let i = 0; i < cross.data.length; i++) cross.data[i] /= h.rows;
  for (let j = 0; j < slope.length; j++) slope[j] /= h.rows;
  return { cross, slope };
}
