import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { parseHubName, type FetchOptions } from '../hub/index.js';
import { modelPlaces } from './repository-types.js';
import { fetchModel } from './repository.js';

const places = modelPlaces.map((place) => path.join(...place.split('/')));

/**
 * The file of a model that was given as a folder or by a name of the Hub (`hf:owner/name`), which is fetched; any other path is
 * returned as it is.
 * @throws FeatReconstructError for a folder or a repository without a model, and as `fetchHubFiles` does
 */
export async function modelFileOf(model: string, fetch: FetchOptions = {}): Promise<string> {
  const name = parseHubName(model);
  if (name) return fetchModel(name, fetch);
  const isFolder = await stat(model).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return model;
  for (const place of places) {
    const file = path.join(model, place);
    const isThere = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isThere) return file;
  }
  const names = (await readdir(model)).sort();
  const others = names.filter((name) => name.endsWith('.onnx'));
  const weights = names.find((name) => /^(model.*\.safetensors|pytorch_model.*\.bin)$/.test(name));
  const expected = `Expected an .onnx file at ${model}, or a folder that holds ${places.join(' or ')}`;
  if (others.length > 0) {
    throw new FeatReconstructError(
      `Expected an .onnx file at ${model}, found a folder with ${others.slice(0, 5).join(', ')}: name one of them.`,
    );
  }
  if (names.includes('saved_model.pb')) {
    throw new FeatReconstructError(
      `${expected}, found TensorFlow's SavedModel: python -m tf2onnx.convert --saved-model ${model} --output model.onnx, then give that file.`,
    );
  }
  if (weights !== undefined) {
    throw new FeatReconstructError(
      `${expected}, found weights without a graph (${weights}): optimum-cli export onnx --model ${model} ${model}, then give the folder again.`,
    );
  }
  throw new FeatReconstructError(
    `${expected}, found a folder without: check the path, or export a model into it (optimum-cli export onnx).`,
    { code: 'not-found' },
  );
}
