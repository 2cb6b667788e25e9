/** The segments of a JPEG in front of its pixels: what they say, and how to change what they say of colours. */

/** What a JPEG says of itself before its pixels. */
export interface JpegHeader {
  width: number;
  height: number;
  components: number;
  /** What it is, if its kind is not read: `lossless`. */
  unread?: string;
  /** Blocks of 8 x 8 in the first band. */
  blocks: number;
  /** Of all bands together. */
  coefficients: number;
  /** What Adobe's marker says of the colours: 0 as they are, 1 YCbCr, 2 YCCK. */
  adobe: number | undefined;
  /** Bytes from the first scan on. */
  length: number;
  /** How many scans there are. */
  scans: number;
}

/** Markers of frames of kinds that are not read. */
const unread: Record<number, string> = {
  0xc3: 'lossless',
  0xc5: 'hierarchical',
  0xc6: 'hierarchical',
  0xc7: 'hierarchical',
  0xc9: 'coded arithmetically',
  0xca: 'coded arithmetically',
  0xcb: 'lossless',
  0xcd: 'hierarchical',
  0xce: 'hierarchical',
  0xcf: 'hierarchical',
  0xf7: 'a JPEG-LS',
};
/** Markers of frames that are read: baseline, extended, progressive. */
const read = [0xc0, 0xc1, 0xc2];

/** @throws Error where there is no header, or it is cut short */
export function readJpegHeader(bytes: Buffer): JpegHeader {
  let adobe: number | undefined;
  let frame: Omit<JpegHeader, 'length' | 'scans' | 'adobe'> | undefined;
  for (const { marker, from, to } of segments(bytes)) {
    if (marker === 0xda) {
      if (!frame) throw new Error('a scan before its header');
      return { ...frame, adobe, length: bytes.length - from, scans: countScans(bytes, from) };
    }
    if (marker === 0xee && to - from >= 12 && bytes.toString('latin1', from, from + 5) === 'Adobe') {
      adobe = bytes[from + 11];
    }
    if (!read.includes(marker) && !(marker in unread)) continue;
    const body = bytes.subarray(from, to);
    const bits = body.readUInt8(0);
    const [height, width, components] = [body.readUInt16BE(1), body.readUInt16BE(3), body.readUInt8(5)];
    const factors = Array.from({ length: components }, (_, i) => body.readUInt8(7 + 3 * i));
    const along = (band: number, length: number, shift: number): number => {
      const shares = factors.map((factor) => (factor >> shift) & 15);
      return Math.ceil((length * shares[band]) / Math.max(...shares) / 8);
    };
    const blocks = factors.map((_, band) => along(band, width, 4) * along(band, height, 0));
    frame = {
      width,
      height,
      components,
      blocks: blocks[0],
      coefficients: blocks.reduce((sum, count) => sum + 64 * count, 0),
      unread: unread[marker] ?? (bits === 8 ? undefined : `of ${bits} bits a sample`),
    };
  }
  throw new Error('it ends before its pixels');
}

/**
 * How many scans there are from the first on. Neither their marker nor that of the end can occur within pixels' codes.
 */
function countScans(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(Buffer.from([0xff, 0xd9]), from);
  const all = bytes.subarray(0, end < 0 ? bytes.length : end);
  let scans = 1;
  for (let at = from; (at = all.indexOf(Buffer.from([0xff, 0xda]), at)) >= 0; at += 2) scans++;
  return scans;
}

interface Segment {
  marker: number;
  /** Where it begins, with its marker. */
  start: number;
  /** Where its content begins. */
  from: number;
  /** Where it ends. */
  to: number;
}

/** The segments up to the first scan, that one included. */
function* segments(bytes: Buffer): Generator<Segment> {
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) {
      // Rubbish between segments is skipped, as in libjpeg.
      at++;
      continue;
    }
    const marker = bytes[at + 1];
    // Fill bytes, and markers without a segment.
    if (marker === 0xff || marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === 0xd9) return;
    const to = at + 2 + bytes.readUInt16BE(at + 2);
    yield { marker, start: at, from: at + 4, to };
    if (marker === 0xda) return;
    at = to;
  }
}

/**
 * A JPEG inside a TIFF as a file of its own that says what its colours are, so that libjpeg need not guess: Adobe's
 * marker is added, and JFIF's, which would overrule it, is left out.
 */
export function withColors(segment: Buffer, tables: Buffer | undefined, ycbcr: boolean): Buffer {
  const start = Buffer.from([0xff, 0xd8]);
  const adobe = Buffer.from([0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, ycbcr ? 1 : 0]);
  // The tables come as a JPEG of their own, whose start and end markers are dropped.
  const shared = tables && tables.length > 4 ? tables.subarray(2, tables.length - 2) : Buffer.alloc(0);
  const kept: Buffer[] = [];
  let at = 2;
  for (const { marker, start: from, to } of segments(segment)) {
    if (marker !== 0xe0 && marker !== 0xee) continue;
    kept.push(segment.subarray(at, from));
    at = to;
  }
  return Buffer.concat([start, adobe, shared, ...kept, segment.subarray(at)]);
}
