import { closeSync, existsSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';

/** Where a tensor's numbers are: bytes `offset` to `offset + length` of a file beside the model. */
export interface ExternalData {
  /** As written in the model, relative to the model's folder. */
  location: string;
  offset: number;
  /** null: to the end of the file. */
  length: number | null;
}

/**
 * The real path of an external data file. It must stay inside the model's folder: a model comes from elsewhere, and
 * must not be a way to read any file of this machine. A model that is itself a symbolic link may also use the folder
 * that it points into: a Hub cache links both files into one folder of blobs.
 * @throws FeatReconstructError when the file is missing, outside that folder, or no regular file (reading a pipe might never end)
 */
export function resolveExternal(location: string, modelPath: string): string {
  const folder = path.dirname(path.resolve(modelPath));
  const parts = location.split(/[\\/]/);
  if (location.includes('\0') || path.isAbsolute(location) || /^[a-z]:/i.test(location) || parts.includes('..'))
    throw outside(location, modelPath);
  const file = path.join(folder, location);
  const realFolder = path.dirname(realpathSync(modelPath));
  const found = [file, path.join(realFolder, location)].find((candidate) => existsSync(candidate));
  if (!found) {
    throw new FeatReconstructError(
      `Expected the model's external data '${location}' in ${folder}, found no such file: copy it there, beside the model.`,
      { code: 'not-found' },
    );
  }
  const real = realpathSync(found);
  if (![realpathSync(folder), realFolder].some((allowed) => isInside(real, allowed))) {
    throw outside(location, modelPath);
  }
  if (!statSync(real).isFile()) {
    throw new FeatReconstructError(
      `Expected the model's external data '${location}' in ${folder} to be a regular file, found a folder, a pipe, a socket or a device: copy the data there, beside the model.`,
    );
  }
  return real;
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
}

function outside(location: string, modelPath: string): FeatReconstructError {
  return new FeatReconstructError(
    `Expected the external data of ${path.basename(modelPath)} inside the model's own folder, found '${location}', which lies outside it: refused, since a model must not name other files of this machine. Put the data beside the model and export it again.`,
  );
}

/**
 * Reads a tensor's bytes from its external file.
 * @param expected bytes that the tensor's shape and type take
 * @throws FeatReconstructError as `resolveExternal`, when the file is too short, and where the model came as bytes, without a path
 */
export function readExternal(
  tensor: string,
  { location, offset, length }: ExternalData,
  expected: number,
  modelPath: string | undefined,
): Uint8Array {
  if (modelPath === undefined) {
    throw new FeatReconstructError(
      `Expected all weights inside the bytes of the model, found the tensor '${tensor}' in the external file '${location}': give the model's path instead of its bytes.`,
    );
  }
  const file = openSync(resolveExternal(location, modelPath), 'r');
  try {
    const { size } = fstatSync(file);
    const wanted = length ?? size - offset;
    if (!(offset >= 0 && wanted === expected && offset + wanted <= size)) {
      throw new FeatReconstructError(
        `Expected ${expected} bytes for the tensor '${tensor}' at ${offset} of '${location}', found a file of ${size} bytes: the external data are cut short or of another export. Copy or export the model again.`,
        { code: 'damaged' },
      );
    }
    const out = new Uint8Array(expected);
    let at = 0;
    while (at < expected) {
      // Node reads less than 2 GiB at a time.
      const read = readSync(file, out, at, Math.min(expected - at, 2 ** 30), offset + at);
      if (read === 0) break;
      at += read;
    }
    return out;
  } finally {
    closeSync(file);
  }
}
