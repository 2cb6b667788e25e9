import { FeatReconstructError } from '../base/index.js';
import { checkMap, denseData, type LinearMap } from '../tensor/index.js';
import { firstNonFinite } from './checks.js';

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

/** A map in float64. @throws FeatReconstructError where the weight is no finite matrix with a bias to match */
export function toAffine(map: LinearMap, name: string): AffineMap {
  const [outputs, inputs] = checkedMap(map, name);
  return { weight: toFloat64(denseData(map.weight)), bias: toFloat64(denseData(map.bias)), outputs, inputs };
}

/** The outputs and inputs of a map. @throws FeatReconstructError where the weight is no finite matrix with a bias to match */
export function checkedMap(map: LinearMap, name: string): [outputs: number, inputs: number] {
  checkMap(map, name);
  const { weight, bias } = map;
  const [outputs, inputs] = weight.shape;
  if (weight.shape.length !== 2 || bias.size !== outputs) {
    throw new FeatReconstructError(
      `Expected ${name} to have a weight (out, in) and a bias (out), found shapes (${weight.shape.join(', ')}) and (${bias.shape.join(', ')}).`,
    );
  }
  if (firstNonFinite(denseData(weight)) >= 0 || firstNonFinite(denseData(bias)) >= 0) {
    throw new FeatReconstructError(
      `Expected ${name} to hold finite numbers, found NaN or Inf: it cannot be applied. Fit or export it again.`,
      { code: 'not-finite' },
    );
  }
  return [outputs, inputs];
}

/** The array itself where it is float64, else a copy. */
export const toFloat64 = (data: Float32Array | Float64Array): Float64Array =>
  data instanceof Float64Array ? data : new Float64Array(data);
