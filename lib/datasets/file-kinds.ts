import { open } from 'node:fs/promises';
import { systemPath } from '../base/index.js';
import { upTo } from '../bytes/index.js';

/** Endings of images that are read. (When a file is decoded, its first bytes say what it really is.) */
const read = new Set(
  'jpg jpeg jpe jfif jif jfi pjpeg pjp mpo png apng webp bmp gif tif tiff ppm pgm pbm pnm'.split(' '),
);

/** Endings of images that are not read: of the web and telephones, editors, cameras, instruments. */
const unread = new Set(
  `avif avifs heic heics heif heifs hif jp2 j2k j2c jpc jpf jpx jpm jph jxl jxr wdp hdp jls bpg flif qoi
  pam pfm svg svgz ico cur icns dib psd psb xcf tga dds exr hdr pcx dcx xbm xpm sgi rgb rgba ras wmf emf eps
  dng cr2 cr3 crw nef nrw arw srf sr2 srw orf rw2 raf pef x3f erf kdc dcr mrw 3fr iiq raw
  dcm dicom nii mha mhd nrrd fits fit fts svs ndpi mrxs czi lif nd2`
    .split(/\s+/)
    .filter(Boolean),
);

/** Names, in lower case, of what systems, file servers and tools put into people's folders. */
const foreign = new Set([
  ...['__macosx', 'icon\r'],
  ...['thumbs.db', 'ehthumbs.db', 'desktop.ini', '$recycle.bin', 'system volume information', 'found.000'],
  ...['@eadir', '@tmp', '@recycle', '@recently-snapshot', '#recycle', '#snapshot'],
  ...['lost+found', '__pycache__'],
]);

/**
 * Whether a file or folder is hidden, and so neither an image nor a class: a name that begins with a dot
 * (`.ipynb_checkpoints`, `.git`, the `._photo.jpg` that macOS writes beside a photo.jpg), and what systems keep for
 * themselves (`__MACOSX`, `Thumbs.db`, `$RECYCLE.BIN`, a Synology's `@eaDir`).
 */
export const isHidden = (name: string): boolean => name.startsWith('.') || foreign.has(name.toLowerCase());

/** The backups that editors and ExifTool leave beside a file: `photo.jpg~`, `photo.jpg_original`. */
export const isBackup = (name: string): boolean => /(~|_original)$/.test(name);

/** What a file is by its name: an image that is read, one of a kind that is not, or something else. */
export function kindOf(name: string): 'image' | 'unread' | 'other' {
  const ending = endingOf(name);
  return read.has(ending) ? 'image' : unread.has(ending) ? 'unread' : 'other';
}

/**
 * A name's ending in lower case, without the dot; empty where there is none that means anything (`photo`,
 * `photo.jpg.1`, `photo.jpg?w=9`).
 */
export const endingOf = (name: string): string => /\.([a-z0-9]*[a-z][a-z0-9]*)$/i.exec(name)?.[1].toLowerCase() ?? '';

/** Whether a file begins like an image, for names that do not say. False where it cannot be read. */
export async function beginsLikeImage(path: string): Promise<boolean> {
  const handle = await open(systemPath(path), 'r').catch(() => null);
  if (!handle) return false;
  try {
    const start = (await upTo(handle, 0, 16)).toString('latin1');
    return /^(\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|II\*\0|MM\0\*|RIFF[^]{4}WEBP|[^]{4}ftyp(avi|hei|hev|mif))/.test(
      start,
    );
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

/** Whether a name is that of an image that is read, and is not hidden. */
export const isImageName = (name: string): boolean => !isHidden(name) && kindOf(name) === 'image';
