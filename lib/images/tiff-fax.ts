/**
 * CCITT's codes for black and white pages, of ITU-T T.4 (Group 3) and T.6 (Group 4). A row is a list of changes of
 * colour, beginning with white. Codes give the distances between them (runs), or (in T.6, and in some rows of T.4)
 * their shifts against the row above.
 */

// The codes of runs of 0 to 63, then of 64, 128 … 1,728.
const white = `
  00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 101011
  0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 00011010
  00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 00101100 00101101
  00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 01011000 01011001 01011010
  01011011 01001010 01001011 00110010 00110011 00110100 11011 10010 010111 0110111 00110110 00110111 01100100 01100101
  01101000 01100111 011001100 011001101 011010010 011010011 011010100 011010101 011010110 011010111 011011000
  011011001 011011010 011011011 010011000 010011001 010011010 011000 010011011`;
const black = `
  0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000
  0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 00000011000
  000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 000001101011 000011010010
  000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 000001101101 000011011010 000011011011
  000001010100 000001010101 000001010110 000001010111 000001100100 000001100101 000001010010 000001010011 000000100100
  000000110111 000000111000 000000100111 000000101000 000001011000 000001011001 000000101011 000000101100 000001011010
  000001100110 000001100111 0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101
  0000001101100 0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011
  0000001110100 0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101
  0000001011010 0000001011011 0000001100100 0000001100101`;
// The codes of runs of 1,792, 1,856 … 2,560, for both colours.
const long = `
  00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 000000010111
  000000011100 000000011101 000000011110 000000011111`;

type Codes = Map<number, number>;

/** A code as a number with a 1 in front, so that leading zeros count. */
const key = (code: string): number => parseInt(`1${code}`, 2);

function runCodes(own: string): Codes {
  const codes = [...own.trim().split(/\s+/), ...long.trim().split(/\s+/)];
  return new Map(codes.map((code, i) => [key(code), i < 64 ? i : (i - 63) * 64]));
}

const runs = [runCodes(white), runCodes(black)];

const [pass, horizontal] = [100, 101];
/** By code, how far a change is from the one above, or another mode. */
const modes: Codes = new Map(
  Object.entries({
    '1': 0,
    '011': 1,
    '000011': 2,
    '0000011': 3,
    '010': -1,
    '000010': -2,
    '0000010': -3,
    '0001': pass,
    '001': horizontal,
  }).map(([code, mode]) => [key(code), mode]),
);

interface FaxOptions {
  /** `rows`: T.4's one-dimensional codes, every row from a byte of its own. */
  kind: 'rows' | 'group 3' | 'group 4';
  /** Group 3: rows may be coded by what differs from the one above. */
  twoDimensional: boolean;
}

/**
 * Rows of one bit a pixel, 1 for black.
 * @throws Error when the codes are damaged or end before the last row
 */
export function decodeFax(data: Uint8Array, width: number, height: number, options: FaxOptions): Uint8Array {
  const rowLength = Math.ceil(width / 8);
  const out = new Uint8Array(rowLength * height);
  const bits = new Bits(data);
  let above: number[] = [];
  for (let y = 0; y < height; y++) {
    let flat = options.kind !== 'group 4';
    if (options.kind === 'group 3') {
      bits.endOfLine();
      if (options.twoDimensional) flat = bits.take(1) === 1;
    }
    const changes = flat ? runsOf(bits, width) : differences(bits, width, above);
    if (options.kind === 'rows') bits.align();
    for (let i = 0; i < changes.length; i += 2) blacken(out, y * rowLength, changes[i], changes[i + 1] ?? width);
    above = changes;
  }
  return out;
}

/** Where the colour changes, by runs of white and black in turn. */
function runsOf(bits: Bits, width: number): number[] {
  const changes: number[] = [];
  for (let at = 0, color = 0; at < width; color = 1 - color) changes.push((at = bounded(at + run(bits, color), width)));
  return changes;
}

/** The length of one run: codes of 64 and more are followed by another. */
function run(bits: Bits, color: number): number {
  let length = 0;
  for (;;) {
    const part = bits.code(runs[color], 13);
    length += part;
    if (part < 64) return length;
  }
}

/** Where the colour changes, by what differs from the row above. */
function differences(bits: Bits, width: number, above: number[]): number[] {
  const changes: number[] = [];
  let at = -1;
  let color = 0;
  let i = 0;
  while (at < width) {
    // The next change above to the right, towards the other colour: to black at even places, to white at odd ones.
    while (i > 0 && above[i - 1] > at) i--;
    while (i < above.length && (above[i] <= at || i % 2 !== color)) i++;
    const next = above[i] ?? width;
    const mode = bits.code(modes, 7);
    if (mode === pass) at = above[i + 1] ?? width;
    else if (mode === horizontal) {
      for (const runColor of [color, 1 - color]) {
        changes.push((at = bounded(Math.max(0, at) + run(bits, runColor), width)));
      }
    } else {
      if (next + mode < Math.max(0, at)) throw damaged();
      changes.push((at = bounded(next + mode, width)));
      color = 1 - color;
    }
  }
  return changes;
}

const damaged = (): Error => new Error('its fax codes are damaged');

function bounded(at: number, width: number): number {
  if (at > width) throw damaged();
  return at;
}

/** Sets the bits [from, to) of the row that begins at byte `row`. */
function blacken(out: Uint8Array, row: number, from: number, to: number): void {
  for (let x = from; x < to;) {
    if (x % 8 === 0 && x + 8 <= to) {
      out[row + (x >> 3)] = 255;
      x += 8;
    } else {
      out[row + (x >> 3)] |= 128 >> (x & 7);
      x++;
    }
  }
}

class Bits {
  private at = 0;

  constructor(private readonly data: Uint8Array) {}

  take(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      if (this.at >> 3 >= this.data.length) throw new Error('its fax codes end before the last row');
      value = (value << 1) | ((this.data[this.at >> 3] >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }

  /** What the next code of a table stands for. @throws Error where none matches within `longest` bits */
  code(codes: Codes, longest: number): number {
    let read = 1;
    for (let i = 0; i < longest; i++) {
      read = (read << 1) | this.take(1);
      const found = codes.get(read);
      if (found !== undefined) return found;
    }
    throw damaged();
  }

  align(): void {
    this.at = Math.ceil(this.at / 8) * 8;
  }

  /** Skips the mark in front of a row, eleven zeros or more and a one, if it is there. */
  endOfLine(): void {
    const start = this.at;
    let zeros = 0;
    while (this.take(1) === 0) zeros++;
    if (zeros < 11) this.at = start;
  }
}
