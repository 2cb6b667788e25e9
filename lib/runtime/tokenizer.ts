import { stat } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError, option } from '../base/index.js';
import { fetchHubFile, type FetchOptions } from '../hub/index.js';
import { publishedModel, requestOf } from '../models/index.js';
import { sourceOf } from './source.js';

/**
 * The path of a text tower's tokenizer.json: from its repository where the tower is known by name, else beside its file.
 * @throws FeatReconstructError where there is none
 */
export async function tokenizerOf(textModel: string, fetch?: FetchOptions): Promise<string> {
  const registered = await publishedModel(textModel);
  if (registered?.tokenizer) return fetchHubFile({ ...requestOf(registered), path: registered.tokenizer }, fetch);
  const { modelPath } = await sourceOf(textModel, fetch, { half: 'text' });
  const dir = path.dirname(modelPath);
  for (const folder of path.basename(dir) === 'onnx' ? [dir, path.dirname(dir)] : [dir]) {
    const file = path.join(folder, 'tokenizer.json');
    if (
      await stat(file).then(
        (found) => found.isFile(),
        () => false,
      )
    )
      return file;
  }
  throw new FeatReconstructError(
    `Expected tokenizer.json beside the text tower ${textModel}, found none: name it with ${option('tokenizer')}.`,
    { code: 'not-found' },
  );
}
