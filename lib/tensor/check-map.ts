import { FeatReconstructError, isPromise } from '../base/index.js';
import { isNdArray } from './dense.js';
import type { LinearMap } from './types.js';

/**
 * Refuses what is no map: plain arrays of a caller, a promise of one, nothing.
 * @param name what the message calls it
 */
export function checkMap(map: LinearMap, name = 'the map'): void {
  const { weight, bias } = map ?? {};
  if (isNdArray(weight) && isNdArray(bias)) return;
  throw new FeatReconstructError(
    isPromise(map)
      ? `Expected ${name}, found a promise: await it first.`
      : `Expected ${name} as { weight (out, in), bias (out) } of ndarrays, found something else: make them with toNdArray(Float64Array.from(weight.flat()), [out, in]) and toNdArray(Float64Array.from(bias), [out]).`,
  );
}
