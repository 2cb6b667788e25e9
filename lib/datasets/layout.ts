import { LeftOutTally, type DatasetNote } from '../words/index.js';
import { endingOf } from './file-kinds.js';

/** The files below a folder or in an archive that are images or should be, by their paths, with `/` between names. */
export interface FoundFiles {
  images: string[];
  /** Those that are not read: `why` is the ending, or what is wrong, as `LeftOutTally.add` takes it. */
  unread: { path: string; why: string }[];
}

/** Which of the images are examples, and of which class. */
export interface Layout {
  /** In the order of Python's sorted(). */
  files: { path: string; label: number }[];
  /** Absent where there are no labels. */
  classNames?: string[];
  leftOut: LeftOutTally;
  /** What was decided. */
  notes: DatasetNote[];
}

/** Folders that divide a data set and say nothing of classes. */
const splits = /^(train(ing)?|val(id(ation)?)?|test(ing)?|dev|eval(uation)?)([_-]?(set|images|data))?$/i;

/**
 * Decides which images have labels. If every image is in a subfolder, labels are those of torchvision's ImageFolder:
 * classes are the subfolders with images, numbered by their sorted names. A subfolder whose images are all of kinds
 * that are not read keeps its number, so that the later ones have the numbers of training. If there are images beside
 * the subfolders, or the subfolders are splits (`train`, `val`), all images are read and none has a label.
 * @param place the folder or archive, as messages name it
 * @param asClasses take the subfolders as classes in any case, and leave out images beside them
 */
export function layoutOf(found: FoundFiles, place: string, asClasses = false): Layout {
  const { unread, note } = withoutTwins(found);
  const leftOut = new LeftOutTally();
  for (const { path, why } of unread) if (!asClasses || path.includes('/')) leftOut.add(why, path);
  const top = found.images.filter((path) => !path.includes('/'));
  const below = found.images.filter((path) => path.includes('/'));
  const folders = sorted([...new Set([...below, ...unread.map(({ path }) => path)].map(folderOf))]).filter(Boolean);
  const notes = note ? [note] : [];
  const unlabelled = (why: DatasetNote): Layout => {
    notes.unshift(why);
    return { files: sorted(found.images).map((path) => ({ path, label: -1 })), leftOut, notes };
  };
  if (!asClasses) {
    if (below.length === 0) return unlabelled({ kind: 'no-subfolders', images: top.length });
    if (top.length > 0) {
      const many = { top: top.length, below: below.length, folders: folders.length };
      return unlabelled({ kind: 'top-and-below', ...many, place });
    }
    if (folders.every((name) => splits.test(name))) {
      return unlabelled({ kind: 'splits', images: below.length, folders, place });
    }
  }
  notes.unshift({ kind: 'classes', images: below.length, folders });
  if (asClasses && top.length > 0) notes.push({ kind: 'beside-classes', images: top.length });
  const numbers = new Map(folders.map((name, label) => [name, label]));
  const files = sorted(below).map((path) => ({ path, label: numbers.get(folderOf(path))! }));
  return { files, classNames: folders, leftOut, notes };
}

/** The first name of a path; empty for a file at the top. */
const folderOf = (path: string): string => path.slice(0, Math.max(0, path.indexOf('/')));

/**
 * The unread files without those beside an image of the same name, and a note about these: the photograph that the
 * image was converted from, a camera's raw file beside its JPEG.
 */
function withoutTwins({ images, unread }: FoundFiles): { unread: FoundFiles['unread']; note?: DatasetNote } {
  if (unread.length === 0) return { unread };
  const stem = (path: string): string => path.replace(/\.[^./]+$/, '').toLowerCase();
  const known = new Set(images.map(stem));
  const isTwin = ({ path, why }: FoundFiles['unread'][number]): boolean =>
    why !== '' && why === endingOf(path) && known.has(stem(path));
  const twins = unread.filter(isTwin);
  if (twins.length === 0) return { unread };
  const endings = [...new Set(twins.map(({ why }) => `.${why}`))];
  return {
    unread: unread.filter((file) => !isTwin(file)),
    note: { kind: 'beside-images', files: twins.length, endings },
  };
}

/**
 * In the order of Python's sorted(): by code points. JavaScript's order of UTF-16 differs only for those beyond U+FFFF.
 */
export function sorted(paths: readonly string[]): string[] {
  const beyond = paths.some((path) => /[\ud800-\udfff]/.test(path));
  return [...paths].sort(beyond ? byCodePoints : (a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Compares the bytes of UTF-32. UTF-8 has the same order, but cannot write lone surrogates, which `nameOf` makes of
 * other bytes.
 */
const byCodePoints = (a: string, b: string): number => Buffer.compare(utf32(a), utf32(b));

function utf32(text: string): Buffer {
  const points = Array.from(text, (character) => character.codePointAt(0)!);
  const bytes = Buffer.alloc(4 * points.length);
  points.forEach((point, i) => bytes.writeUInt32BE(point, 4 * i));
  return bytes;
}
