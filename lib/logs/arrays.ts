import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { isObject, openBytes } from '../bytes/index.js';
import { openNpy, openNpz, openSafetensors, splitName, type RowSource } from '../tensor/index.js';
import { storeOf, isStore } from '../extract/index.js';

/** Rows of an open file of arrays. */
interface OpenArray {
  rows: RowSource;
  /** The file, without the name of a tensor. */
  path: string;
  /** What was taken of it; null for a .npy, which holds one array. */
  tensor: string | null;
  close(): Promise<void>;
}

/**
 * Opens an array: the `features` or `logits` of a store (computed where it holds features only), a .npy, or in a safetensors or
 * .npz file the one that FILE#NAME names, else that of the name `tensorName`, else the only one. A store is checked first.
 * @throws FeatReconstructError when the file is missing, damaged, of another kind, or holds no such tensor
 */
export async function openArray(
  text: string,
  tensorName: 'features' | 'logits',
  options: TaskOptions = {},
): Promise<OpenArray> {
  const [path, name] = splitName(text);
  if (/\.npy$/i.test(path)) {
    const source = await openNpy(path);
    return { rows: source, path, tensor: null, close: () => source.close() };
  }
  if (/\.npz$/i.test(path)) return rowsOfNpz(path, name, tensorName);
  const file = await openSafetensors(path);
  try {
    const store = isStore(file.metadata) ? await storeOf(path, file, options) : null;
    const close = () => (store ?? file).close();
    const names = [...file.tensors.keys()];
    const wanted =
      name ?? (store || names.includes(tensorName) ? tensorName : names.length === 1 ? names[0] : undefined);
    // A store may hold features only; its logits are then computed.
    if (store && wanted === 'logits') return { rows: store.logits, path, tensor: wanted, close };
    if (!wanted || !names.includes(wanted)) throw notThere('a tensor', name ?? tensorName, path, names);
    return { rows: file.rows(wanted), path, tensor: wanted, close };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The array that is named, the one called `tensorName`, the only one, or the only one that has rows. */
async function rowsOfNpz(path: string, name: string | undefined, tensorName: string): Promise<OpenArray> {
  const file = await openNpz(path);
  try {
    const all = [...file.tensors.keys()];
    const withRows = all.filter((key) => file.tensors.get(key)!.shape.length > 1);
    const only = all.length === 1 ? all : withRows.length === 1 ? withRows : [];
    const wanted = name ?? (all.includes(tensorName) ? tensorName : only[0]);
    if (wanted === undefined) throw notThere('an array', tensorName, path, all);
    return { rows: file.rows(wanted), path, tensor: wanted, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const notThere = (what: string, name: string, path: string, names: readonly string[]): FeatReconstructError =>
  new FeatReconstructError(
    `Expected ${what} '${name}' in ${path}, found ${names.join(', ') || 'none'}. Name one as ${path}#NAME.`,
    { code: 'not-found' },
  );

/** Whether this is a file of arrays, by its ending or, where it has none of these, by its first bytes. */
export async function mayHoldArrays(text: string): Promise<boolean> {
  const [path] = splitName(text);
  if (/\.(safetensors|npy|npz)$/i.test(path)) return true;
  // A log is not read from object storage, so that it can be nothing else there.
  if (isObject(path)) return true;
  if (!existsSync(path)) return extname(path) === '';
  const file = await openBytes(path);
  try {
    // A safetensors file begins with the length of its JSON. (A .npy is known by its ending alone.)
    if (file.size <= 8) return false;
    const start = await file.read(0, 9);
    return start[7] === 0 && start[8] === '{'.charCodeAt(0);
  } finally {
    await file.close();
  }
}
