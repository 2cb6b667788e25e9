import type { FetchOptions } from '../hub/index.js';
import {
  checkpointModel,
  openCheckpoint,
  registeredModel,
  type CheckpointModel,
  type CheckpointOptions,
} from '../models/index.js';
import { modelFileOf } from './model-folder.js';

/** Where a model comes from: an .onnx file, or a checkpoint whose graph ships with the library. */
interface ModelSource {
  /** The .onnx file or the checkpoint: external data and configs are looked for beside it. */
  modelPath: string;
  checkpoint: CheckpointModel | null;
}

/**
 * Finds the model that a text names: a file, a folder, `hf:owner/name`, or the name of a published model.
 * @throws FeatReconstructError as `modelFileOf` and `checkpointModel` do
 */
export async function sourceOf(model: string, fetch?: FetchOptions, options?: CheckpointOptions): Promise<ModelSource> {
  const checkpoint = await checkpointModel(model, fetch, options);
  if (checkpoint) return { modelPath: checkpoint.file, checkpoint };
  const modelPath = await modelFileOf(model, fetch);
  return { modelPath, checkpoint: /\.safetensors$/i.test(modelPath) ? await openCheckpoint(modelPath, options) : null };
}

/** Whether a text looks like a model: an .onnx file, `hf:owner/name`, or the name of a published one. */
export const isModelName = (text: string): boolean => /\.onnx$|^hf:/i.test(text) || registeredModel(text) !== undefined;

/** Fetches the files that a named model needs, and checks that they go together. @throws FeatReconstructError as `sourceOf` does */
export async function bringModel(model: string, fetch?: FetchOptions): Promise<void> {
  await sourceOf(model, fetch);
}
