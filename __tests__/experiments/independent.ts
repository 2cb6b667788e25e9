import { lusolve, matrix, type Matrix } from 'mathjs';
import type { LinearMap, RowSource } from '../../lib/tensor/index.js';

/** The same questions answered another way, for a few columns: textbook normal equations in plain float64. */

export async function table(source: RowSource): Promise<number[][]> {
  const data = await source.read(0, source.rows);
  return Array.from({ length: source.rows }, (_, i) =>
    Array.from(data.subarray(i * source.cols, (i + 1) * source.cols)),
  );
}

const meanOf = (rows: number[][]): number[] =>
  rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);

/** Ridge regression with intercept: (XᵀX + αI) A = XᵀY on centred columns. Returns what maps a row of X to one of Y. */
export function leastSquares(X: number[][], Y: number[][], alpha: number): (x: number[]) => number[] {
  const [meanX, meanY] = [meanOf(X), meanOf(Y)];
  const x = X.map((row) => row.map((value, j) => value - meanX[j]));
  const y = Y.map((row) => row.map((value, j) => value - meanY[j]));
  const product = (i: number, right: number[][], j: number): number =>
    x.reduce((sum, row, n) => sum + row[i] * right[n][j], 0);
  const gram = meanX.map((_, i) => meanX.map((__, j) => product(i, x, j) + (i === j ? alpha : 0)));
  const columns = meanY.map((_, j) => {
    const solution = lusolve(matrix(gram), matrix(meanX.map((__, i) => product(i, y, j)))) as Matrix;
    return solution.toArray().flat() as number[];
  });
  return (row) => columns.map((column, j) => column.reduce((sum, a, i) => sum + a * (row[i] - meanX[i]), meanY[j]));
}

/** The first of the largest. */
export const argMax = (values: number[]): number => values.indexOf(Math.max(...values));

export const applyHead = ({ weight, bias }: LinearMap, features: number[]): number[] =>
  Array.from({ length: weight.shape[0] }, (_, k) =>
    features.reduce((sum, value, j) => sum + weight.get(k, j) * value, bias.get(k)),
  );

/** Agreement, mean squared error and R² of a map on a test set. */
export function figures(
  map: (x: number[]) => number[],
  head: LinearMap,
  { X, Y, Z }: { X: number[][]; Y: number[][]; Z: number[][] },
): { agreed: number; mse: number; r2: number } {
  const guess = X.map(map);
  const mean = meanOf(Y);
  const square = (a: number[][], b: (i: number) => number[]): number =>
    a.reduce((sum, row, i) => sum + row.reduce((part, value, j) => part + (value - b(i)[j]) ** 2, 0), 0);
  const error = square(Y, (i) => guess[i]);
  return {
    agreed: guess.filter((features, i) => argMax(applyHead(head, features)) === argMax(Z[i])).length,
    mse: error / (Y.length * Y[0].length),
    r2: 1 - error / square(Y, () => mean),
  };
}
