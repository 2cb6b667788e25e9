import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { cachedHubFile, fetchHubFile, type FetchOptions } from '../hub/index.js';
import { bindCheckpoint } from './bind.js';
import { checkpointIn, openCheckpoint, type CheckpointModel, type CheckpointOptions } from './checkpoint.js';
import { openGraph } from './graph-files.js';
import { registeredClasses, registeredModel, type RegisteredModel } from './registry.js';

/**
 * The model of a checkpoint.
 * @param text a registered name, a .safetensors file, or a folder with one and without an .onnx file
 * @param checkpoint for a file or folder
 * @returns null for everything else, such as an .onnx file
 * @throws FeatReconstructError as `openCheckpoint` and `fetchHubFile` do
 */
export async function checkpointModel(
  text: string,
  options: FetchOptions = {},
  checkpoint?: CheckpointOptions,
): Promise<CheckpointModel | null> {
  const registered = await publishedModel(text);
  if (registered) return openRegistered(registered, options);
  const found = await stat(text).catch(() => null);
  if (found?.isFile()) return /\.safetensors$/i.test(text) ? openCheckpoint(text, checkpoint) : null;
  const file = found?.isDirectory() && !(await holdsOnnx(text)) ? await checkpointIn(text) : null;
  return file === null ? null : openCheckpoint(file, checkpoint);
}

/**
 * The published model that a text means, unless a file, or a folder with a model in it, has that name here. Other
 * folders, such as those of results, do not matter.
 */
export async function publishedModel(text: string): Promise<RegisteredModel | undefined> {
  const registered = registeredModel(text);
  if (!registered) return undefined;
  const found = await stat(text).catch(() => null);
  const isHidden =
    found?.isFile() || (found?.isDirectory() && ((await holdsOnnx(text)) || (await checkpointIn(text)) !== null));
  return isHidden ? undefined : registered;
}

/** Whether a folder has an .onnx file, itself or in `onnx/`, as exporters leave it. */
async function holdsOnnx(folder: string): Promise<boolean> {
  const lists = [folder, path.join(folder, 'onnx')].map((each) => readdir(each).catch(() => [] as string[]));
  return (await Promise.all(lists)).flat().some((name) => /\.onnx$/i.test(name));
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

/** What to ask the Hub for to get a registered model's checkpoint. */
export function requestOf({ repo, file, revision, name }: RegisteredModel): Parameters<typeof fetchHubFile>[0] {
  return { repo, type: 'model', path: file, revision: revision ?? undefined, name };
}

/** The files of its repository that a registered model needs. */
export const filesOf = ({ file, tokenizer }: RegisteredModel): string[] =>
  tokenizer === undefined ? [file] : [file, tokenizer];

/** The path of a registered model's checkpoint in the cache; null where it is not there. */
export const cachedCheckpoint = (model: RegisteredModel): Promise<string | null> => cachedHubFile(requestOf(model));
