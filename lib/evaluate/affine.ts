import { FeatReconstructError } from '../base/index.js';
import { denseData, type LinearMap, type RowSource } from '../tensor/index.js';

/** A LinearMap's numbers in float64. */
export interface AffineMap {
  /** (outputs, inputs), row-major */
  weight: Float64Array;
  /** (outputs) */
  bias: Float64Array;
  outputs: number;
  inputs: number;
}

/** Orthonormal columns (size, rank), row-major. */
export interface Basis {
  data: Float64Array;
  size: number;
  rank: number;
}

/** An affine space: a point of it and an orthonormal basis of its directions. */
export interface CentredSpan {
  mean: Float64Array;
  basis: Basis;
}

/** @throws FeatReconstructError where the weight is no finite matrix with a bias to match */
export function toAffine(map: LinearMap, name: string): AffineMap {
  const [outputs, inputs] = map.weight.shape;
  if (map.weight.shape.length !== 2 || map.bias.size !== outputs) {
    throw new FeatReconstructError(
      `Expected ${name} to have a weight (out, in) and a bias (out), found shapes (${map.weight.shape.join(', ')}) and (${map.bias.shape.join(', ')}).`,
    );
  }
  const weight = toFloat64(denseData(map.weight));
  const bias = toFloat64(denseData(map.bias));
  if (firstNonFinite(weight) >= 0 || firstNonFinite(bias) >= 0) {
    throw new FeatReconstructError(
      `Expected ${name} to hold finite numbers, found NaN or Inf: it cannot be applied. Fit or export it again.`,
      { code: 'not-finite' },
    );
  }
  return { weight, bias, outputs, inputs };
}

/** As it is, or a float64 copy. */
export const toFloat64 = (data: Float32Array | Float64Array): Float64Array =>
  data instanceof Float64Array ? data : new Float64Array(data);

/** @throws FeatReconstructError naming both sides */
export function checkWidth(found: number, expected: number, what: string, against: string): void {
  if (found === expected) return;
  throw new FeatReconstructError(
    `Expected ${what} of width ${expected} to go with ${against}, found ${found}: pass the pair that belongs together.`,
    { code: 'mismatch' },
  );
}

/** @throws FeatReconstructError naming both sides */
export function checkCount(found: number, expected: number, what: string, against: string): void {
  if (found === expected) return;
  throw new FeatReconstructError(
    `Expected ${what} to have ${expected} rows like ${against}, found ${found}: pass both for the same images.`,
    { code: 'mismatch' },
  );
}

/** @throws FeatReconstructError naming the first row that holds NaN or an infinity */
export function checkFinite(block: Float32Array | Float64Array, cols: number, start: number, name: string): void {
  const at = firstNonFinite(block);
  if (at < 0) return;
  throw new FeatReconstructError(
    `Row ${start + Math.floor(at / cols)} of ${name}, column ${at % cols}: expected a finite number, found ${block[at]}. Extract that image again or leave it out.`,
    { code: 'not-finite' },
  );
}

/** Index of the first NaN or infinity, −1 where there is none. */
export function firstNonFinite(values: Float32Array | Float64Array): number {
  let check = 0;
  // 0 for every finite number, NaN for the others: a sum without branches, several times faster than a test on each.
  for (let i = 0; i < values.length; i++) check += values[i] - values[i];
  return check === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/** Refuses sources without rows. */
export function checkNotEmpty(source: RowSource, name: string): void {
  if (source.rows > 0) return;
  throw new FeatReconstructError(`Expected at least one row in ${name}, found none.`, { code: 'too-few-rows' });
}
