import { roundHalfToEven } from './crop.js';
import { checkSize, refuse } from './limits.js';
import type { RgbImage } from './types.js';

/**
 * Netpbm's formats PBM, PGM and PPM, plain (P1 to P3) and raw (P4 to P6), as Pillow reads them. Samples whose largest
 * value is not 255 are scaled to 255 and rounded half to even, as in Python. Of several images in a file the first is
 * read.
 */

/** Samples of a pixel. */
const bandsOf: Record<string, number> = { P1: 1, P2: 1, P3: 3, P4: 1, P5: 1, P6: 3 };

const isBlank = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const isLineEnd = (byte: number): boolean => byte === 0x0a || byte === 0x0d;
/** Digits of a number at most, as in Pillow. */
const longest = 10;

/** @throws Refusal for grey of 16 bits and too many pixels; Error when the bytes are cut short or corrupted */
export function decodePnm(bytes: Buffer): RgbImage {
  const magic = bytes.toString('latin1', 0, 2);
  const bands = bandsOf[magic];
  const bits = magic === 'P1' || magic === 'P4';
  const tokens = new Tokens(bytes, 3);
  const [width, height] = [tokens.number('width'), tokens.number('height')];
  checkSize(width, height);
  const most = bits ? 1 : tokens.number('largest value');
  if (most < 1 || most > 65_535) throw new Error(`a largest value of ${most}`);
  // Pillow turns all but the darkest 256 levels into white.
  if (bands === 1 && most > 255) refuse('a PGM of 16-bit grey', 'save it with 8 bits');
  const count = width * height * bands;
  const samples =
    magic === 'P4'
      ? bitRows(bytes.subarray(tokens.at), width, height)
      : magic >= 'P4'
        ? rawSamples(bytes.subarray(tokens.at), count, most)
        : magic === 'P1'
          ? plainBits(bytes, tokens.at, count)
          : plainSamples(tokens, count, most);
  return { width, height, data: bands === 3 ? samples : spread(samples) };
}

/** Numbers between blanks and comments. */
class Tokens {
  constructor(
    private readonly bytes: Buffer,
    public at: number,
  ) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Reads the next number and the one blank behind it. A comment may stand anywhere, even within a number. */
  number(what: string): number {
    const { bytes } = this;
    let digits = '';
    for (; this.at < bytes.length; this.at++) {
      const byte = bytes[this.at];
      if (byte === 0x23) {
        while (this.at < bytes.length && !isLineEnd(bytes[this.at])) this.at++;
        continue;
      }
      if (!isBlank(byte)) {
        digits += String.fromCharCode(byte);
        if (digits.length > longest) break;
      } else if (digits !== '') {
        this.at++;
        break;
      }
    }
    if (digits === '') throw new Error(`it ends before its ${what}`);
    if (digits.length > longest || !/^\d+$/.test(digits)) {
      throw new Error(`its ${what} is ${JSON.stringify(digits)}, no number of at most ${longest} digits`);
    }
    return Number(digits);
  }
}

/** Each value from 0 to `most` in 8 bits. */
function scale(most: number): Uint8Array {
  return Uint8Array.from({ length: most + 1 }, (_, value) => roundHalfToEven((value / most) * 255));
}

const tooShort = (): Error => new Error('it ends before its last row');

function rawSamples(data: Buffer, count: number, most: number): Uint8Array {
  const size = most > 255 ? 2 : 1;
  if (data.length < count * size) throw tooShort();
  if (most === 255) return Uint8Array.from(data.subarray(0, count));
  const table = scale(most);
  const out = new Uint8Array(count);
  // Values above the largest, which are not allowed, become white.
  for (let i = 0; i < count; i++) out[i] = table[size === 1 ? data[i] : data.readUInt16BE(2 * i)] ?? 255;
  return out;
}

function plainSamples(tokens: Tokens, count: number, most: number): Uint8Array {
  const table = scale(most);
  // A sample takes a digit and a blank, so that a small file cannot promise much.
  if (tokens.left < 2 * count - 1) throw tooShort();
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const value = tokens.number('next sample');
    if (value > most) throw new Error(`a value of ${value} where ${most} is the largest`);
    out[i] = table[value];
  }
  return out;
}

/** Raw bits: 1 is black, and each row begins at a whole byte. */
function bitRows(data: Buffer, width: number, height: number): Uint8Array {
  const stride = Math.ceil(width / 8);
  if (data.length < stride * height) throw tooShort();
  const out = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) out[to] = (data[y * stride + (x >> 3)] >> (7 - (x & 7))) & 1 ? 0 : 255;
  }
  return out;
}

/** Bits as digits, which need no blanks between them. */
function plainBits(bytes: Buffer, from: number, count: number): Uint8Array {
  if (bytes.length - from < count) throw tooShort();
  const out = new Uint8Array(count);
  let to = 0;
  for (let at = from; to < count; at++) {
    if (at >= bytes.length) throw tooShort();
    const byte = bytes[at];
    if (byte === 0x23) {
      while (at < bytes.length && !isLineEnd(bytes[at])) at++;
    } else if (!isBlank(byte)) {
      if (byte !== 0x30 && byte !== 0x31) throw new Error('it has other digits than 0 and 1');
      out[to++] = byte === 0x31 ? 0 : 255;
    }
  }
  return out;
}

/** Grey in all three channels. */
function spread(grey: Uint8Array): Uint8Array {
  const out = new Uint8Array(3 * grey.length);
  for (let i = 0, to = 0; i < grey.length; i++, to += 3) out[to] = out[to + 1] = out[to + 2] = grey[i];
  return out;
}
