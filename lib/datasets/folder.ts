import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FeatReconstructError, nameOf, systemPath } from '../base/index.js';
import { notRegular, statOrNone, unreadable } from './byte-file.js';
import { beginsLikeImage, endingOf, isBackup, isHidden, kindOf } from './file-kinds.js';
import { leftOutInWords, LeftOutTally } from './left-out.js';
import type { DatasetFormat, ExampleSource } from './source.js';

/**
 * Images below a folder: one subfolder a class, or all in the folder itself (label −1). Classes are numbered as
 * torchvision's ImageFolder numbers them, by the sorted names of the subfolders that have images; a subfolder all of whose images
 * are of kinds that are not read keeps its number, so that those after it have the one that they were trained with.
 * What ImageFolder takes for a class or an image and is none (hidden files and folders) is passed over at any depth.
 */
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
    const { images, folders, leftOut } = await list(root);
    const below = await Promise.all(
      sorted(folders, (name) => name).map(async (name) => ({ name, ...(await everythingBelow(root, name, [])) })),
    );
    for (const each of below) leftOut.addAll(each.leftOut);
    const classes = below.filter((each) => each.images.length > 0 || each.leftOut.total > 0);
    const count = classes.reduce((sum, each) => sum + each.images.length, 0);
    if (images.length === 0 && count === 0) throw noImages(root, leftOut);
    if (images.length > 0 && count > 0) {
      throw new FeatReconstructError(
        `${root} has images of its own (${images[0]}) and others in subfolders: expected either class subfolders or a flat folder, so move one kind elsewhere.`,
      );
    }
    if (count === 0) {
      const flat = images.map((path) => ({ path, label: -1 }));
      return folderSource(root, flat, leftOut);
    }
    const labelled = classes.flatMap(({ images: paths }, label) => paths.map((path) => ({ path, label })));
    return folderSource(
      root,
      labelled,
      leftOut,
      classes.map(({ name }) => name),
    );
  },
};

function noImages(root: string, leftOut: LeftOutTally): FeatReconstructError {
  const unread = leftOut.result();
  if (!unread) {
    return new FeatReconstructError(`${root} has no images (JPEG, PNG, BMP, GIF or TIFF), nor have its subfolders.`);
  }
  return new FeatReconstructError(
    `${root} has no images that are read (JPEG, PNG, BMP, GIF or TIFF, by their endings), only ${leftOutInWords(unread)}: convert them, to PNG for the same pixels.`,
  );
}

function folderSource(
  root: string,
  unsorted: { path: string; label: number }[],
  leftOut: LeftOutTally,
  classNames?: string[],
): ExampleSource {
  const files = sorted(unsorted, ({ path }) => path);
  return {
    size: files.length,
    kind: 'images',
    classNames,
    ...(classNames ? { classesAre: 'folders' as const } : {}),
    leftOut: leftOut.result(),
    async *blocks(start, stop) {
      yield files.slice(start, stop).map(({ path, label }) => {
        const file = join(root, path);
        return { id: path, label, encoded: { name: file, file } };
      });
    },
  };
}

/** The images below `root/path`, from `root` on, with `/` between names, and what looks like images there. */
async function everythingBelow(
  root: string,
  path: string,
  parents: string[],
): Promise<{ images: string[]; leftOut: LeftOutTally }> {
  const real = await realpath(systemPath(join(root, path)), 'latin1').catch(unreadable(join(root, path)));
  if (parents.includes(real)) return { images: [], leftOut: new LeftOutTally() }; // a link back to a folder that we are in
  const { images, folders, leftOut } = await list(join(root, path));
  const paths = images.map((name) => `${path}/${name}`);
  for (const name of folders) {
    const nested = await everythingBelow(root, `${path}/${name}`, [...parents, real]);
    // No spread: a folder may have more images than a call takes arguments.
    for (const image of nested.images) paths.push(image);
    leftOut.addAll(nested.leftOut);
  }
  return { images: paths, leftOut };
}

/** Names of the images and of the folders right in a folder; symbolic links count as what they lead to. */
async function list(path: string): Promise<{ images: string[]; folders: string[]; leftOut: LeftOutTally }> {
  const images: string[] = [];
  const folders: string[] = [];
  const leftOut = new LeftOutTally();
  // As bytes: a name that is not UTF-8 would come as one that is not there.
  const entries = await readdir(systemPath(path), { withFileTypes: true, encoding: 'buffer' }).catch(unreadable(path));
  for (const entry of entries) {
    const name = nameOf(entry.name);
    if (isHidden(name)) continue;
    const file = join(path, name);
    const there = entry.isSymbolicLink() ? await statOrNone(file) : entry;
    if (there?.isDirectory()) {
      folders.push(name);
      continue;
    }
    if (isBackup(name)) continue;
    const kind = kindOf(name);
    if (kind !== 'other') {
      if (!there) throw new FeatReconstructError(`${file} is a link to a file that is not there.`);
      if (!there.isFile()) throw notRegular(file);
    }
    if (kind === 'image') images.push(name);
    else if (kind === 'unread') leftOut.add(endingOf(name));
    else if (endingOf(name) === '' && there?.isFile() && (await beginsLikeImage(file))) leftOut.add('');
  }
  return { images, folders, leftOut };
}

/** In the order of Python's sorted(): by code points. UTF-16's own order differs beyond U+FFFF alone. */
function sorted<Item>(items: readonly Item[], name: (item: Item) => string): Item[] {
  const beyond = items.some((item) => /[\ud800-\udfff]/.test(name(item)));
  const compare = beyond ? byCodePoints : (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...items].sort((a, b) => compare(name(a), name(b)));
}

/** UTF-8 sorts as code points do, but has none for lone surrogates, which stand for other bytes. UTF-32 has. */
const byCodePoints = (a: string, b: string): number => Buffer.compare(utf32(a), utf32(b));

function utf32(text: string): Buffer {
  const points = Array.from(text, (character) => character.codePointAt(0)!);
  const bytes = Buffer.alloc(4 * points.length);
  points.forEach((point, i) => bytes.writeUInt32BE(point, 4 * i));
  return bytes;
}
