import { matrix, multiply, multiplyVector, type Matrix } from '../linalg/index.js';

/** Rows (n, p) times a vector (p), in memory of its own or, where there is one, in `into` (n). */
export type Times = (rows: Matrix, x: Float64Array, into?: Float64Array) => Promise<Float64Array>;

interface Asked {
  rows: Matrix;
  x: Float64Array;
  into: Float64Array | undefined;
  resolve(product: Float64Array): void;
  reject(error: unknown): void;
}

/**
 * Works that go on side by side and share their products. Most of the time of a product of many rows with one vector goes
 * into reading the rows: eight vectors take hardly longer than one. So each work waits until all others want a product
 * as well, or have ended, and all are answered at once.
 * @returns what each work returned, in their order
 * @throws the first error of a work, once all have ended
 */
export async function sideBySide<T>(works: readonly ((times: Times) => Promise<T>)[]): Promise<T[]> {
  let going = works.length;
  let asked: Asked[] = [];
  const answer = async (): Promise<void> => {
    if (asked.length < going) return;
    const all = asked;
    asked = [];
    for (const rows of new Set(all.map((one) => one.rows))) {
      const same = all.filter((one) => one.rows === rows);
      try {
        const products = await productsOf(rows, same);
        same.forEach(({ resolve }, i) => resolve(products[i]));
      } catch (error) {
        for (const { reject } of same) reject(error);
      }
    }
  };
  const times: Times = (rows, x, into) =>
    new Promise((resolve, reject) => {
      asked.push({ rows, x, into, resolve, reject });
      void answer();
    });
  const ended = await Promise.allSettled(
    works.map(async (work) => {
      try {
        return await work(times);
      } finally {
        going--;
        void answer();
      }
    }),
  );
  return ended.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}

/** A matrix times each of some vectors, in one pass over the matrix. */
async function productsOf(rows: Matrix, asked: readonly Pick<Asked, 'x' | 'into'>[]): Promise<Float64Array[]> {
  if (asked.length === 1) return [await multiplyVector(rows, asked[0].x)];
  const k = asked.length;
  const columns = matrix(rows.cols, k);
  for (let j = 0; j < k; j++) for (let i = 0; i < rows.cols; i++) columns.data[i * k + j] = asked[j].x[i];
  const { data } = await multiply(rows, columns);
  return asked.map(({ into }, j) => {
    const out = into ?? new Float64Array(rows.rows);
    for (let i = 0, at = j; i < out.length; i++, at += k) out[i] = data[at];
    return out;
  });
}
