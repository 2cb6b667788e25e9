import { exp, log } from '../base/index.js';

/** log Σ exp of a row, relative to its largest number so that nothing overflows. */
export function logSumExp(row: Float64Array | Float32Array): number {
  let largest = -Infinity;
  for (const value of row) if (value > largest) largest = value;
  let sum = 0;
  for (const value of row) sum += exp(value - largest);
  return largest + log(sum);
}
