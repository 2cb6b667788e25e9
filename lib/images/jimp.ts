import type { Bitmap } from './jpeg.js';
import { checkTiff, tiffOrientation } from './tiff.js';

/**
 * Files through jimp's formats, with what keeps their pixels from being Pillow's put right beforehand. The formats are
 * called by themselves, since a Jimp image would be rotated by its EXIF orientation.
 */

export type JimpMime = 'image/jpeg' | 'image/png' | 'image/bmp' | 'image/gif' | 'image/tiff';

/** @throws Error (of jimp's or of ours) when the bytes are cut short or corrupted */
export async function decodeByJimp(bytes: Buffer, mime: JimpMime): Promise<Bitmap> {
  if (mime === 'image/png') return decodePng(bytes);
  if (mime === 'image/gif') return byFormat(opaqueGif(bytes), mime);
  if (mime === 'image/bmp') checkBmp(bytes);
  if (mime === 'image/tiff') {
    checkTiff(bytes);
    return orient(await byFormat(bytes, mime), tiffOrientation(bytes));
  }
  return byFormat(bytes, mime);
}

async function byFormat(bytes: Buffer, mime: JimpMime, options?: object): Promise<Bitmap> {
  const { defaultFormats } = await import('jimp');
  const format = defaultFormats.map((make) => make()).find((candidate) => candidate.mime === mime)!;
  return (format.decode as (bytes: Buffer, options?: object) => Bitmap | Promise<Bitmap>)(bytes, options);
}

async function decodePng(bytes: Buffer): Promise<Bitmap> {
  const depth = bytes[24];
  const bitmap = await byFormat(opaquePng(bytes), 'image/png', depth === 16 ? { skipRescale: true } : undefined);
  // Of 16-bit samples Pillow keeps the high byte; the reader would round.
  return depth === 16 ? { ...bitmap, data: Uint8Array.from(bitmap.data, (sample) => sample >> 8) } : bitmap;
}

/** Grey and RGB files may name one colour as transparent; the reader would make it black. Leaves that chunk out. */
function opaquePng(bytes: Buffer): Buffer {
  const colorType = bytes[25];
  if (colorType !== 0 && colorType !== 2) return bytes;
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'tRNS') {
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    }
    at = end;
  }
  return bytes;
}

/** The reader leaves transparent pixels black; Pillow gives them their colour. Clears the first frame's flag. */
function opaqueGif(bytes: Buffer): Buffer {
  const colorTable = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let at = 13 + colorTable(bytes[10]);
  // Extensions up to the first image: 0x21, a label, then blocks of a length each, an empty one last.
  while (bytes[at] === 0x21) {
    if (bytes[at + 1] === 0xf9 && bytes[at + 3] & 1) {
      const copy = Buffer.from(bytes);
      copy[at + 3] &= ~1;
      return copy;
    }
    at += 2;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at];
    at++;
  }
  return bytes;
}

/** The reader takes missing rows of an uncompressed file for black. */
function checkBmp(bytes: Buffer): void {
  if (bytes.length < 54) throw new Error('no whole header');
  const compression = bytes.readUInt32LE(30);
  if (compression !== 0 && compression !== 3) return;
  const row = Math.ceil((bytes.readInt32LE(18) * bytes.readUInt16LE(28)) / 32) * 4;
  const end = bytes.readUInt32LE(10) + row * Math.abs(bytes.readInt32LE(22));
  if (end > bytes.length) throw new Error(`${bytes.length} bytes of ${end}`);
}

/** Turns the image as the orientation tag says (1 to 8, as in EXIF), which Pillow does for TIFF alone. */
function orient(bitmap: Bitmap, orientation: number): Bitmap {
  if (orientation === 1) return bitmap;
  const { width, height } = bitmap;
  const turned = orientation >= 5;
  const out = {
    width: turned ? height : width,
    height: turned ? width : height,
    data: new Uint8Array(width * height * 4),
  };
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++) {
      const [u, v] = turned ? [y, x] : [x, y];
      const from = (mirrorY ? height - 1 - v : v) * width + (mirrorX ? width - 1 - u : u);
      out.data.set(bitmap.data.subarray(from * 4, from * 4 + 4), (y * out.width + x) * 4);
    }
  }
  return out;
}
