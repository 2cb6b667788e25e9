import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FeatReconstructError, nameOf, systemPath } from '../base/index.js';
import { notRegular, statOrNone, unreadable } from '../bytes/index.js';
import { isArchive, openArchive } from './image-archive.js';
import { beginsLikeImage, endingOf, isBackup, isHidden, kindOf } from './file-kinds.js';
import { imageSource, noImages } from './image-source.js';
import { layoutOf, type FoundFiles } from './layout.js';
import type { DatasetFormat, ExampleSource } from './source.js';
import type { DatasetSpec } from './spec.js';

/**
 * Images below a folder, at any depth, or in an archive; `layoutOf` says which have labels. Unlike in torchvision's
 * ImageFolder, hidden files and folders are skipped at any depth.
 */
export const folder: DatasetFormat = {
  name: 'folder',
  forms: ['folder:PATH'],
  about: { what: 'a folder or an archive of images' },
  open: (spec) => openImages(spec, false),
};

/** The same, but subfolders are always classes, as in torchvision's ImageFolder. */
export const imageFolder: DatasetFormat = {
  name: 'imagefolder',
  forms: ['imagefolder:PATH'],
  about: { what: 'the same, its subfolders are classes' },
  open: (spec) => openImages(spec, true),
};

async function openImages({ text, rest }: DatasetSpec, asClasses: boolean): Promise<ExampleSource> {
  const root = resolve(rest);
  const info = await statOrNone(root);
  if (info?.isFile() && (await isArchive(root))) return openArchive(root, rest, asClasses);
  if (!info?.isDirectory()) {
    throw new FeatReconstructError(
      `${root} is ${info ? 'not a folder' : 'not there'}: ${text} needs a folder of images, or a .zip or .tar of them, named from the working directory on.`,
      { code: 'not-found' },
    );
  }
  const found: FoundFiles = { images: [], unread: [] };
  await walk(root, '', [], found);
  const layout = layoutOf(found, rest, asClasses);
  if (layout.files.length === 0) throw noImages(root, layout.leftOut, asClasses);
  const inRoot = (path: string): string => join(root, path);
  return imageSource(layout, inRoot, async () => ({ find: inRoot, close: async () => undefined }));
}

/**
 * Adds the images in `root/path` and below, by their paths from `root` on; symbolic links are followed.
 * @param parents real paths of the folders above
 */
async function walk(root: string, path: string, parents: string[], found: FoundFiles): Promise<void> {
  const here = join(root, path);
  const real = await realpath(systemPath(here), 'latin1').catch(unreadable(here));
  // A link back to a folder above.
  if (parents.includes(real)) return;
  // As bytes: Node would change a name that is not UTF-8 to one that does not exist.
  const entries = await readdir(systemPath(here), { withFileTypes: true, encoding: 'buffer' }).catch(unreadable(here));
  for (const entry of entries) {
    // With names as bytes, Bun gives no types.
    const hasType = !Buffer.isBuffer(entry);
    const name = nameOf(hasType ? entry.name : entry);
    if (isHidden(name)) continue;
    const file = join(here, name);
    const below = path === '' ? name : `${path}/${name}`;
    const there = hasType && !entry.isSymbolicLink() ? entry : await statOrNone(file);
    if (there?.isDirectory()) {
      await walk(root, below, [...parents, real], found);
      continue;
    }
    if (isBackup(name)) continue;
    const kind = kindOf(name);
    if (kind !== 'other' && there && !there.isFile()) throw notRegular(file);
    if (kind === 'image' && !there) found.unread.push({ path: below, why: 'broken link' });
    else if (kind === 'image') found.images.push(below);
    else if (kind === 'unread') found.unread.push({ path: below, why: endingOf(name) });
    else if (endingOf(name) === '' && there?.isFile() && (await beginsLikeImage(file))) {
      found.unread.push({ path: below, why: '' });
    }
  }
}
