import { readFileSync } from 'node:fs';
import ndarray, { type NdArray } from 'ndarray';
import type { LinearMap } from '../../lib/tensor/index.js';

/** What `__tests__/goldens/fit.py` wrote. */
export interface Golden {
  weight: number[][];
  bias: number[];
  rank: number;
  condition: number;
}

interface Goldens {
  fits: Record<string, Golden>;
  heads: Record<string, { rank: number; condition: number; pseudoInverse: number[][] }>;
  spectra: Record<string, number[]>;
}

export const goldens = JSON.parse(
  readFileSync(new URL('../fixtures/fit/goldens.json', import.meta.url), 'utf8'),
) as Goldens;

/** Integers from -8 to 8, the same as in `__tests__/goldens/fit.py`. */
export function integers(rows: number, cols: number, seed: number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, i) => {
    let x = (Math.imul(i, 0x9e3779b1) + seed) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    return ((x >>> 0) % 17) - 8;
  });
}

export const matrixOf = (data: Float64Array, cols: number): NdArray<Float64Array> =>
  ndarray(data, [data.length / cols, cols]);

export const float32 = (x: NdArray<Float64Array>): NdArray<Float32Array> => ndarray(Float32Array.from(x.data), x.shape);

export const mapOf = (weight: Float64Array, cols: number, bias: Float64Array): LinearMap => ({
  weight: matrixOf(weight, cols),
  bias: ndarray(bias, [bias.length]),
});

/** Row-major product of (n, k) and (k, p). */
export function product(a: Float64Array, b: Float64Array, k: number): Float64Array {
  const [n, p] = [a.length / k, b.length / k];
  const out = new Float64Array(n * p);
  for (let i = 0; i < n; i++) {
    for (let l = 0; l < k; l++) for (let j = 0; j < p; j++) out[i * p + j] += a[i * k + l] * b[l * p + j];
  }
  return out;
}

/** Largest absolute difference between an array and nested or flat numbers. */
export function largestDifference(found: ArrayLike<number>, expected: readonly (number | readonly number[])[]): number {
  const flat = expected.flat() as number[];
  if (found.length !== flat.length) return Infinity;
  return flat.reduce((largest, value, i) => Math.max(largest, Math.abs(value - found[i])), 0);
}

export const largest = (values: readonly (number | readonly number[])[]): number =>
  (values.flat() as number[]).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
