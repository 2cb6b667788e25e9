import { buildModel, type GraphNode } from '../onnx/index.js';
import { createSession, type GraphSession } from '../runtime/index.js';

/** A dense float64 matrix, row-major. */
export interface Dense {
  rows: number;
  cols: number;
  data: Float64Array;
}

export const dense = (rows: number, cols: number, data: Float64Array = new Float64Array(rows * cols)): Dense => ({
  rows,
  cols,
  data,
});

/** Rows `start` to `end`, a view. */
export const rowRange = ({ cols, data }: Dense, start: number, end: number): Dense =>
  dense(end - start, cols, data.subarray(start * cols, end * cols));

/** Rows that a graph takes at a time: large enough for Gemm, small enough for the products between to stay near. */
const blockRows = 4096;

export function* blocks(rows: number): Generator<[number, number]> {
  for (let start = 0; start < rows; start += blockRows) yield [start, Math.min(start + blockRows, rows)];
}

const sessions = new Map<string, Promise<GraphSession>>();

/** One compiled graph a name, kept for the life of the process: shapes are open. All float64. */
function session(name: string, inputs: string[], outputs: string[], nodes: GraphNode[]): Promise<GraphSession> {
  let found = sessions.get(name);
  if (!found) {
    const value = (x: string) => ({ name: x, type: 'float64' as const, dims: [`${x}_rows`, `${x}_cols`] });
    found = createSession(buildModel({ inputs: inputs.map(value), outputs: outputs.map(value), nodes }));
    sessions.set(name, found);
  }
  return found;
}

async function run(graph: GraphSession, feeds: Record<string, Dense>): Promise<Record<string, Float64Array>> {
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

/** a b, aᵀ b or a bᵀ. */
export async function product(a: Dense, b: Dense, form: 'nn' | 'tn' | 'nt' = 'nn'): Promise<Dense> {
  const graph = await session(`product ${form}`, ['a', 'b'], ['c'], [gemm('a', 'b', 'c', form)]);
  const { c } = await run(graph, { a, b });
  return dense(form[0] === 't' ? a.cols : a.rows, form[1] === 't' ? b.rows : b.cols, c);
}

/** Hᵀ diag(u) H (p, p), in blocks of rows. */
export async function weightedGram(h: Dense, u: Float64Array): Promise<Dense> {
  const graph = await session('weighted gram', ['h', 'u'], ['g'], [mul('h', 'u', 'uh'), gemm('h', 'uh', 'g', 'tn')]);
  const sum = dense(h.cols, h.cols);
  for (const [start, end] of blocks(h.rows)) {
    const { g } = await run(graph, { h: rowRange(h, start, end), u: dense(end - start, 1, u.subarray(start, end)) });
    add(sum.data, g);
  }
  return sum;
}

/** q = hᵀMh + 2vᵀh of every row of H (n, r): one n x r x r product. */
export async function quadratics(h: Dense, m: Dense, v: Float64Array): Promise<Float64Array> {
  // hᵀMh + 2vᵀh = Σ h ∘ (M h + 2v): one Gemm with a bias, one product, one sum as a product with ones.
  const graph = await session(
    'quadratics',
    ['h', 'm', 'v2', 'ones'],
    ['q'],
    [{ op: 'Gemm', inputs: ['h', 'm', 'v2'], outputs: ['hm'] }, mul('h', 'hm', 'hmh'), gemm('hmh', 'ones', 'q')],
  );
  const v2 = dense(
    1,
    h.cols,
    v.map((value) => 2 * value),
  );
  const ones = dense(h.cols, 1, new Float64Array(h.cols).fill(1));
  const out = new Float64Array(h.rows);
  for (const [start, end] of blocks(h.rows)) {
    const { q } = await run(graph, { h: rowRange(h, start, end), m, v2, ones });
    out.set(q, start);
  }
  return out;
}

/** The adjoint of `quadratics`: (Hᵀ diag(e) H, 2 Hᵀe). */
export async function quadraticsAdjoint(h: Dense, e: Float64Array): Promise<{ m: Dense; v: Float64Array }> {
  const graph = await session(
    'quadratics adjoint',
    ['h', 'e'],
    ['g', 'k'],
    [mul('h', 'e', 'eh'), gemm('h', 'eh', 'g', 'tn'), gemm('h', 'e', 'k', 'tn')],
  );
  const m = dense(h.cols, h.cols);
  const v = new Float64Array(h.cols);
  for (const [start, end] of blocks(h.rows)) {
    const { g, k } = await run(graph, { h: rowRange(h, start, end), e: dense(end - start, 1, e.subarray(start, end)) });
    add(m.data, g);
    for (let j = 0; j < v.length; j++) v[j] += 2 * k[j];
  }
  return { m, v };
}

/** Means over the rows of H (n, r) for directions W (k, r): tanh(y) hᵀ (k, r) and 1 − tanh²(y) (k), y = W h. */
export async function tanhMoments(h: Dense, w: Dense): Promise<{ cross: Dense; slope: Float64Array }> {
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
  const cross = dense(w.rows, h.cols);
  const slope = new Float64Array(w.rows);
  for (const [start, end] of blocks(h.rows)) {
    const ones = dense(end - start, 1, new Float64Array(end - start).fill(1));
    const out = await run(graph, { h: rowRange(h, start, end), w, ones });
    add(cross.data, out.cross);
    for (let j = 0; j < slope.length; j++) slope[j] += end - start - out.squares[j];
  }
  for (let i = 0; i < cross.data.length; i++) cross.data[i] /= h.rows;
  for (let j = 0; j < slope.length; j++) slope[j] /= h.rows;
  return { cross, slope };
}

/** a ← a + b */
export function add(a: Float64Array, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] += b[i];
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Matrix times vector. */
export function times({ rows, cols, data }: Dense, x: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++, at++) sum += data[at] * x[j];
    out[i] = sum;
  }
  return out;
}
