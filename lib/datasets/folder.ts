import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { statOrNone, unreadable } from './byte-file.js';
import type { DatasetFormat, ExampleSource } from './source.js';

const IMAGE = /\.(jpe?g|png|bmp|gif|tiff?)$/i;

/** Images below a folder: one subfolder a class (by sorted name), or all in the folder itself (label −1). */
export const folder: DatasetFormat = {
  name: 'folder',
  forms: ['folder:PATH'],
  async open({ text, rest }) {
    const root = resolve(rest);
    const info = await statOrNone(root);
    if (!info?.isDirectory()) {
      throw new FeatReconstructError(
        `${root} is ${info ? 'not a folder' : 'not there'}: ${text} needs a folder of images, named from the working directory on.`,
      );
    }
    const { images, folders } = await list(root);
    const classNames = folders.filter((name) => !name.startsWith('.')).sort(byCodeUnits);
    const below = await Promise.all(classNames.map((name) => imagesBelow(root, name, [])));
    const count = below.reduce((sum, paths) => sum + paths.length, 0);
    if (images.length === 0 && count === 0) {
      throw new FeatReconstructError(`${root} has no images (JPEG, PNG, BMP, GIF or TIFF), nor have its subfolders.`);
    }
    if (images.length > 0 && count > 0) {
      throw new FeatReconstructError(
        `${root} has images of its own (${images[0]}) and others in subfolders: expected either class subfolders or a flat folder, so move one kind elsewhere.`,
      );
    }
    if (count === 0)
      return folderSource(
        root,
        images.map((path) => ({ path, label: -1 })),
      );
    const labelled = below.flatMap((paths, label) => paths.map((path) => ({ path, label })));
    return folderSource(root, labelled, classNames);
  },
};

function folderSource(root: string, files: { path: string; label: number }[], classNames?: string[]): ExampleSource {
  files.sort((a, b) => byCodeUnits(a.path, b.path));
  return {
    size: files.length,
    kind: 'images',
    classNames,
    async *blocks(start, stop) {
      yield files.slice(start, stop).map(({ path, label }) => {
        const file = join(root, path);
        return { id: path, label, encoded: { name: file, file } };
      });
    },
  };
}

/** Paths of the images below `root/path`, from `root` on, with `/` between names. */
async function imagesBelow(root: string, path: string, parents: string[]): Promise<string[]> {
  const real = await realpath(join(root, path));
  if (parents.includes(real)) return []; // a link back to a folder that we are in
  const { images, folders } = await list(join(root, path));
  const nested = await Promise.all(folders.map((name) => imagesBelow(root, `${path}/${name}`, [...parents, real])));
  return [...images.map((name) => `${path}/${name}`), ...nested.flat()];
}

/** Names of the images and of the folders right in a folder; symbolic links count as what they lead to. */
async function list(path: string): Promise<{ images: string[]; folders: string[] }> {
  const images: string[] = [];
  const folders: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true }).catch(unreadable(path))) {
    const kind = entry.isSymbolicLink() ? await statOrNone(join(path, entry.name)) : entry;
    if (kind?.isDirectory()) folders.push(entry.name);
    else if (IMAGE.test(entry.name)) {
      if (!kind) throw new FeatReconstructError(`${join(path, entry.name)} is a link to a file that is not there.`);
      if (kind.isFile()) images.push(entry.name);
    }
  }
  return { images, folders };
}

/** The order of Python's sorted() on paths: no locale. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
