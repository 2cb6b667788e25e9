import type { FetchOptions } from '../hub/index.js';
import { checkpointModel, openCheckpoint, type CheckpointModel, type Half } from '../models/index.js';
import { modelFileOf } from './model-folder.js';

/** Where a model comes from: an .onnx file, or a checkpoint whose graph ships with the library. */
export interface ModelSource {
  /** The file, beside which external data and configs are looked for: of a checkpoint the checkpoint itself. */
  modelPath: string;
  checkpoint: CheckpointModel | null;
}

/**
 * Finds the model that a text means: a file, a folder, `hf:owner/name`, or the name of a published model.
 * @param half of a CLIP checkpoint, which holds both. Default: image
 * @throws FeatReconstructError as `modelFileOf` and `checkpointModel` do
 */
export async function sourceOf(model: string, fetch?: FetchOptions, half?: Half): Promise<ModelSource> {
  const checkpoint = await checkpointModel(model, fetch, half);
  if (checkpoint) return { modelPath: checkpoint.file, checkpoint };
  const modelPath = await modelFileOf(model, fetch);
  return { modelPath, checkpoint: /\.safetensors$/i.test(modelPath) ? await openCheckpoint(modelPath, half) : null };
}
