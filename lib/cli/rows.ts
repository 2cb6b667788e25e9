import { stat } from 'node:fs/promises';
import type { TaskOptions } from '../base/index.js';
import { openRows, openStore } from '../extract/index.js';
import { loadLinearMap } from '../fit/index.js';
import { describeModel, type LoadModelOptions } from '../runtime/index.js';
import { openSafetensors, type LinearMap, type RowSource, type StoredTensor } from '../tensor/index.js';

/** Opens a head: the one of an .onnx model, of a store, or a saved map. */
export async function openHead(
  path: string,
  options: TaskOptions = {},
  model: LoadModelOptions = {},
): Promise<LinearMap> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder || /\.onnx$/i.test(path)) return (await describeModel(path, model)).head;
  const file = await openSafetensors(path);
  const isStore = file.tensors.has('head.weight');
  await file.close();
  if (!isStore) return loadLinearMap(path);
  const store = await openStore(path, options);
  await store.close();
  return store.head;
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
