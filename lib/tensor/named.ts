import type { NdArray } from 'ndarray';
import { openNpz } from './npz.js';
import { openSafetensors } from './safetensors.js';
import type { StoredTensor } from './stored.js';

/** Tensors of one file, each by its name: what a .npz and a safetensors file have in common. */
export interface NamedTensors {
  /** Texts by name; empty for a .npz. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, { shape: readonly number[] }>;
  /** One tensor's rows (items along its first axis). */
  rows(name: string): StoredTensor;
  /** One tensor whole, in its own number type. */
  read(name: string): Promise<NdArray>;
  close(): Promise<void>;
}

/**
 * Opens a .npz by its ending, else a safetensors file.
 * @throws FeatReconstructError when it is missing, damaged or of another kind
 */
export async function openTensors(path: string): Promise<NamedTensors> {
  return /\.npz$/i.test(path) ? { metadata: {}, ...(await openNpz(path)) } : openSafetensors(path);
}
