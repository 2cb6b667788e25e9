import { FeatReconstructError } from '../base/index.js';
import { readExternal, type ExternalData } from './external.js';
import { bfloat16ToFloat32, float16ToFloat32 } from '../tensor/index.js';
import { EXTERNAL, StringStringEntryProto, TensorProto } from './fields.js';
import { type Field, fields, int, ints, text } from './protobuf.js';

/** onnx.TensorProto.DataType by number, with the bytes of one element in `raw_data` (0: not read here). */
const types: Record<number, { name: string; size: number }> = {
  1: { name: 'float32', size: 4 },
  2: { name: 'uint8', size: 1 },
  3: { name: 'int8', size: 1 },
  4: { name: 'uint16', size: 2 },
  5: { name: 'int16', size: 2 },
  6: { name: 'int32', size: 4 },
  7: { name: 'int64', size: 8 },
  8: { name: 'string', size: 0 },
  9: { name: 'bool', size: 1 },
  10: { name: 'float16', size: 2 },
  11: { name: 'float64', size: 8 },
  12: { name: 'uint32', size: 4 },
  13: { name: 'uint64', size: 8 },
  16: { name: 'bfloat16', size: 2 },
};

/** The name of an element type; `type 21` for one that this library does not read. */
export const typeName = (type: number): string => types[type]?.name ?? `type ${type}`;

/** A tensor as it is in the file; its numbers are decoded by `readTensor` only. */
export interface TensorView {
  name: string;
  type: string;
  dims: number[];
  /** Where the numbers are when they are not in the model's own file. */
  external: ExternalData | null;
  /** `raw_data`: little-endian bytes, row-major. */
  raw: Uint8Array | null;
  /** `float_data`, `int32_data`, `int64_data`, `double_data`, `uint64_data`: views of the fields, by field number. */
  typed: Map<number, Field[]>;
}

/** The numbers of a constant, decoded. Whole numbers come as float64, exact up to 2^53. */
export interface NumericTensor {
  dims: number[];
  data: Float32Array | Float64Array;
}

/** How many numbers a tensor of this shape has. */
export const countOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** Bytes that a tensor of this type takes; null for a type whose elements have no fixed size here. */
export function byteLengthOf(type: string, dims: readonly number[]): number | null {
  const size = Object.values(types).find(({ name }) => name === type)?.size ?? 0;
  return size > 0 ? countOf(dims) * size : null;
}

/** Fields that hold a tensor's numbers where `raw_data` does not. */
const numbersAsFields: ReadonlySet<number> = new Set([
  TensorProto.floatData,
  TensorProto.int32Data,
  TensorProto.int64Data,
  TensorProto.doubleData,
  TensorProto.uint64Data,
]);

/** Reads a TensorProto, but not its numbers. @throws FeatReconstructError where they are not as many bytes as its shape takes */
export function tensorView(message: Uint8Array): TensorView {
  const view: TensorView = { name: '', type: typeName(0), dims: [], external: null, raw: null, typed: new Map() };
  const entries = new Map<string, string>();
  let isExternal = false;
  let typeNumber = 0;
  for (const field of fields(message)) {
    if (field.number === TensorProto.dims) ints(field, view.dims);
    else if (field.number === TensorProto.dataType) typeNumber = int(field);
    else if (field.number === TensorProto.name) view.name = text(field);
    else if (field.number === TensorProto.rawData) view.raw = field.bytes;
    else if (field.number === TensorProto.externalData) readEntry(field.bytes, entries);
    else if (field.number === TensorProto.dataLocation) isExternal = int(field) === EXTERNAL;
    else if (numbersAsFields.has(field.number)) {
      const before = view.typed.get(field.number);
      if (before) before.push(field);
      else view.typed.set(field.number, [field]);
    }
  }
  view.type = typeName(typeNumber);
  if (isExternal) view.external = externalData(view.name, entries);
  const size = types[typeNumber]?.size ?? 0;
  const found = view.external ? (view.external.length ?? null) : (view.raw?.length ?? null);
  const expected = countOf(view.dims) * size;
  if (
    view.dims.some((dim) => dim < 0) ||
    !Number.isSafeInteger(expected) ||
    (size > 0 && found !== null && found !== expected)
  ) {
    throw new FeatReconstructError(
      `Expected ${expected} bytes for the tensor '${view.name}' (${view.type}, shape ${view.dims.join(' x ')}), found ${found}: the model file is corrupted. Copy or export it again.`,
      { code: 'damaged' },
    );
  }
  return view;
}

/** Reads one key and value of `external_data`. */
function readEntry(message: Uint8Array, into: Map<string, string>): void {
  let key = '';
  let value = '';
  for (const field of fields(message)) {
    if (field.number === StringStringEntryProto.key) key = text(field);
    else if (field.number === StringStringEntryProto.value) value = text(field);
  }
  into.set(key, value);
}

function externalData(tensor: string, entries: Map<string, string>): ExternalData {
  const location = entries.get('location');
  if (!location) {
    throw new FeatReconstructError(
      `Expected the tensor '${tensor}' to say where its external data lie, found no location: the model file is corrupted. Export it again.`,
      { code: 'damaged' },
    );
  }
  const [offset, length] = ['offset', 'length'].map((key) => {
    const written = entries.get(key);
    if (written === undefined || /^\d{1,15}$/.test(written)) return written;
    throw new FeatReconstructError(
      `Expected the tensor '${tensor}' to say by a whole number where its external data lie, found the ${key} '${written.slice(0, 40)}': the model file is corrupted. Export it again.`,
      { code: 'damaged' },
    );
  });
  return { location, offset: Number(offset ?? 0), length: length === undefined ? null : Number(length) };
}

/**
 * Decodes a tensor. Copies it, so that the memory of the file's bytes can be freed.
 * @param modelPath the model's own path, for external data
 * @throws FeatReconstructError for types that are not numbers, and for data that are missing or out of bounds
 */
export function readTensor(view: TensorView, modelPath: string | undefined): NumericTensor {
  const n = countOf(view.dims);
  const size = byteLengthOf(view.type, []);
  if (size === null) {
    throw new FeatReconstructError(
      `Expected numbers in the tensor '${view.name}', found ${view.type}, which is not read here: export the model with float32 weights.`,
    );
  }
  const raw = view.external ? readExternal(view.name, view.external, n * size, modelPath) : view.raw;
  // Some writers leave an empty raw_data beside the typed fields.
  const data = raw && (raw.length > 0 || n === 0) ? decodeRaw(view.type, raw) : decodeTyped(view);
  if (data.length !== n) {
    throw new FeatReconstructError(
      `Expected ${n} numbers in the tensor '${view.name}' (shape ${view.dims.join(' x ')}), found ${data.length}: the model file is corrupted. Copy or export it again.`,
      { code: 'damaged' },
    );
  }
  return { dims: view.dims, data };
}

function decodeRaw(type: string, raw: Uint8Array): Float32Array | Float64Array {
  // A copy begins at offset 0: the arrays below need an offset that is a multiple of their elements' size.
  const { buffer } = new Uint8Array(raw);
  switch (type) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    case 'float16':
      return float16ToFloat32(new Uint16Array(buffer));
    case 'bfloat16':
      return bfloat16ToFloat32(new Uint16Array(buffer));
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer), Number);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer), Number);
    case 'int32':
      return new Float64Array(new Int32Array(buffer));
    case 'uint32':
      return new Float64Array(new Uint32Array(buffer));
    case 'int16':
      return new Float64Array(new Int16Array(buffer));
    case 'uint16':
      return new Float64Array(new Uint16Array(buffer));
    case 'int8':
      return new Float64Array(new Int8Array(buffer));
    default:
      return new Float64Array(new Uint8Array(buffer));
  }
}

/** onnx.proto: float_data holds float32; double_data float64; int32_data the small integers and the bits of 16-bit floats. */
function decodeTyped(view: TensorView): Float32Array | Float64Array {
  switch (view.type) {
    case 'float32':
      return new Float32Array(joined(view.typed.get(TensorProto.floatData), 4).buffer);
    case 'float64':
      return new Float64Array(joined(view.typed.get(TensorProto.doubleData), 8).buffer);
    case 'float16':
      return float16ToFloat32(Uint16Array.from(integers(view.typed.get(TensorProto.int32Data))));
    case 'bfloat16':
      return bfloat16ToFloat32(Uint16Array.from(integers(view.typed.get(TensorProto.int32Data))));
    case 'int64':
      return Float64Array.from(integers(view.typed.get(TensorProto.int64Data)));
    case 'uint32':
    case 'uint64':
      return Float64Array.from(integers(view.typed.get(TensorProto.uint64Data)));
    default:
      return Float64Array.from(integers(view.typed.get(TensorProto.int32Data)));
  }
}

/** Fixed-width numbers, packed or one field each, as one block of bytes. */
function joined(parts: readonly Field[] = [], size: 4 | 8): Uint8Array<ArrayBuffer> {
  const total = parts.reduce((sum, part) => sum + (part.wire === 2 ? part.bytes.length : size), 0);
  const out = new Uint8Array(total - (total % size));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const part of parts) {
    if (part.wire === 2) out.set(part.bytes.subarray(0, out.length - at), at);
    else if (size === 4) view.setUint32(at, Number(part.value), true);
    else view.setBigUint64(at, part.value, true);
    at += part.wire === 2 ? part.bytes.length : size;
  }
  return out;
}

function integers(parts: readonly Field[] = []): number[] {
  const out: number[] = [];
  for (const part of parts) ints(part, out);
  return out;
}
