import { createHash } from 'node:crypto';
import { createReadStream, realpathSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { checkOnDisk } from '../bytes/index.js';
import { foreignKind } from './foreign-files.js';
import { nearestModel } from '../models/index.js';
import { renameExternalData, resolveExternal, type ExternalTensor } from '../onnx/index.js';

/** Most bytes of a protobuf. */
const limit = 2 ** 31 - 1;

/** Reads an .onnx file. @throws FeatReconstructError when there is none, or one larger than a protobuf can be */
export async function readModelFile(file: string): Promise<Uint8Array> {
  checkOnDisk(file, 'a model');
  const found = await stat(file).catch(() => null);
  if (!found && !/[\\/]|\.\w+$/.test(file)) {
    const guess = nearestModel(file);
    throw new FeatReconstructError(
      `Expected a model, found no file '${file}' and no published model of that name${guess ? `: did you mean ${guess}?` : ' (featreconstruct models lists them).'} A model of timm, torchvision or open_clip becomes a file by python onnx/export.py ${/^[\w.-]+$/.test(file) ? file : 'NAME'} --pretrained; one of the Hub is named hf:owner/name.`,
      { code: 'not-found' },
    );
  }
  if (!found?.isFile()) {
    throw new FeatReconstructError(
      `Expected an .onnx file at ${file}, found ${!found ? 'nothing' : found.isDirectory() ? 'a folder' : 'a pipe, a socket or a device'}: check the path.`,
      { code: 'not-found' },
    );
  }
  if (found.size > limit) {
    throw new FeatReconstructError(
      `Expected a model below 2 GiB at ${file}, found ${found.size} bytes: a protobuf cannot be larger; export it with external data.`,
      { code: 'too-large' },
    );
  }
  const foreign = await foreignKind(file);
  if (foreign !== null) throw new FeatReconstructError(`Expected an .onnx model at ${file}, found ${foreign}.`);
  return readFile(file);
}

/** SHA-256 (hex) over the model's bytes and, in order, its external files. */
export async function digestModel(bytes: Uint8Array, externalFiles: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(bytes);
  for (const file of externalFiles) {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

/** A model's external files, where they really are. */
export interface ExternalFiles {
  /** The folder that ONNX Runtime is given. */
  folder: string;
  /** Real path by location, in order of first use. */
  files: Map<string, string>;
}

/**
 * Finds the files that hold a model's tensors, and checks that each tensor is in its file: ONNX Runtime would map any bytes that
 * the model names.
 * @throws FeatReconstructError when a file is missing, outside the model's folder, or too short
 */
export function findExternalFiles(modelPath: string, tensors: readonly ExternalTensor[]): ExternalFiles {
  const locations = new Set(tensors.map(({ external }) => external.location));
  const files = new Map([...locations].map((location) => [location, resolveExternal(location, modelPath)]));
  const folders = [path.dirname(realpathSync(modelPath)), realpathSync(path.dirname(path.resolve(modelPath)))];
  const folder = folders.find((each) => [...files.values()].every((file) => file.startsWith(each + path.sep)));
  if (!folder) {
    throw new FeatReconstructError(
      `Expected all external data of ${modelPath} in one folder, found ${[...files.values()].join(', ')}: put them beside the model.`,
    );
  }
  const sizes = new Map([...files].map(([location, file]) => [location, statSync(file).size]));
  for (const { name, byteLength, external } of tensors) {
    const { location, offset, length } = external;
    const size = sizes.get(location)!;
    const wanted = length ?? byteLength ?? 0;
    if (offset + wanted <= size && (byteLength === null || byteLength === wanted)) continue;
    throw new FeatReconstructError(
      `Expected ${byteLength ?? wanted} bytes for the tensor '${name}' at ${offset} of '${location}', found ${length === null || length === byteLength ? `a file of ${size} bytes` : `${length} bytes there, in a file of ${size}`}: the external data are cut short or of another export. Copy or export the model again.`,
      { code: 'damaged' },
    );
  }
  return { folder, files };
}

/** Writes the real names of external files into the model where these are links: ONNX Runtime follows no link out of a folder. */
export function withRealNames(bytes: Uint8Array, { folder, files }: ExternalFiles): Uint8Array {
  const realName = (location: string): string => {
    const file = files.get(location);
    return file ? path.relative(folder, file).split(path.sep).join('/') : location;
  };
  const isReal = [...files.keys()].every((location) => realName(location) === path.posix.normalize(location));
  return isReal ? bytes : renameExternalData(bytes, realName);
}
