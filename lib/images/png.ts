import { crc32 } from 'node:zlib';
import { inflated } from './inflate.js';
import { checkPromise, checkSize, deflateRatio, refuse } from './limits.js';
import type { RgbImage } from './types.js';

/**
 * PNG, as Pillow reads it: transparency is dropped, 16-bit samples keep their high byte, gamma and profiles are
 * ignored, of an APNG the still image is read, and what follows the pixels is not. Rows are written as they are
 * inflated, so that beside the result nothing of the image's size is in memory.
 */

interface Header {
  width: number;
  height: number;
  depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  colorType: number;
  interlaced: boolean;
}

/** Bytes of rows that are inflated at a time, about. */
const slab = 1 << 16;
/** Samples of a pixel, by colour type. */
const samples: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Allowed bits of a sample, by colour type. */
const depths: Record<number, number[]> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };

/**
 * Pixels that are stored together, from (x, y) in steps of (dx, dy): the whole image, or one of the seven passes of
 * Adam7.
 */
interface Pass {
  x: number;
  y: number;
  dx: number;
  dy: number;
}
const whole: Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
const adam7: Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/** @throws Refusal for 16-bit grey; Error when the bytes are cut short or corrupted */
export async function decodePng(bytes: Buffer): Promise<RgbImage> {
  const { header, palette, data } = readChunks(bytes);
  const { width, height, depth, colorType } = header;
  const passes = (header.interlaced ? adam7 : whole).filter(({ x, y }) => x < width && y < height);
  const bits = samples[colorType] * depth;
  const rowLength = ({ x, dx }: Pass): number => Math.ceil((Math.ceil((width - x) / dx) * bits) / 8);
  const rows = ({ y, dy }: Pass): number => Math.ceil((height - y) / dy);
  const length = passes.reduce((sum, pass) => sum + rows(pass) * (1 + rowLength(pass)), 0);
  const held = data.reduce((sum, part) => sum + part.length, 0);
  checkPromise(held, length, deflateRatio);

  const out = new Uint8Array(width * height * 3);
  const writeRow = rowWriter(header, palette);
  const reader = inflated(data, length);
  try {
    for (const pass of passes) {
      const pixels = Math.ceil((width - pass.x) / pass.dx);
      const line = 1 + rowLength(pass);
      const perSlab = Math.max(1, Math.floor(slab / line));
      let above: Uint8Array = new Uint8Array(line);
      let aboveAt = 0;
      for (let done = 0; done < rows(pass); done += perSlab) {
        const count = Math.min(perSlab, rows(pass) - done);
        const taken = reader.take(count * line);
        const lines = taken instanceof Promise ? await taken : taken;
        for (let i = 0, at = 0; i < count; i++, at += line) {
          unfilter(lines, at, line, above, aboveAt, Math.max(1, bits >> 3));
          const y = pass.y + (done + i) * pass.dy;
          writeRow(out, (y * width + pass.x) * 3, pass.dx * 3, pixels, lines, at + 1);
          [above, aboveAt] = [lines, at];
        }
      }
    }
  } finally {
    reader.close();
  }
  return { width, height, data: out };
}

/** The chunks before the pixels, with their checksums verified as in Pillow, and the compressed pixels. */
function readChunks(bytes: Buffer): { header: Header; palette: Uint8Array; data: Buffer[] } {
  let header: Header | undefined;
  // Colours that the file does not give are black, as in Pillow.
  let palette: Uint8Array | undefined;
  const data: Buffer[] = [];
  for (let at = 8; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const kind = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (kind === 'IDAT') {
      if (body.length < length) throw new Error('it breaks off within its pixels');
      data.push(body);
    } else if (data.length > 0 || kind === 'IEND') break;
    else {
      const end = at + 8 + length;
      if (end + 4 > bytes.length) throw new Error(`it breaks off within ${nameOf(kind)}`);
      if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) {
        throw new Error(`the checksum of ${nameOf(kind)} is wrong`);
      }
      if (kind === 'IHDR') header = readHeader(body);
      else if (kind === 'PLTE') (palette = new Uint8Array(768)).set(body.subarray(0, 768));
      else if (kind === 'fcTL' && header) checkFrame(body, header);
    }
    at += 12 + length;
  }
  if (!header) throw new Error('it has no header');
  if (data.length === 0) throw new Error('it has no pixels');
  if (header.colorType === 3 && !palette) throw new Error('it has no palette');
  return { header, palette: palette ?? new Uint8Array(768), data };
}

const nameOf = (kind: string): string => (/^[A-Za-z]{4}$/.test(kind) ? `its ${kind} chunk` : 'a chunk');

function readHeader(body: Buffer): Header {
  const [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
  const [depth, colorType, , filter, interlace] = body.subarray(8, 13);
  checkSize(width, height);
  if (!depths[colorType]?.includes(depth)) throw new Error(`${depth} bits of colour type ${colorType}`);
  if (filter !== 0) throw new Error(`filter method ${filter}`);
  // Pillow turns all but the darkest 256 of its 65,536 levels into white.
  if (colorType === 0 && depth === 16) refuse('a PNG of 16-bit grey', 'save it with 8 bits');
  return { width, height, depth, colorType, interlaced: interlace !== 0 };
}

/** Refuses an animation whose first frame has not the image's size, which the standard demands. */
function checkFrame(body: Buffer, { width, height }: Header): void {
  const frame = [4, 8, 12, 16].map((at) => body.readUInt32BE(at));
  if (frame.join() !== [width, height, 0, 0].join()) refuse('an animated PNG whose first frame is not whole');
}

/**
 * Undoes a row's filter in place.
 * @param at where the row begins, with the number of its filter
 * @param above,aboveAt where the row above it is
 * @param back bytes to the same sample of the pixel on the left
 */
function unfilter(
  lines: Uint8Array,
  at: number,
  length: number,
  above: Uint8Array,
  aboveAt: number,
  back: number,
): void {
  const filter = lines[at];
  const up = aboveAt - at;
  const start = at + 1;
  const second = start + back;
  const end = at + length;
  if (filter === 0) return;
  if (filter === 1) {
    for (let i = second; i < end; i++) lines[i] += lines[i - back];
  } else if (filter === 2) {
    for (let i = start; i < end; i++) lines[i] += above[i + up];
  } else if (filter === 3) {
    for (let i = start; i < Math.min(second, end); i++) lines[i] += above[i + up] >> 1;
    for (let i = second; i < end; i++) lines[i] += (lines[i - back] + above[i + up]) >> 1;
  } else if (filter === 4) {
    for (let i = start; i < Math.min(second, end); i++) lines[i] += above[i + up];
    for (let i = second; i < end; i++) {
      const left = lines[i - back];
      const over = above[i + up];
      const corner = above[i + up - back];
      const toLeft = Math.abs(over - corner);
      const toOver = Math.abs(left - corner);
      const toCorner = Math.abs(left + over - 2 * corner);
      lines[i] += toLeft <= toOver && toLeft <= toCorner ? left : toOver <= toCorner ? over : corner;
    }
  } else throw new Error(`row filter ${filter}`);
}

/** Writes `count` pixels, `step` bytes apart, from a row that begins at `from`. */
type RowWriter = (out: Uint8Array, to: number, step: number, count: number, row: Uint8Array, from: number) => void;

function rowWriter({ depth, colorType }: Header, palette: Uint8Array): RowWriter {
  const sample = depth >> 3;
  if (colorType === 2 || colorType === 6) {
    const pixel = samples[colorType] * sample;
    return (out, to, step, count, row, from) => {
      for (let i = 0; i < count; i++, from += pixel, to += step) {
        out[to] = row[from];
        out[to + 1] = row[from + sample];
        out[to + 2] = row[from + 2 * sample];
      }
    };
  }
  if (colorType === 4) {
    return (out, to, step, count, row, from) => {
      for (let i = 0; i < count; i++, from += 2 * sample, to += step) out[to] = out[to + 1] = out[to + 2] = row[from];
    };
  }
  const mask = (1 << depth) - 1;
  // Grey levels of fewer bits are spread over 0 to 255.
  const colors =
    colorType === 3 ? palette : Uint8Array.from({ length: 3 << depth }, (_, i) => (Math.floor(i / 3) * 255) / mask);
  return (out, to, step, count, row, from) => {
    for (let i = 0, bit = 0; i < count; i++, bit += depth, to += step) {
      const color = 3 * ((row[from + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask);
      out[to] = colors[color];
      out[to + 1] = colors[color + 1];
      out[to + 2] = colors[color + 2];
    }
  };
}
