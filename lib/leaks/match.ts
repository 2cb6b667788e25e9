import { FeatReconstructError } from '../base/index.js';
import { toRowSource, type RowsLike } from '../tensor/index.js';
import { add, assign, blocks, matrix, multiply, rowsOf, type Matrix } from '../linalg/index.js';
import { wholeMatrix } from './compare.js';

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
 * @throws FeatReconstructError (`mismatch`) when the two differ in rows, or k > d
 */
export async function matchFeatures(recovered: RowsLike, truth: RowsLike): Promise<FeatureMatch> {
  const [x, t] = [toRowSource(recovered, 'the recovered features'), toRowSource(truth, 'the true features')];
  if (x.rows !== t.rows || x.cols > t.cols) {
    throw new FeatReconstructError(
      `Expected recovered and true features of the same images, found ${x.rows} x ${x.cols} and ${t.rows} x ${t.cols}.`,
      { code: 'mismatch' },
    );
  }
  const correlations = await correlationMatrix(standardised(await wholeMatrix(x)), standardised(await wholeMatrix(t)));
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
