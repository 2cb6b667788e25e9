import { FeatReconstructError } from '../base/index.js';
import { loadLinearMap } from '../fit/index.js';
import { describeModel } from '../runtime/index.js';
import { openNpy, openSafetensors, type LinearMap, type RowSource, type StoredTensor } from '../tensor/index.js';
import { openStore } from '../extract/index.js';
import { splitName } from './options.js';

/** Rows of an open file. */
export interface OpenRows {
  source: RowSource;
  close(): Promise<void>;
}

/**
 * Opens rows for a role: a store (its `features` or `logits`), a .npy, or a safetensors file with the tensor of that
 * name, one named as FILE#NAME, or only one.
 */
export async function openRows(text: string, role: 'features' | 'logits'): Promise<OpenRows> {
  const [path, name] = splitName(text);
  if (/\.npy$/i.test(path)) {
    const source = await openNpy(path);
    return { source, close: () => source.close() };
  }
  const file = await openSafetensors(path);
  const names = [...file.tensors.keys()];
  // A store may hold features only; its logits are then computed.
  if (!name && role === 'logits' && !names.includes('logits') && names.includes('head.weight')) {
    await file.close();
    const store = await openStore(path);
    return { source: store.logits, close: () => store.close() };
  }
  const wanted = name ?? (names.includes(role) ? role : names.length === 1 ? names[0] : undefined);
  if (!wanted || !names.includes(wanted)) {
    await file.close();
    throw new FeatReconstructError(
      `Expected a tensor '${name ?? role}' in ${path}, found ${names.join(', ') || 'none'}. Name one as ${path}#NAME.`,
    );
  }
  return { source: file.rows(wanted), close: () => file.close() };
}

/** Opens a head: the one of an .onnx model, of a store, or a saved map. */
export async function openHead(path: string): Promise<LinearMap> {
  if (/\.onnx$/i.test(path)) return (await describeModel(path)).head;
  const file = await openSafetensors(path);
  const isStore = file.tensors.has('head.weight');
  await file.close();
  if (!isStore) return loadLinearMap(path);
  const store = await openStore(path);
  await store.close();
  return store.head;
}

/** Opens the original answers: logits as rows, or class indices where the tensor has one dimension. */
export async function openClasses(text: string): Promise<{ y: RowSource | number[]; close(): Promise<void> }> {
  const { source, close } = await openRows(text, 'logits');
  if ((source as StoredTensor).shape?.length !== 1) return { y: source, close };
  try {
    return { y: Array.from(await source.read(0, source.rows)), close: async () => {} };
  } finally {
    await close();
  }
}
