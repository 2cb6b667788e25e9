import { statSync } from 'node:fs';
import { UsageError, type TaskOptions } from '../base/index.js';
import { isStore, mayHoldRows, openRows, openStore, splitName } from '../extract/index.js';
import { loadHead, type HeadFile, type HeadFileOptions } from '../fit/index.js';
import { describeModel } from '../runtime/index.js';
import { openSafetensors, type RowSource, type StoredTensor } from '../tensor/index.js';

/** Opens a head: the one of an .onnx model, of a store, a saved map, or arrays of a weight and a bias. */
export async function openHead(path: string, known: HeadFileOptions, options: TaskOptions = {}): Promise<HeadFile> {
  const isModel = /\.onnx$/i.test(path) || isFolder(path);
  if (isModel || (await holdsStore(path))) {
    if (known.bias !== undefined) {
      throw new UsageError(`Expected --bias beside a --head of a weight alone, found ${path}, which has its own.`);
    }
    if (isModel) return { head: (await describeModel(path)).head, notes: [] };
    const store = await openStore(path, options);
    await store.close();
    return { head: store.head, notes: [] };
  }
  return loadHead(path, known);
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

async function holdsStore(text: string): Promise<boolean> {
  const [path] = splitName(text);
  if (/\.(npy|npz)$/i.test(path) || !(await mayHoldRows(path))) return false;
  const file = await openSafetensors(path);
  await file.close();
  return isStore(file.metadata);
}

/** Opens the original answers: logits as rows, or class indices where the tensor has one dimension. */
export async function openClasses(
  text: string,
  options: TaskOptions = {},
): Promise<{ y: RowSource | number[]; close(): Promise<void> }> {
  const { source, close } = await openRows(text, 'logits', options);
  if ((source as StoredTensor).shape?.length !== 1) return { y: source, close };
  try {
    return { y: Array.from(await source.read(0, source.rows)), close: async () => {} };
  } finally {
    await close();
  }
}
