import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { count, FeatReconstructError, systemPath } from '../base/index.js';
import {
  indexTar,
  MOST_OF_A_MEMBER,
  openZip,
  readRange,
  unpackTarGz,
  unreadable,
  upTo,
  type TarEntry,
  type ZipEntry,
} from '../bytes/index.js';
import { endingOf, isBackup, isHidden, kindOf } from './file-kinds.js';
import { imageSource, noImages, type Place, type Places } from './image-source.js';
import { layoutOf, type FoundFiles } from './layout.js';
import type { ExampleSource } from './source.js';

/** The kind of an archive, by its first bytes or its ending; undefined for what is none. */
async function kindOfArchive(path: string): Promise<'zip' | 'gzip' | 'tar' | 'other' | undefined> {
  const handle = await open(systemPath(path), 'r').catch(unreadable(path));
  try {
    const start = (await upTo(handle, 0, 512)).toString('latin1');
    if (/^PK(\x03\x04|\x05\x06|\x07\x08)/.test(start) || /\.zip$/i.test(path)) return 'zip';
    if (start.startsWith('\x1f\x8b')) return 'gzip';
    if (start.slice(257, 262) === 'ustar' || /\.tar$/i.test(path)) return 'tar';
    if (/^(7z\xbc\xaf|Rar!|\xfd7zXZ|BZh|\x28\xb5\x2f\xfd)/.test(start)) return 'other';
    return undefined;
  } finally {
    await handle.close();
  }
}

/** Whether a file is an archive that is read. @throws FeatReconstructError for one of a kind that is not read */
export async function isArchive(path: string): Promise<boolean> {
  const kind = await kindOfArchive(path);
  if (kind === 'other') {
    throw new FeatReconstructError(
      `${path} is an archive of a kind that is not read: unpack it and give the folder, or pack it as .tar or .zip.`,
    );
  }
  return kind !== undefined;
}

/**
 * The images in a .zip, a .tar or a .tar.gz, as if it were unpacked: the same order, labels and digest. A folder around
 * all of them is ignored. The first two are read in place, the last into memory. Nothing is written.
 * @param asked the path as the user wrote it, for notes
 * @param asClasses as of `layoutOf`
 * @throws FeatReconstructError where it is damaged or encrypted, or has no images
 */
export async function openArchive(path: string, asked: string, asClasses: boolean): Promise<ExampleSource> {
  const kind = await kindOfArchive(path);
  const {
    names,
    repeated,
    open: openPlaces,
  } = await (kind === 'zip' ? zip(path) : kind === 'gzip' ? tarGz(path) : tar(path));
  const found: FoundFiles = { images: [], unread: [] };
  for (const name of names) {
    const file = posix.basename(name);
    if (name.split('/').some(isHidden) || isBackup(file)) continue;
    if (kindOf(file) === 'image') found.images.push(name);
    else if (kindOf(file) === 'unread') found.unread.push({ path: name, why: endingOf(file) });
  }
  const wrapper = commonFolder([...found.images, ...found.unread.map((each) => each.path)]);
  const inside = (name: string): string => name.slice(wrapper.length);
  const layout = layoutOf(
    { images: found.images.map(inside), unread: found.unread.map((each) => ({ ...each, path: inside(each.path) })) },
    asked,
    asClasses,
  );
  if (repeated > 0) layout.notes.push({ kind: 'repeated-names', names: repeated, archive: asked });
  if (layout.files.length === 0) throw noImages(path, layout.leftOut, asClasses);
  return imageSource(
    layout,
    (name) => `${path}/${wrapper}${name}`,
    async () => {
      const places = await openPlaces();
      return { find: (name) => places.find(wrapper + name), close: () => places.close() };
    },
  );
}

interface Archive {
  names: string[];
  /** Entries that are replaced by later ones of the same name. */
  repeated: number;
  open(): Promise<Places>;
}

/** The path, with a `/` at its end, of the innermost folder that all files lie in; empty where there is none. */
function commonFolder(paths: string[]): string {
  if (paths.length === 0) return '';
  let common = paths[0].slice(0, paths[0].lastIndexOf('/') + 1);
  for (const path of paths) {
    while (!path.startsWith(common)) common = common.slice(0, common.lastIndexOf('/', common.length - 2) + 1);
  }
  return common;
}

/** A path without empty, `.` and `..` parts. Nothing is unpacked, so paths that lead out do no harm. */
const tidy = (name: string): string =>
  name
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');

/** Entries by tidied name, the last one of each. */
function byName<Entry extends { name: string }>(
  entries: readonly Entry[],
): { entries: Map<string, Entry>; repeated: number } {
  const found = new Map<string, Entry>();
  for (const entry of entries) found.set(tidy(entry.name), entry);
  return { entries: found, repeated: entries.length - found.size };
}

const tooLarge = (path: string, { name, size }: { name: string; size: number }): FeatReconstructError =>
  new FeatReconstructError(
    `Bad image '${path}/${name}': it unpacks to ${count(size)} bytes, more than any image has: remove it from the archive.`,
    { code: 'bad-image' },
  );

async function zip(path: string): Promise<Archive> {
  const directory = await openZip(path);
  await directory.close();
  // Some tools of Windows write backslashes.
  const named = directory.entries.map((entry) => ({
    ...entry,
    path: entry.name.includes('/') ? entry.name : entry.name.replaceAll('\\', '/'),
  }));
  const files = named.filter((entry) => !entry.path.endsWith('/'));
  const { entries, repeated } = byName(files.map((entry) => ({ name: entry.path, entry })));
  const locked = files.find(({ encrypted, path: name }) => encrypted && kindOf(name) !== 'other');
  if (locked) {
    throw new FeatReconstructError(
      `${path} is encrypted ('${locked.name}'): unpack it with its password, and give the folder.`,
    );
  }
  return {
    names: [...entries.keys()],
    repeated,
    async open() {
      const archive = await openZip(path);
      const read = async ({ entry }: { entry: ZipEntry }): Promise<Place> => {
        if (entry.size > MOST_OF_A_MEMBER) return tooLarge(path, entry);
        try {
          const file = await archive.bytes(entry);
          return await file.read(0, file.size);
        } catch (error) {
          if (error instanceof FeatReconstructError) return error;
          throw error;
        }
      };
      return { find: (name) => read(entries.get(name)!), close: () => archive.close() };
    },
  };
}

/** The path that a link leads to, from the archive's root on. */
const target = ({ name, link }: TarEntry): string =>
  tidy(link!.hard ? link!.to : posix.normalize(posix.join(posix.dirname(tidy(name)), link!.to)));

/** Entries by name, with links replaced by what they lead to; those that lead to nothing stay. */
function resolved(all: readonly TarEntry[]): { entries: Map<string, TarEntry>; repeated: number } {
  const { entries, repeated } = byName(all);
  for (const [name, entry] of entries) {
    let found: TarEntry | undefined = entry;
    // A chain of links may be a circle.
    for (let steps = 0; found?.link && steps < 40; steps++) found = entries.get(target(found));
    if (found && !found.link) entries.set(name, found);
  }
  return { entries, repeated };
}

async function tar(path: string): Promise<Archive> {
  const { entries, repeated } = resolved(await indexTar(path, { links: true, anyPath: true }));
  const find = (name: string): Place | Promise<Place> => {
    const entry = entries.get(name)!;
    if (entry.link) return brokenLink(path, entry);
    return entry.size > MOST_OF_A_MEMBER ? tooLarge(path, entry) : readRange(path, entry.offset, entry.size);
  };
  return { names: [...entries.keys()], repeated, open: async () => ({ find, close: async () => undefined }) };
}

async function tarGz(path: string): Promise<Archive> {
  const all: TarEntry[] = [];
  const bytes = new Map<number, Uint8Array>();
  for await (const entry of unpackTarGz(path, { links: true, anyPath: true })) {
    const { name, size, offset, link } = entry;
    all.push({ name, size, offset, link });
    if (!link && kindOf(name) === 'image') bytes.set(offset, await entry.read());
  }
  const { entries, repeated } = resolved(all);
  const find = (name: string): Place => {
    const entry = entries.get(name)!;
    // A link named like an image may lead to a file that is not, whose bytes were not kept.
    return bytes.get(entry.offset) ?? brokenLink(path, entry);
  };
  return { names: [...entries.keys()], repeated, open: async () => ({ find, close: async () => undefined }) };
}

const brokenLink = (path: string, { name }: TarEntry): FeatReconstructError =>
  new FeatReconstructError(
    `Bad image '${path}/${name}': it is a link to what is not in the archive: pack it again with 'tar --dereference'.`,
    { code: 'bad-image' },
  );
