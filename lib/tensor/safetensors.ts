import type { NdArray } from 'ndarray';
import { FeatReconstructError, isCoded, type TaskOptions } from '../base/index.js';
import { openBytes, writeWhole } from '../bytes/index.js';
import type { OpenBytes } from '../bytes/index.js';
import { denseElements, isNdArray } from './dense.js';
import type { AnyNdArray } from './dense.js';
import { foreignError } from './foreign-arrays.js';
import { dtypeOf, elementType, encodeElements, layOut, readSafetensorsHeader } from './safetensors-header.js';
import type { SafetensorsDtype, TensorEntry } from './safetensors-header.js';
import { readStored, storedTensor } from './stored.js';
import type { StoredTensor } from './stored.js';

/** A safetensors file that is read in ranges, of any size. */
export interface SafetensorsFile {
  /** The bytes of the header with its length: for checksums. */
  readonly header: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, { dtype: SafetensorsDtype; shape: readonly number[] }>;
  /** One tensor's rows (items along its first axis), read when asked for. */
  rows(name: string): StoredTensor;
  /** One tensor whole; F16 and BF16 become float32, I64 a BigInt64Array, BOOL a Uint8Array. */
  read(name: string): Promise<NdArray>;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file; only its header is read.
 * @throws FeatReconstructError when it is missing, truncated, corrupted or no safetensors file
 */
export async function openSafetensors(pathOrBytes: string | Uint8Array): Promise<SafetensorsFile> {
  const file = await openBytes(pathOrBytes);
  try {
    const { bytes, metadata, tensors } = await readSafetensorsHeader(file);
    const place = (name: string) => placeOf(file, tensors, name);
    return {
      header: bytes,
      metadata,
      tensors,
      rows: (name) => storedTensor(file, place(name)),
      read: async (name) => readStored(file, place(name)),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw await toldByContent(error, pathOrBytes);
  }
}

/** An error of a file that is of another kind, as such. */
async function toldByContent(error: unknown, source: string | Uint8Array): Promise<unknown> {
  const isOther = typeof source === 'string' && isCoded(error, 'damaged');
  return (isOther ? await foreignError(source, 'tensors (.safetensors)') : null) ?? error;
}

function placeOf(file: OpenBytes, tensors: ReadonlyMap<string, TensorEntry>, name: string) {
  const entry = tensors.get(name);
  if (!entry) {
    throw new FeatReconstructError(
      `Expected a tensor '${name}' in ${file.name}, found ${[...tensors.keys()].map((key) => `'${key}'`).join(', ') || 'none'}: name one of these.`,
      { code: 'not-found' },
    );
  }
  return { type: elementType(entry.dtype), shape: entry.shape, offset: entry.offset };
}

/**
 * Reads the named tensors of a safetensors file, or all of them.
 * @throws FeatReconstructError when the file is not as the format says or has no tensor of that name
 */
export async function readSafetensors(
  pathOrBytes: string | Uint8Array,
  names?: readonly string[],
): Promise<{ tensors: Record<string, NdArray>; metadata: Record<string, string> }> {
  const file = await openSafetensors(pathOrBytes);
  try {
    const tensors: [string, NdArray][] = [];
    for (const name of names ?? file.tensors.keys()) tensors.push([name, await file.read(name)]);
    return { tensors: Object.fromEntries(tensors), metadata: { ...file.metadata } };
  } finally {
    await file.close();
  }
}

/** An array to write: in its own type, or stored as another. */
export type SafetensorsInput = AnyNdArray | { array: AnyNdArray; dtype: SafetensorsDtype };

/**
 * Writes tensors as one safetensors file, laid out as the reference implementation does. The file appears when it is
 * complete. `{ array, dtype: 'F16' }` stores float32 as float16; `dtype: 'BOOL'` marks a uint8 array of 0 and 1.
 * @throws FeatReconstructError when the file cannot be written; UsageError for a conversion that is not offered
 */
export async function writeSafetensors(
  path: string,
  tensors: Record<string, SafetensorsInput>,
  metadata: Record<string, string> = {},
  options: Pick<TaskOptions, 'signal'> = {},
): Promise<void> {
  const bytes = new Map<string, Uint8Array>();
  const specs = Object.entries(tensors).map(([name, input]) => {
    const array = isNdArray(input) ? input : (input as { array: AnyNdArray }).array;
    const { type, data } = denseElements(array);
    const dtype = isNdArray(input) ? dtypeOf(type) : (input as { dtype: SafetensorsDtype }).dtype;
    bytes.set(name, encodeElements(data, dtype, name));
    return { name, dtype, shape: array.shape };
  });
  const layout = layOut(specs, metadata);
  await writeWhole(path, [layout.bytes, ...layout.entries.map(({ name }) => bytes.get(name)!)], options);
}
