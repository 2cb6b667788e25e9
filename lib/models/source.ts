import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { cachedHubFile, fetchHubFile, type FetchOptions } from '../hub/index.js';
import { bindCheckpoint } from './bind.js';
import { checkpointIn, openCheckpoint, type CheckpointModel, type CheckpointOptions } from './checkpoint.js';
import { openGraph } from './graph-files.js';
import { registeredClasses, registeredModel, type RegisteredModel } from './registry.js';

/**
 * The model that a checkpoint makes: the name of a registered one, a .safetensors file, or a folder that holds one and no .onnx.
 * @returns null for everything else, such as an .onnx file
 * @throws FeatReconstructError as `openCheckpoint` and `fetchHubFile` do
 */
export async function checkpointModel(
  text: string,
  options: FetchOptions = {},
  checkpoint?: CheckpointOptions,
): Promise<CheckpointModel | null> {
  const found = await stat(text).catch(() => null);
  const registered = registeredModel(text);
  // A file is meant before a name; a folder of that name is most often one of results.
  if (registered && !found?.isFile()) return openRegistered(registered, options);
  if (found?.isFile()) return /\.safetensors$/i.test(text) ? openCheckpoint(text, checkpoint) : null;
  if (!found?.isDirectory() || (await holdsOnnx(text))) return null;
  const file = await checkpointIn(text);
  return file === null ? null : openCheckpoint(file, checkpoint);
}

/** As exporters leave it, beside the checkpoint or instead of it. */
async function holdsOnnx(folder: string): Promise<boolean> {
  const names = [...(await readdir(folder)), ...(await readdir(path.join(folder, 'onnx')).catch(() => []))];
  return names.some((name) => /\.onnx$/i.test(name));
}

async function openRegistered(model: RegisteredModel, options: FetchOptions): Promise<CheckpointModel> {
  const graph = await openGraph(model.graph);
  const file = await fetchHubFile(requestOf(model), options);
  return {
    ...(await bindCheckpoint(graph, file)),
    file,
    name: model.name,
    inputSize: model.inputSize,
    transform: model.transform,
    classNames: await registeredClasses(model),
  };
}

/** What is asked of the Hub for a registered model. */
export function requestOf({ repo, file, revision, name }: RegisteredModel): Parameters<typeof fetchHubFile>[0] {
  return { repo, type: 'model', path: file, revision: revision ?? undefined, name };
}

/** The files of its repository that it needs. */
export const filesOf = ({ file, tokenizer }: RegisteredModel): string[] =>
  tokenizer === undefined ? [file] : [file, tokenizer];

/** Its checkpoint in the cache; null where it is not there. */
export const cachedCheckpoint = (model: RegisteredModel): Promise<string | null> => cachedHubFile(requestOf(model));
