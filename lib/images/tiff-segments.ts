import { inflateWhole } from './inflate.js';
import { decodeJpegInTiff } from './jpeg.js';
import { deflateRatio } from './limits.js';
import { decodeFax } from './tiff-fax.js';
import { isFax } from './tiff-kind.js';
import type { Compression, TiffKind } from './tiff-kind.js';

/** Unpacks the strips and tiles of a TIFF. */

/** Bytes that one compressed byte gives at most. @param rowLength bytes of a row */
export const mostRatio = (compression: Compression, rowLength: number): number =>
  // One bit can be a white row.
  isFax(compression) ? 8 * rowLength : ratios[compression];

const ratios = {
  none: 1,
  // A code has nine bits or more and gives at most 3,838 bytes.
  lzw: 3838,
  deflate: deflateRatio,
  packbits: 64,
  // One bit can be a block of 64 pixels, in each of three bands.
  jpeg: 8 * 3 * 64,
};

/**
 * The samples of a strip or tile, as in an uncompressed file.
 * @returns at least `length` bytes
 * @throws Error when it holds fewer, or is damaged
 */
export async function unpack(
  segment: Buffer,
  length: number,
  kind: TiffKind,
  size: { width: number; height: number },
  jpegTables: Buffer | undefined,
): Promise<Uint8Array> {
  // As in libtiff, JPEG is never reversed.
  const turned = kind.reversed && kind.compression !== 'jpeg' ? segment.map(reverseBits) : segment;
  const bytes = await decompress(turned, length, kind, size, jpegTables);
  if (bytes.length < length) throw new Error(`a strip or tile holds ${bytes.length} bytes of ${length}`);
  if (kind.predicted) addUp(bytes, length, kind, size.width);
  return bytes;
}

async function decompress(
  segment: Uint8Array,
  length: number,
  kind: TiffKind,
  size: { width: number; height: number },
  jpegTables: Buffer | undefined,
): Promise<Uint8Array> {
  switch (kind.compression) {
    case 'none':
      return segment.subarray(0, length);
    case 'rows':
    case 'group 3':
    case 'group 4':
      return decodeFax(segment, size.width, size.height, {
        kind: kind.compression,
        twoDimensional: kind.twoDimensional,
      });
    case 'packbits':
      return packBits(segment, length);
    case 'lzw':
      return lzw(segment, length);
    case 'deflate': {
      // Some data beyond what is needed are no error.
      const bytes = inflateWhole(segment, length) ?? inflateWhole(segment, 2 * length + 65_536);
      if (!bytes) throw new Error(`a strip or tile holds more than ${length} bytes`);
      return bytes;
    }
    case 'jpeg':
      return decodeJpegInTiff(
        Buffer.from(segment.buffer, segment.byteOffset, segment.length),
        jpegTables,
        size,
        kind.photometric,
      );
  }
}

function packBits(segment: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let to = 0;
  for (let at = 0; to < length && at < segment.length;) {
    const head = (segment[at++] << 24) >> 24;
    if (head >= 0) {
      const part = segment.subarray(at, at + Math.min(head + 1, length - to));
      out.set(part, to);
      to += part.length;
      at += head + 1;
    } else if (head > -128 && at < segment.length) {
      out.fill(segment[at++], to, Math.min(length, to + 1 - head));
      to += 1 - head;
    }
  }
  return to < length ? out.subarray(0, to) : out;
}

/** LZW of TIFF 6.0: bits from the highest on, codes that get wider one code early; a strip begins with a clear code. */
function lzw(segment: Uint8Array, length: number): Uint8Array {
  if (segment.length >= 2 && segment[0] === 0 && segment[1] & 1) throw new Error('LZW of the kind before TIFF 6.0');
  const out = new Uint8Array(length);
  // For each code, where its string is in the output, and how long it is: the string of an earlier code and one byte
  // more.
  const from = new Uint32Array(4097);
  const size = new Uint16Array(4097);
  let next = 258;
  let width = 9;
  let buffer = 0;
  let bits = 0;
  let to = 0;
  let previous = -1;
  for (let at = 0; to < length;) {
    while (bits < width) {
      if (at >= segment.length) return out.subarray(0, to);
      buffer = ((buffer << 8) | segment[at++]) & 0xffffff;
      bits += 8;
    }
    const code = (buffer >> (bits - width)) & ((1 << width) - 1);
    bits -= width;
    if (code === 257) break;
    if (code === 256) {
      [next, width, previous] = [258, 9, -1];
      continue;
    }
    if (code >= next && !(code === next && previous >= 0)) throw new Error('its LZW codes are damaged');
    const start = to;
    if (previous >= 0 && next < 4097) {
      // The previous string with the first byte of this one, which comes right behind it in the output.
      from[next] = start - (previous < 256 ? 1 : size[previous]);
      size[next] = (previous < 256 ? 1 : size[previous]) + 1;
      next++;
    }
    if (code < 256) out[to++] = code;
    else {
      const end = Math.min(length, to + size[code]);
      for (let i = from[code]; to < end;) out[to++] = out[i++];
    }
    if (next >= (1 << width) - 1 && width < 12) width++;
    previous = code;
  }
  return to < length ? out.subarray(0, to) : out;
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= ((byte >> bit) & 1) << (7 - bit);
  return reversed;
}

/**
 * Undoes horizontal differencing in place: each sample is stored as the difference to the one before it in its band.
 */
function addUp(bytes: Uint8Array, length: number, { bits, samples, planar, little }: TiffKind, width: number): void {
  const bands = planar ? 1 : samples;
  const rowLength = (width * bands * bits) >> 3;
  if (bits === 8) {
    for (let row = 0; row < length; row += rowLength) {
      for (let i = row + bands; i < row + rowLength; i++) bytes[i] += bytes[i - bands];
    }
    return;
  }
  const [low, high] = little ? [0, 1] : [1, 0];
  for (let row = 0; row < length; row += rowLength) {
    for (let i = row + 2 * bands; i < row + rowLength; i += 2) {
      const before = i - 2 * bands;
      const sum = bytes[i + low] + bytes[before + low];
      bytes[i + high] += bytes[before + high] + (sum >> 8);
      bytes[i + low] = sum;
    }
  }
}
