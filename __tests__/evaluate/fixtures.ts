import { readFileSync } from 'node:fs';
import { toNdArray, type FloatNdArray, type LinearMap } from '../../lib/tensor/index.js';

/** A fixture written by goldens/evaluate.py. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/evaluate/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** number[][] as a float64 ndarray. */
export const matrix = (rows: number[][]): FloatNdArray =>
  toNdArray(Float64Array.from(rows.flat()), [rows.length, rows[0].length]);

export const linearMap = ({ weight, bias }: { weight: number[][]; bias: number[] }): LinearMap => ({
  weight: matrix(weight),
  bias: toNdArray(Float64Array.from(bias), [bias.length]),
});

/** Every number of `expected` is found to within `tolerance`, relative to the larger of it and 1; the rest is equal. */
export function expectClose(found: unknown, expected: unknown, tolerance: number, path = 'result'): void {
  if (typeof expected === 'number') {
    if (typeof found !== 'number' || !(Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected)))) {
      throw new Error(`${path}: expected ${expected}, found ${String(found)}`);
    }
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      expectClose((found as Record<string, unknown>)?.[key], value, tolerance, `${path}.${key}`);
    }
  } else if (found !== expected) throw new Error(`${path}: expected ${String(expected)}, found ${String(found)}`);
}
