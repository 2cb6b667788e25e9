import { decodeBmp } from './bmp.js';
import { decodeGif } from './gif.js';
import { decodeJpeg } from './jpeg.js';
import { decodePng } from './png.js';
import { decodePnm } from './pnm.js';
import { decodeTiff } from './tiff.js';
import type { RgbImage } from './types.js';
import { decodeWebp } from './webp.js';

/** A format of images that is read. A file's format is told by its first bytes, whatever its name. */
interface ImageFormat {
  name: string;
  /** Matches the first bytes, as Latin-1. */
  start: RegExp;
  decode(bytes: Buffer): RgbImage | Promise<RgbImage>;
}

const formats: readonly ImageFormat[] = [
  { name: 'JPEG', start: /^\xff\xd8\xff/, decode: decodeJpeg },
  { name: 'PNG', start: /^\x89PNG\r\n\x1a\n/, decode: decodePng },
  { name: 'WebP', start: /^RIFF[^]{4}WEBP/, decode: decodeWebp },
  { name: 'BMP', start: /^BM/, decode: decodeBmp },
  { name: 'GIF', start: /^GIF8[79]a/, decode: decodeGif },
  { name: 'TIFF', start: /^(II[*+]\0|MM\0[*+])/, decode: decodeTiff },
  { name: 'PNM', start: /^P[1-6][\t-\r ]/, decode: decodePnm },
];

/** The formats that are read, as messages list them. */
export const formatsRead = 'JPEG, PNG, WebP, BMP, GIF, TIFF or PPM';

/** Other kinds of files that people have under the names of images: what to call them and what to do (`cure`). */
const others: readonly { what: string; start: RegExp; cure?: string }[] = [
  { what: 'a HEIC image', start: /^[^]{4}ftyp(hei|hev|mif1|msf1)/ },
  { what: 'an AVIF image', start: /^[^]{4}ftypavi/ },
  { what: 'a film', start: /^([^]{4}ftyp|\x1aE\xdf\xa3|RIFF[^]{4}AVI )/, cure: 'remove it' },
  { what: 'a JPEG XL image', start: /^(\xff\x0a|\0\0\0\x0cJXL )/ },
  { what: 'a JPEG 2000 image', start: /^(\0\0\0\x0cjP  |\xff\x4f\xff\x51)/ },
  { what: 'a Photoshop document', start: /^8BPS/ },
  { what: 'an icon', start: /^\0\0[\x01\x02]\0/ },
  { what: 'a PDF', start: /^%PDF/ },
  { what: 'a Netpbm image of a kind that is not read (PAM, PFM)', start: /^P[7fF]\s/ },
  { what: 'an SVG drawing', start: /^(<\?xml[^]*?)?\s*<svg/i },
  {
    what: 'a web page, not an image',
    start: /^\s*(<!doctype html|<html|<head)/i,
    cure: 'download the image itself, or remove it',
  },
  {
    what: 'a pointer of Git LFS, not the image',
    start: /^version https:\/\/git-lfs/,
    cure: "fetch it with 'git lfs pull'",
  },
  { what: 'a zip archive', start: /^PK\x03\x04/, cure: 'unpack it' },
  { what: 'a gzip file', start: /^\x1f\x8b/, cure: 'unpack it' },
];

/** Bytes that are looked at to name another kind. */
const looked = 512;

/** The format that a file begins like; undefined for none that is read. */
export const formatOf = (bytes: Buffer): ImageFormat | undefined => {
  const start = bytes.toString('latin1', 0, 16);
  return formats.find((format) => format.start.test(start));
};

/** What a file is that no format matches, and what to do: `a HEIC image: convert or remove it`. */
export function somethingElse(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, looked);
  const found = others.find((other) => other.start.test(start));
  const what = found?.what ?? (bytes.length === 0 ? 'an empty file' : 'something else');
  return `${what}: ${found?.cure ?? 'convert or remove it'}`;
}
