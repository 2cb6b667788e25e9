import { matrix, multiply, symmetricEigen, type Matrix } from '../fit/index.js';

/**
 * The orthonormal rows nearest to those of W (k, m), k <= m: (W Wᵀ)^-½ W.
 * @returns them, and the singular values of W, descending
 */
export async function nearestOrthonormal(w: Matrix): Promise<{ rows: Matrix; singular: Float64Array }> {
  const k = w.rows;
  const { values, vectors } = symmetricEigen((await multiply(w, w, 'nt')).data, k);
  const scaled = matrix(k, k);
  for (let i = 0; i < k; i++) {
    const scale = 1 / Math.sqrt(Math.max(values[i], values[0] * 1e-15));
    for (let j = 0; j < k; j++) scaled.data[i * k + j] = scale * vectors.data[i * k + j];
  }
  const root = await multiply(matrix(k, k, vectors.data), scaled, 'tn');
  return { rows: await multiply(root, w), singular: values.map((value) => Math.sqrt(Math.max(value, 0))) };
}
