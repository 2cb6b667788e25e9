import { FeatReconstructError } from '../base/index.js';
import { readModel, type LoadModelOptions, type ModelDescription, type ReadModel } from './describe.js';
import { openReading, type Model } from './model.js';

/** A model's file that has been read and hashed: what it says of itself, and the model, which is opened when it is first wanted. */
export interface ModelFile {
  readonly description: ModelDescription;
  /**
   * The model, ready to run: the same one each time, until it is released.
   * @param intraOpNumThreads threads of one operator. Default: those of the options; with another number it is loaded anew
   * @throws FeatReconstructError as `loadModel` does
   */
  load(intraOpNumThreads?: number): Promise<Model>;
  /** Frees the model's memory in ONNX Runtime; `load` loads it again. */
  release(): Promise<void>;
}

/**
 * Reads a model's file, without opening it in ONNX Runtime.
 * @param model as `describeModel` takes it
 * @throws FeatReconstructError as `describeModel` does
 */
export async function openModel(model: string | Uint8Array, options: LoadModelOptions = {}): Promise<ModelFile> {
  const first = await readModel(model, options);
  const { description } = first;
  // Holds the file's bytes, until the model is loaded from them or released.
  let reading: ReadModel | null = first;
  let loaded: Model | null = null;
  const release = async (): Promise<void> => {
    const model = loaded;
    [loaded, reading] = [null, null];
    await model?.release();
  };
  return {
    description,
    async load(intraOpNumThreads = options.intraOpNumThreads) {
      if (loaded && (intraOpNumThreads ?? loaded.intraOpNumThreads) === loaded.intraOpNumThreads) return loaded;
      const again = reading ?? (await readModel(model, options));
      // The description, and all that was computed so far, would be of another model.
      if (again.description.digest !== description.digest) {
        throw new FeatReconstructError(
          `Expected the model ${description.name} as it was when it was first read, found that its file has changed since: run again.`,
          { code: 'mismatch' },
        );
      }
      await release();
      loaded = await openReading(again, { ...options, intraOpNumThreads });
      return loaded;
    },
    release,
  };
}
