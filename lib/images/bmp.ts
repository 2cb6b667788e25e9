import { checkSize, refuse } from './limits.js';
import type { RgbImage } from './types.js';

/**
 * BMP, as Pillow reads it: Windows and OS/2 headers, 1 to 32 bits, bit fields and run-length codes; alpha is dropped.
 */

interface Bmp {
  width: number;
  height: number;
  topDown: boolean;
  bits: number;
  compression: number;
  /** Where the pixels begin. */
  offset: number;
  /** 256 colours, RGB. */
  palette: Uint8Array;
  /** The bits of red, green and blue in a pixel. */
  masks: number[];
}

/** Compressions that hold a file of another format. */
const compressions: Record<number, string> = { 4: 'a JPEG', 5: 'a PNG' };

/** @throws Refusal for a kind that is not read; Error when the bytes are cut short or corrupted */
export function decodeBmp(bytes: Buffer): RgbImage {
  const bmp = readHeader(bytes);
  const { width, height, topDown } = bmp;
  const rows = bmp.compression === 1 || bmp.compression === 2 ? runLengthRows : plainRows;
  const row = rows(bytes, bmp);
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) row(out, (topDown ? y : height - 1 - y) * width * 3);
  return { width, height, data: out };
}

function readHeader(bytes: Buffer): Bmp {
  const size = bytes.readUInt32LE(14);
  // Of OS/2 1.x.
  const old = size === 12;
  if (!old && ![40, 52, 56, 64, 108, 124].includes(size)) refuse(`a BMP with a header of ${size} bytes`);
  const width = old ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const signedHeight = old ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(old ? 24 : 28);
  const compression = old ? 0 : bytes.readUInt32LE(30);
  const height = Math.abs(signedHeight);
  checkSize(width, height);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) refuse(`a BMP of ${bits} bits a pixel`);
  if (compression > 3) refuse(`a BMP that holds ${compressions[compression] ?? `compression ${compression}`}`);
  if ((compression === 1 && bits !== 8) || (compression === 2 && bits !== 4)) {
    throw new Error(`run-length codes of kind ${compression} with ${bits} bits a pixel`);
  }
  // Bit fields are in the longer headers, or behind the one of 40 bytes, at the same place.
  const fields = compression === 3;
  const given = fields ? [54, 58, 62].map((at) => bytes.readUInt32LE(at)) : [];
  const masks = given.some((mask) => mask !== 0) ? given : plainMasks(bits);
  if (fields) checkMasks(masks, bits);

  const after = 14 + size + (fields && size === 40 ? 12 : 0);
  const entry = old ? 3 : 4;
  const colors = bits > 8 ? 0 : (old ? 0 : bytes.readUInt32LE(46)) || 1 << bits;
  if (colors > 256) refuse(`a BMP with a palette of ${colors} colours`);
  const palette = readPalette(bytes.subarray(after, after + entry * colors), entry, bits);
  // Some files say that pixels begin where the palette does: they begin behind it.
  const stated = bytes.readUInt32LE(10);
  const offset = stated === 0 || (stated === 14 + size && bits <= 8) ? after + entry * colors : stated;
  return { width, height, topDown: signedHeight < 0, bits, compression, offset, palette, masks };
}

/** The palette as RGB. Colours that the file does not give are black, as in Pillow. */
function readPalette(entries: Buffer, entry: number, bits: number): Uint8Array {
  const palette = new Uint8Array(768);
  const count = Math.floor(entries.length / entry);
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) palette[3 * i + c] = entries[i * entry + 2 - c];
  const isGrey = (level: (i: number) => number): boolean =>
    palette.subarray(0, 3 * count).every((value, at) => value === level(Math.floor(at / 3)));
  // Pillow takes such files for ones of 1 bit or 8 bits a pixel, and scrambles them.
  if ((count === 2 && bits > 1 && isGrey((i) => 255 * i)) || (count > 2 && bits < 8 && isGrey((i) => i))) {
    refuse(`a BMP of ${bits} bits with a palette of ${count} plain grey levels`);
  }
  return palette;
}

const plainMasks = (bits: number): number[] => (bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff]);

/** The layouts that Pillow knows. */
const knownMasks: Record<number, string[]> = {
  16: ['f800,7e0,1f', '7c00,3e0,1f'],
  24: ['ff0000,ff00,ff'],
  32: ['ff0000,ff00,ff', 'ff000000,ff0000,ff00', 'ff000000,ff00,ff', 'ff,ff00,ff0000'],
};

function checkMasks(masks: number[], bits: number): void {
  const layout = masks.map((mask) => mask.toString(16)).join();
  if (!knownMasks[bits]?.includes(layout)) refuse(`a BMP of ${bits} bits with the bit fields ${layout}`);
}

/** Writes the next row as RGB from `to` on. */
type RowWriter = (out: Uint8Array, to: number) => void;

function plainRows(bytes: Buffer, { width, height, bits, offset, palette, masks }: Bmp): RowWriter {
  const length = Math.ceil((width * bits) / 8);
  const stride = (length + 3) & ~3;
  // The last row may lack its padding.
  const end = offset + stride * (height - 1) + length;
  if (end > bytes.length) throw new Error(`${bytes.length} bytes of ${end}`);
  let from = offset - stride;
  if (bits <= 8) {
    return (out, to) => {
      from += stride;
      for (let x = 0; x < width; x++, to += 3) {
        const bit = x * bits;
        const color = 3 * ((bytes[from + (bit >> 3)] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1));
        out[to] = palette[color];
        out[to + 1] = palette[color + 1];
        out[to + 2] = palette[color + 2];
      }
    };
  }
  const sample = bits >> 3;
  if (bits > 16 && masks.join() === plainMasks(bits).join()) {
    return (out, to) => {
      from += stride;
      for (let x = 0, at = from; x < width; x++, at += sample, to += 3) {
        out[to] = bytes[at + 2];
        out[to + 1] = bytes[at + 1];
        out[to + 2] = bytes[at];
      }
    };
  }
  const shifts = masks.map((mask) => 31 - Math.clz32(mask & -mask));
  const most = masks.map((mask, c) => mask >>> shifts[c]);
  return (out, to) => {
    from += stride;
    for (let x = 0, at = from; x < width; x++, at += sample, to += 3) {
      let value = bytes[at] | (bytes[at + 1] << 8);
      if (sample > 2) value |= bytes[at + 2] << 16;
      if (sample > 3) value |= bytes[at + 3] << 24;
      for (let c = 0; c < 3; c++) out[to + c] = (((value >>> shifts[c]) & most[c]) * 255) / most[c];
    }
  };
}

/**
 * Run-length codes. What the standard leaves open is as in Pillow: the rest of a row that ends early, and pixels that a
 * jump skips, have colour 0; a run stops at the end of its row.
 */
function runLengthRows(bytes: Buffer, { width, height, compression, offset, palette }: Bmp): RowWriter {
  const fours = compression === 2;
  const size = width * height;
  const pixels = new Uint8Array(size);
  let at = offset;
  let to = 0;
  let x = 0;
  const byte = (): number => bytes.readUInt8(at++);
  while (to < size) {
    const [length, value] = [byte(), byte()];
    if (length > 0) {
      const run = Math.max(0, Math.min(length, width - x));
      for (let i = 0; i < run && to < size; i++) pixels[to++] = !fours ? value : i % 2 ? value & 15 : value >> 4;
      x += run;
    } else if (value === 0) {
      to = Math.ceil(to / width) * width;
      x = 0;
    } else if (value === 1) throw new Error('its run-length codes end before the last row');
    else if (value === 2) {
      const right = byte();
      to = Math.min(size, to + right + byte() * width);
      x = to % width;
    } else {
      const count = Math.min(size - to, value);
      for (let i = 0; i < count; i++) {
        const pair = fours && i % 2 ? bytes[at - 1] : byte();
        pixels[to++] = !fours ? pair : i % 2 ? pair & 15 : pair >> 4;
      }
      x += value;
      // Such runs are padded to an even place in the file.
      if (at % 2) at++;
    }
  }
  let from = 0;
  return (out, target) => {
    for (const end = from + width; from < end; from++, target += 3) {
      const color = 3 * pixels[from];
      out[target] = palette[color];
      out[target + 1] = palette[color + 1];
      out[target + 2] = palette[color + 2];
    }
  };
}
