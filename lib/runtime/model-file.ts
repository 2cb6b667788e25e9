import { FeatReconstructError } from '../base/index.js';
import { readModel, type LoadModelOptions, type ModelDescription, type ReadModel } from './describe.js';
import { openReading, type Model } from './model.js';

/** A model's file that is read and hashed once: what it says, and the model in ONNX Runtime from when that is first wanted. */
export interface ModelFile {
  readonly description: ModelDescription;
  /**
   * The model, ready to run: the same one each time, until it is released.
   * @param intraOpNumThreads threads of one operator. Default: those of the options; other ones load it anew
   * @throws FeatReconstructError as `loadModel` does
   */
  load(intraOpNumThreads?: number): Promise<Model>;
  /** Gives back what the model takes in ONNX Runtime; `load` loads it again. */
  release(): Promise<void>;
}

/**
 * Reads a model's file, without opening it in ONNX Runtime.
 * @param model an .onnx file, or its bytes
 * @throws FeatReconstructError as `describeModel` does
 */
export async function openModel(model: string | Uint8Array, options: LoadModelOptions = {}): Promise<ModelFile> {
  const first = await readModel(model, options);
  const { description } = first;
  // Its bytes are held until the model is loaded, or released without that.
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
      // What was said of it, and what was made of it so far, is of another model.
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
