import { FeatReconstructError } from '../base/index.js';
import { toRowSource, type RowsLike } from '../tensor/index.js';
import { whole } from './compare.js';
import { matrix, multiply, rowsOf, type Matrix } from '../fit/index.js';
import { add, blocks } from './graphs.js';

/** Which true feature each recovered one is. Plain: serialises to JSON. */
export interface FeatureMatch {
  /** (k): index of the true feature for each recovered one. */
  truth: number[];
  /** (k): correlation with it. */
  correlation: number[];
  /** The smallest of them; 1 where nothing was recovered. */
  worst: number;
}

/**
 * Matches recovered features (n, k) with true ones (n, d), k <= d, so that the sum of correlations is largest
 * (the assignment problem, by shortest augmenting paths: Jonker and Volgenant 1987).
 * @throws FeatReconstructError when the two differ in rows
 */
export async function matchFeatures(recovered: RowsLike, truth: RowsLike): Promise<FeatureMatch> {
  const [x, t] = [toRowSource(recovered, 'the recovered features'), toRowSource(truth, 'the true features')];
  if (x.rows !== t.rows || x.cols > t.cols) {
    throw new FeatReconstructError(
      `Expected recovered and true features of the same images, found ${x.rows} x ${x.cols} and ${t.rows} x ${t.cols}.`,
    );
  }
  const correlations = await correlationMatrix(standardised(await whole(x)), standardised(await whole(t)));
  const assigned = assign(
    correlations.data.map((value) => -value),
    x.cols,
    t.cols,
  );
  const correlation = assigned.map((j, i) => correlations.data[i * t.cols + j]);
  return { truth: assigned, correlation, worst: correlation.reduce((a, b) => Math.min(a, b), 1) };
}

async function correlationMatrix(a: Matrix, b: Matrix): Promise<Matrix> {
  const out = matrix(a.cols, b.cols);
  for (const [start, end] of blocks(a.rows, a.cols)) {
    add(out.data, (await multiply(rowsOf(a, start, end), rowsOf(b, start, end), 'tn')).data);
  }
  return out;
}

/** Columns of mean 0 and length 1, in place; those that do not change become 0. */
function standardised(x: Matrix): Matrix {
  const { rows, cols, data } = x;
  for (let j = 0; j < cols; j++) {
    let mean = 0;
    for (let i = j; i < data.length; i += cols) mean += data[i];
    mean /= rows;
    let squares = 0;
    for (let i = j; i < data.length; i += cols) squares += (data[i] -= mean) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = j; i < data.length; i += cols) data[i] *= scale;
  }
  return x;
}

/** For each of n rows a column of its own among m >= n, at the least sum of costs (n, m). */
export function assign(costs: Float64Array, n: number, m: number): number[] {
  // Rows and columns count from 1; column 0 holds the row being placed.
  const u = new Float64Array(n + 1);
  const v = new Float64Array(m + 1);
  const rowOf = new Int32Array(m + 1);
  const before = new Int32Array(m + 1);
  for (let row = 1; row <= n; row++) {
    rowOf[0] = row;
    let column = 0;
    const least = new Float64Array(m + 1).fill(Infinity);
    const done = new Uint8Array(m + 1);
    do {
      done[column] = 1;
      const i = rowOf[column];
      let step = Infinity;
      let next = 0;
      for (let j = 1; j <= m; j++) {
        if (done[j]) continue;
        const reduced = costs[(i - 1) * m + j - 1] - u[i] - v[j];
        if (reduced < least[j]) {
          least[j] = reduced;
          before[j] = column;
        }
        if (least[j] < step) {
          step = least[j];
          next = j;
        }
      }
      for (let j = 0; j <= m; j++) {
        if (done[j]) {
          u[rowOf[j]] += step;
          v[j] -= step;
        } else least[j] -= step;
      }
      column = next;
    } while (rowOf[column] !== 0);
    for (; column !== 0; column = before[column]) rowOf[column] = rowOf[before[column]];
  }
  const out = new Array<number>(n);
  for (let j = 1; j <= m; j++) if (rowOf[j] > 0) out[rowOf[j] - 1] = j - 1;
  return out;
}
