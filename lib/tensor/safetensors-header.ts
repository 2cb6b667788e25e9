import { FeatReconstructError, UsageError } from '../base/index.js';
import { bytesOf } from '../bytes/index.js';
import type { OpenBytes } from '../bytes/index.js';
import { arrayType, elementCount, elementSize } from './elements.js';
import type { ElementType } from './elements.js';
import { float32ToFloat16 } from './halves.js';

/**
 * The header of a safetensors file: eight bytes of length, JSON, then the tensors' bytes without gaps
 * (https://github.com/huggingface/safetensors#format). Validated as the reference implementation does.
 */

/** A number type as safetensors names it. */
export type SafetensorsDtype =
  'U64' | 'I64' | 'F64' | 'F32' | 'U32' | 'I32' | 'BF16' | 'F16' | 'U16' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** In the order in which the reference implementation writes tensors: the widest elements first. */
const types: Record<SafetensorsDtype, ElementType> = {
  U64: 'uint64',
  I64: 'int64',
  F64: 'float64',
  F32: 'float32',
  U32: 'uint32',
  I32: 'int32',
  BF16: 'bfloat16',
  F16: 'float16',
  U16: 'uint16',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

const layoutOrder = Object.keys(types) as SafetensorsDtype[];

/** What a dtype of safetensors is called here. */
export const elementType = (dtype: SafetensorsDtype): ElementType => types[dtype];
/** The other way round. */
export const dtypeOf = (type: ElementType): SafetensorsDtype => layoutOrder.find((dtype) => types[dtype] === type)!;

/** One tensor as a header describes it: name, number type and shape. */
export interface TensorSpec {
  name: string;
  dtype: SafetensorsDtype;
  shape: readonly number[];
}

/** A tensor and where it is in the file. */
export interface TensorEntry extends TensorSpec {
  /** In bytes from the start of the file. */
  offset: number;
  byteLength: number;
}

export interface SafetensorsHeader {
  /** The header itself: eight bytes of length, then the JSON. */
  bytes: Uint8Array;
  metadata: Record<string, string>;
  tensors: Map<string, TensorEntry>;
  /** Bytes of the whole file. */
  size: number;
}

/** The reference implementation's limit, in bytes. */
const largestHeader = 100_000_000;

/**
 * Reads and checks the header.
 * @throws FeatReconstructError when it, its offsets or the file's length are not as the format says
 */
export async function readSafetensorsHeader(file: OpenBytes): Promise<SafetensorsHeader> {
  const bad = (found: string): FeatReconstructError =>
    new FeatReconstructError(
      `Expected ${file.name} to be a safetensors file, found ${found}: it is truncated, corrupted or something else. Write or copy it again.`,
      { code: 'damaged' },
    );
  if (file.size < 8) throw bad(`${file.size} bytes`);
  const length = Number(new DataView((await file.read(0, 8)).buffer).getBigUint64(0, true));
  if (length > largestHeader || length > file.size - 8)
    throw bad(`a header of ${length} bytes in a file of ${file.size}`);
  const bytes = await file.read(0, 8 + length);
  let json: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8));
    if (!text.startsWith('{')) throw new Error('no JSON object');
    json = JSON.parse(text);
  } catch (error) {
    throw bad(`a header that is no JSON object (${(error as Error).message})`);
  }
  const twice = repeatedName(text);
  if (twice !== null) throw bad(`the name ${twice} twice`);
  const { __metadata__: metadata = {}, ...entries } = json as Record<string, unknown>;
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw bad('metadata that are no map of texts');
  }
  const start = 8 + length;
  const tensors = Object.entries(entries).map(([name, entry]) => checkEntry(name, entry, start, file.name, bad));
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let end = start;
  for (const tensor of tensors) {
    if (tensor.offset !== end) {
      throw bad(
        `tensor '${tensor.name}' at byte ${tensor.offset - start} of the data, where byte ${end - start} was next`,
      );
    }
    end += tensor.byteLength;
  }
  if (end !== file.size) throw bad(`${file.size} bytes where its header asks for ${end}`);
  return {
    bytes,
    metadata: metadata as Record<string, string>,
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    size: end,
  };
}

/** A name that an object has twice, which the format forbids, or null: `JSON.parse` would silently keep the last. */
function repeatedName(json: string): string | null {
  const names: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    if (json[at] === '{') names.push(new Set());
    else if (json[at] === '}') names.pop();
    else if (json[at] === '"') {
      const start = at;
      for (at++; json[at] !== '"'; at++) if (json[at] === '\\') at++;
      let next = at + 1;
      while (/\s/.test(json[next])) next++;
      if (json[next] !== ':') continue;
      const name = JSON.parse(json.slice(start, at + 1)) as string;
      const known = names[names.length - 1];
      if (known.has(name)) return `'${name.slice(0, 100)}'`;
      known.add(name);
    }
  }
  return null;
}

function checkEntry(
  name: string,
  entry: unknown,
  start: number,
  file: string,
  bad: (found: string) => FeatReconstructError,
): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (isObject(entry) ? entry : {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !isNaturals(shape) || !isNaturals(offsets) || offsets.length !== 2) {
    throw bad(`an entry for tensor '${name}' without dtype, shape and data_offsets`);
  }
  if (!Object.hasOwn(types, dtype)) {
    throw new FeatReconstructError(
      `Expected the tensors of ${file} to be of type ${layoutOrder.join(', ')}, found '${name}' of type ${dtype}: convert it first.`,
    );
  }
  const known = dtype as SafetensorsDtype;
  const expected = elementCount(shape, `'${name}' in ${file}`) * elementSize(types[known]);
  const byteLength = offsets[1] - offsets[0];
  if (byteLength !== expected) {
    throw bad(
      `${byteLength} bytes for tensor '${name}', where ${dtype} of shape (${shape.join(', ')}) takes ${expected}`,
    );
  }
  return { name, dtype: known, shape, offset: start + offsets[0], byteLength };
}

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);
const isNaturals = (x: unknown): x is number[] =>
  Array.isArray(x) && x.every((value) => Number.isSafeInteger(value) && value >= 0);

/**
 * The header for some tensors, and where each one goes. They are ordered as in the reference implementation (largest
 * elements first, then by name), so that each is aligned and the same tensors give the same bytes.
 */
export function layOut(
  specs: readonly TensorSpec[],
  metadata: Record<string, string>,
): { bytes: Uint8Array; entries: TensorEntry[]; size: number } {
  const sorted = [...specs].sort(
    (a, b) =>
      layoutOrder.indexOf(a.dtype) - layoutOrder.indexOf(b.dtype) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const lengths = sorted.map(({ name, dtype, shape }) => elementCount(shape, `'${name}'`) * elementSize(types[dtype]));
  const header: [string, unknown][] = Object.keys(metadata).length ? [['__metadata__', metadata]] : [];
  let at = 0;
  const offsets = sorted.map(({ name, dtype, shape }, i) => {
    const begin = at;
    at += lengths[i];
    header.push([name, { dtype, shape, data_offsets: [begin, at] }]);
    return begin;
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, ' ');
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  bytes.set(json, 8);
  const start = bytes.length;
  return {
    bytes,
    entries: sorted.map((spec, i) => ({ ...spec, offset: start + offsets[i], byteLength: lengths[i] })),
    size: start + at,
  };
}

/**
 * Numbers as the bytes of a dtype. F16 also takes float32, which is rounded, and F16 and BF16 take bits in a
 * Uint16Array; BOOL takes a Uint8Array of 0 and 1.
 * @throws UsageError for any other conversion
 */
export function encodeElements(data: ArrayBufferView, dtype: SafetensorsDtype, name: string): Uint8Array {
  if (dtype === 'F16' && data instanceof Float32Array) return bytesOf(float32ToFloat16(data));
  const given = arrayType(data);
  const bits = { F16: 'uint16', BF16: 'uint16', BOOL: 'uint8' } as Partial<Record<SafetensorsDtype, ElementType>>;
  if (given !== undefined && (given === types[dtype] || given === bits[dtype])) return bytesOf(data);
  throw new UsageError(
    `Expected tensor '${name}' to be given as ${dtype}, found a ${data.constructor.name}: convert it first or store it as another type.`,
  );
}
