import { FeatReconstructError } from '../base/index.js';
import { bfloat16ToFloat32, float16ToFloat32 } from './halves.js';

/** The number type of a tensor in a file. */
export type ElementType =
  | 'bool'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64';

/**
 * Its numbers in memory: bool is a Uint8Array of 0 and 1, 16-bit floats become a Float32Array. (What `of` gives is
 * on an ArrayBuffer, in words that compilers before 5.7 read, too.)
 */
export type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | ReturnType<typeof BigUint64Array.of>
  | ReturnType<typeof BigInt64Array.of>
  | Float32Array
  | Float64Array;

const arrays = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

const typeOf = new Map<unknown, ElementType>([
  [Uint8Array, 'uint8'],
  [Uint8ClampedArray, 'uint8'],
  [Int8Array, 'int8'],
  [Uint16Array, 'uint16'],
  [Int16Array, 'int16'],
  [Uint32Array, 'uint32'],
  [Int32Array, 'int32'],
  [BigUint64Array, 'uint64'],
  [BigInt64Array, 'int64'],
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
]);

/** The number type of a typed array; undefined for anything else. */
export const arrayType = (array: object): ElementType | undefined => typeOf.get(array.constructor);

/** Bytes of one element. */
export const elementSize = (type: ElementType): number => arrays[type].BYTES_PER_ELEMENT;

/**
 * Little-endian bytes as numbers: a view of `bytes` where they are aligned, else a copy. (ONNX Runtime's packages for
 * Node exist for little-endian machines only, so the machine's order is the file's.)
 */
export function decodeElements(bytes: Uint8Array, type: ElementType): TypedArray {
  const Type = arrays[type];
  const aligned = bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? bytes : Uint8Array.from(bytes);
  const raw = new Type(aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.byteLength / Type.BYTES_PER_ELEMENT);
  if (type === 'float16') return float16ToFloat32(raw as Uint16Array);
  if (type === 'bfloat16') return bfloat16ToFloat32(raw as Uint16Array);
  return raw;
}

/** Reverses the bytes of every element, in place: for big-endian files. */
export function swapBytes(bytes: Uint8Array, type: ElementType): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = elementSize(type);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}

/** Integers and bools as float64 (exact up to 2^53); floats as they are. */
export function toFloats(array: TypedArray): Float32Array | Float64Array {
  if (array instanceof Float32Array || array instanceof Float64Array) return array;
  return Float64Array.from(array as Iterable<number | bigint>, Number);
}

/** The `dtype` of a `RowSource` over elements of this type. */
export function floatType(type: ElementType): 'float16' | 'float32' | 'float64' {
  if (type === 'float16' || type === 'bfloat16') return 'float16';
  return type === 'float32' ? 'float32' : 'float64';
}

/** NumPy's arrays have at most this many. */
const mostDimensions = 64;

/** The number of elements of a shape. @throws FeatReconstructError where it is no shape or too large to address */
export function elementCount(shape: readonly number[], name: string): number {
  if (shape.length > mostDimensions) {
    throw new FeatReconstructError(
      `Expected ${name} to have at most ${mostDimensions} dimensions, found ${shape.length}: the file is corrupted. Write it again.`,
    );
  }
  let count = 1;
  for (const dim of shape) {
    count *= dim;
    if (!Number.isSafeInteger(dim) || dim < 0 || !Number.isSafeInteger(count * 8)) {
      throw new FeatReconstructError(
        `Expected the shape of ${name} to be whole numbers of a size that can be addressed, found (${shape.join(', ')}): the file is corrupted. Write it again.`,
      );
    }
  }
  return count;
}
