import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchHubFiles } from '../hub/index.js';
import { externalTensors } from '../onnx/index.js';
import { besideNames } from './beside.js';
import { modelPlaces, type RepositoryReader } from './repository-types.js';

const { dirname, join, basename, normalize } = path.posix;

/** Finds an .onnx file, with its external data and the configs beside it. */
export const onnxInRepository: RepositoryReader = async ({ listing, path: asked, options }) => {
  const paths = new Set(listing.files.map((file) => file.path));
  const candidates = asked?.endsWith('.onnx') ? [asked] : modelPlaces.map((place) => join(asked ?? '', place));
  const model = candidates.find((at) => paths.has(at));
  if (model === undefined) return null;
  const data = [...paths].filter((at) => dirname(at) === dirname(model) && isDataOf(basename(at), basename(model)));
  const folders = basename(dirname(model)) === 'onnx' ? [dirname(model), dirname(dirname(model))] : [dirname(model)];
  const beside = folders
    .flatMap((folder) => besideNames.map((name) => join(folder, name)))
    .filter((at) => paths.has(at));
  return {
    paths: [model, ...data, ...beside],
    async open(folder) {
      const file = path.join(folder, ...model.split('/'));
      // Some exporters give their data other names, which only the graph tells.
      const more = (await locationsOf(file))
        .map((location) => normalize(join(dirname(model), location)))
        .filter((at) => paths.has(at) && !data.includes(at));
      if (more.length > 0) await fetchHubFiles(listing, more, options);
      return file;
    },
  };
};

/** Whether a file beside `model.onnx` is its data by its name: `model.onnx_data`, `model.onnx_data_1`, `model.onnx.data`, `model.data`. */
const isDataOf = (name: string, model: string): boolean =>
  (name.startsWith(model) && /^[._]/.test(name.slice(model.length))) ||
  (/^[._](data|weights|bin)/.test(name.slice(model.length - '.onnx'.length)) &&
    name.startsWith(model.slice(0, -'.onnx'.length)));

/** Locations of a model's external data; none for a file that is no model, which is refused when it is read. */
async function locationsOf(file: string): Promise<string[]> {
  try {
    return [...new Set(externalTensors(await readFile(file)).map(({ external }) => external.location))];
  } catch {
    return [];
  }
}
