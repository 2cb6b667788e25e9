import type { NdArray } from 'ndarray';
import { FeatReconstructError } from '../base/index.js';
import { bytesOf, openBytes, writeWhole } from '../bytes/index.js';
import type { OpenBytes } from '../bytes/index.js';
import { denseElements } from './dense.js';
import type { AnyNdArray } from './dense.js';
import { elementCount, elementSize } from './elements.js';
import type { ElementType } from './elements.js';
import { readStored, storedTensor } from './stored.js';
import type { StoredTensor, TensorPlace } from './stored.js';

/**
 * NumPy's .npy files, versions 1 to 3
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const types: Record<string, ElementType> = {
  b1: 'bool',
  u1: 'uint8',
  i1: 'int8',
  u2: 'uint16',
  i2: 'int16',
  u4: 'uint32',
  i4: 'int32',
  u8: 'uint64',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

/** Bytes of a header at most: far more than any plain array needs; NumPy itself warns above 10,000. */
const largestHeader = 2 ** 16;

/** A .npy file that is read in ranges, of any size. */
export type NpyFile = StoredTensor & {
  /** Closes the file. */
  close(): Promise<void>;
};

/**
 * Opens a .npy file of any size for reading in ranges.
 * @throws FeatReconstructError when it is no .npy file of numbers, truncated or corrupted
 */
export async function openNpy(path: string): Promise<NpyFile> {
  const file = await openBytes(path);
  try {
    return { ...storedTensor(file, await readNpyHeader(file)), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads a .npy file whole. float16 becomes float32, bool a Uint8Array, int64 a BigInt64Array; Fortran order becomes a
 * strided view.
 * @throws FeatReconstructError when it is no .npy file of numbers, truncated or corrupted
 */
export async function readNpy(pathOrBytes: string | Uint8Array): Promise<NdArray> {
  const file = await openBytes(pathOrBytes);
  try {
    return await readStored(file, await readNpyHeader(file));
  } finally {
    await file.close();
  }
}

/**
 * What the header of a .npy file says, checked against the file's size.
 * @throws FeatReconstructError when it is no .npy file of numbers, truncated or corrupted
 */
export async function readNpyHeader(file: OpenBytes): Promise<TensorPlace> {
  const bad = (found: string): FeatReconstructError =>
    new FeatReconstructError(
      `Expected ${file.name} to be a .npy file, found ${found}: it is truncated, corrupted or something else. Write it again with numpy.save.`,
      { code: 'damaged' },
    );
  const start = await file.read(0, Math.min(12, file.size));
  if (start[0] === 0x50 && start[1] === 0x4b) throw bad('a zip archive (a .npz file should be called so)');
  if (start.length < 10 || magic.some((byte, i) => start[i] !== byte)) throw bad('no .npy header');
  const version = start[6];
  if (version < 1 || version > 3) throw bad(`format version ${version}`);
  const lengthBytes = version === 1 ? 2 : 4;
  if (start.length < 8 + lengthBytes) throw bad('a header cut short');
  const view = new DataView(start.buffer);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const offset = 8 + lengthBytes + length;
  if (offset > file.size || length > largestHeader) throw bad(`a header of ${length} bytes in a file of ${file.size}`);
  const header = Buffer.from(await file.read(8 + lengthBytes, length)).toString(version === 3 ? 'utf8' : 'latin1');

  const descr = /'descr'\s*:\s*'([<>|=]?)([a-z]\d+)'/.exec(header);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header);
  const shapeText = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header);
  const shown = header.trim().slice(0, 200);
  if (!order || !shapeText) throw bad(`the header ${shown}`);
  if (/'descr'\s*:\s*'\|?O/.test(header)) {
    throw new FeatReconstructError(
      `Expected ${file.name} to hold plain numbers, found objects of Python (a pickle), which are not read: rows of different lengths, strings or a dictionary were saved. Save the numbers alone, as in numpy.save(FILE, numpy.asarray(rows, 'float32')).`,
    );
  }
  const type = descr && Object.hasOwn(types, descr[2]) ? types[descr[2]] : undefined;
  if (!descr || !type) {
    throw new FeatReconstructError(
      `Expected ${file.name} to hold plain numbers (${Object.keys(types).join(', ')}), found the header ${shown}: convert it with numpy.astype first.`,
    );
  }
  const shape = (shapeText[1].match(/\d+/g) ?? []).map(Number);
  const end = offset + elementCount(shape, file.name) * elementSize(type);
  if (end !== file.size) throw bad(`${file.size} bytes where its header asks for ${end}`);
  return { type, shape, offset, bigEndian: descr[1] === '>', columnMajor: order[1] === 'True' };
}

/**
 * Writes an ndarray as .npy (version 1, row-major, little-endian). The file appears when it is complete.
 * @throws FeatReconstructError when the file cannot be written
 */
export async function writeNpy(path: string, array: AnyNdArray): Promise<void> {
  const { type, data } = denseElements(array);
  const size = elementSize(type);
  const descr = `${size === 1 ? '|' : '<'}${Object.keys(types).find((key) => types[key] === type)}`;
  const { shape } = array;
  const dims = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${dims}, }`;
  // Padded, as NumPy does, so that the data start at a multiple of 64.
  const header = dictionary.padEnd(Math.ceil((dictionary.length + 11) / 64) * 64 - 11) + '\n';
  const start = Buffer.alloc(10);
  start.set([...magic, 1, 0]);
  start.writeUInt16LE(header.length, 8);
  await writeWhole(path, [start, Buffer.from(header, 'latin1'), bytesOf(data)]);
}
