import ndarray from 'ndarray';
import type { NdArray } from 'ndarray';
import ops from 'ndarray-ops';
import { FeatReconstructError } from '../base/index.js';
import { arrayType, toFloats } from './elements.js';
import type { ElementType, TypedArray } from './elements.js';

/** An ndarray of any number type. (`never` lets NdArray<Float32Array> through, which is invariant in its data.) */
export type AnyNdArray = NdArray | NdArray<never>;

/** Whether x is an ndarray. By its properties, since two copies of ndarray may be installed side by side. */
export function isNdArray(x: unknown): x is NdArray {
  const view = x as NdArray | null;
  return (
    typeof view === 'object' &&
    view !== null &&
    Array.isArray(view.shape) &&
    Array.isArray(view.stride) &&
    typeof view.offset === 'number' &&
    typeof view.get === 'function' &&
    'data' in view
  );
}

/**
 * An ndarray's numbers, dense and row-major. Float arrays that lie dense already are not copied (the result is a view
 * of them: read it, do not write to it); strided and reversed views are copied once, and other number types become
 * float64.
 */
export function denseData(x: AnyNdArray): Float32Array | Float64Array {
  return toFloats(denseElements(x).data);
}

/** The same, but in the array's own number type; plain arrays become float64. */
export function denseElements(x: AnyNdArray): { type: ElementType; data: TypedArray } {
  const source = x.data as unknown as TypedArray;
  const type = arrayType(source);
  if (type && isDense(x)) {
    const whole = x.offset === 0 && x.size === source.length;
    return { type, data: whole ? source : (source.subarray(x.offset, x.offset + x.size) as TypedArray) };
  }
  const data = new ((type ? source.constructor : Float64Array) as Float64ArrayConstructor)(x.size);
  // ndarray-ops walks memory in the view's own best order.
  ops.assign(ndarray(data, x.shape) as never, x as never);
  return { type: type ?? 'float64', data };
}

/** Row-major without holes, from the view's offset on. */
function isDense(x: AnyNdArray): boolean {
  let expected = 1;
  for (let axis = x.shape.length - 1; axis >= 0; axis--) {
    if (x.shape[axis] !== 1 && x.stride[axis] !== expected) return false;
    expected *= x.shape[axis];
  }
  return true;
}

/** A dense row-major array as an ndarray, without a copy. @throws FeatReconstructError when the sizes differ */
export function toNdArray<D extends TypedArray>(data: D, shape: readonly number[]): NdArray<D> {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (size !== data.length) {
    throw new FeatReconstructError(
      `Expected ${size} numbers for the shape (${shape.join(', ')}), found ${data.length}: pass the shape of the data.`,
      { code: 'mismatch' },
    );
  }
  return ndarray(data as Float64Array, [...shape]) as unknown as NdArray<D>;
}
