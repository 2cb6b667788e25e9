import { refuse } from './limits.js';

/**
 * Makes a JPEG of three bands from one of four: the build of libjpeg in use converts three bands to RGB, but not four.
 * Nothing is decoded to pixels. Bands take turns in a scan, block after block, and a block depends on blocks of its own
 * band only; so the codes of one band's blocks can be left out.
 */

/** A band of the frame, and its sampling factors: blocks across and down in a group. */
interface Band {
  id: number;
  h: number;
  v: number;
}

/** A table of codes for decoding bit by bit, by code length. */
interface Huffman {
  /** Codes of `length` bits are below this. */
  limit: Int32Array;
  /** What to add to a code of that length for the place of its symbol. */
  offset: Int32Array;
  symbols: Uint8Array;
}

const hex = (...bytes: number[]): Buffer => Buffer.from(bytes);

/**
 * The JPEG without one of its four bands.
 * @param leaveOut the band to leave out, 0 to 3
 * @param transform what Adobe's marker of the new file says: 0 for bands as they are, 1 for YCbCr
 * @throws Refusal for an unusual order of bands; Error when it is cut short or corrupted
 */
export function withoutBand(bytes: Buffer, leaveOut: number, transform: 0 | 1): Buffer {
  const parts = [hex(0xff, 0xd8), hex(0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform)];
  const tables = new Map<number, Huffman>();
  let bands: Band[] = [];
  let omitted: Band | undefined;
  let [width, height, interval] = [0, 0, 0];
  for (let at = 2; ;) {
    if (at + 2 > bytes.length) throw new Error('it ends before its end marker');
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0) {
      at++;
      continue;
    }
    if (marker === 0xd9) break;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    const body = bytes.subarray(at + 4, end);
    if (marker >= 0xc0 && marker <= 0xc2) {
      [height, width] = [body.readUInt16BE(1), body.readUInt16BE(3)];
      bands = [0, 1, 2, 3].map((i) => ({ id: body[6 + 3 * i], h: body[7 + 3 * i] >> 4, v: body[7 + 3 * i] & 15 }));
      omitted = bands[leaveOut];
      const specs = [0, 1, 2, 3].filter((i) => i !== leaveOut).map((i) => body.subarray(6 + 3 * i, 9 + 3 * i));
      const others = bands.filter((band) => band !== omitted);
      if (most(others, 'h') !== most(bands, 'h') || most(others, 'v') !== most(bands, 'v')) refuseBands();
      parts.push(hex(0xff, marker, 0, 17), body.subarray(0, 5), hex(3), ...specs);
    } else if (marker === 0xda) {
      const to = endOfScan(bytes, end);
      parts.push(...scanWithout(bytes.subarray(end, to), body));
      at = to;
      continue;
    } else if (marker < 0xe0 || marker > 0xef) {
      if (marker === 0xc4) readTables(body, tables);
      if (marker === 0xdd) interval = body.readUInt16BE(0);
      if (marker >= 0xc5 && marker <= 0xcf) refuse('a JPEG of four bands with arithmetic codes');
      parts.push(bytes.subarray(at, end));
    }
    at = end;
  }
  return Buffer.concat([...parts, hex(0xff, 0xd9)]);

  /** A scan without the codes of the band's blocks. */
  function scanWithout(codes: Buffer, header: Buffer): Buffer[] {
    const count = header[0];
    const scan = Array.from({ length: count }, (_, i) => {
      const selectors = header[2 + 2 * i];
      const band = bands.find(({ id }) => id === header[1 + 2 * i]);
      if (!band) throw new Error('a scan is of a band that it does not have');
      return { band, dc: tables.get(selectors >> 4), ac: tables.get(16 | (selectors & 15)), at: 1 + 2 * i };
    });
    const kept = scan.filter(({ band }) => band !== omitted);
    if (kept.length === 0) return [];
    const tail = header.subarray(1 + 2 * count);
    const start = [
      hex(0xff, 0xda, 0, 6 + 2 * kept.length, kept.length),
      ...kept.map(({ at }) => header.subarray(at, at + 2)),
      tail,
    ];
    if (kept.length === count) return [...start, codes];
    // A band alone in a scan has its blocks in another order, unless all are of one size.
    if (kept.length === 1 && bands.some(({ h, v }) => h !== 1 || v !== 1)) refuseBands();
    const progressive = tail[1] !== 63;
    const refining = tail[2] >> 4 !== 0;
    const groups = Math.ceil(width / (8 * most(bands, 'h'))) * Math.ceil(height / (8 * most(bands, 'v')));
    const out = new BitWriter();
    const restarts = splitAtRestarts(codes);
    restarts.forEach((part, n) => {
      const reader = new BitReader(part);
      const todo = interval === 0 ? groups : Math.min(interval, groups - n * interval);
      for (let i = 0; i < todo; i++) {
        for (const { band, dc, ac } of scan) {
          for (let block = 0; block < band.h * band.v; block++) {
            const from = reader.at;
            if (refining) reader.skip(1);
            else {
              reader.skip(reader.symbol(dc));
              if (!progressive) skipRest(reader, ac);
            }
            if (band !== omitted) out.copy(part, from, reader.at);
          }
        }
      }
      out.align();
      if (n + 1 < restarts.length) out.restart(n);
    });
    return [...start, out.bytes()];
  }
}

const most = (bands: Band[], way: 'h' | 'v'): number => Math.max(...bands.map((band) => band[way]));

function refuseBands(): never {
  refuse('a JPEG of four bands in an unusual order', 'save it as an ordinary RGB JPEG');
}

/** Skips a block's codes behind the first. */
function skipRest(reader: BitReader, table: Huffman | undefined): void {
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(table);
    const size = symbol & 15;
    if (size === 0 && symbol !== 0xf0) return;
    k += symbol >> 4;
    reader.skip(size);
  }
}

/** The tables of a DHT segment, by class and number. */
function readTables(body: Buffer, tables: Map<number, Huffman>): void {
  for (let at = 0; at + 17 <= body.length;) {
    const key = body[at];
    const counts = body.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const table: Huffman = {
      limit: new Int32Array(17),
      offset: new Int32Array(17),
      symbols: body.subarray(at + 17, at + 17 + total),
    };
    let code = 0;
    let place = 0;
    for (let length = 1; length <= 16; length++, code <<= 1) {
      table.offset[length] = place - code;
      code += counts[length - 1];
      place += counts[length - 1];
      table.limit[length] = code;
    }
    tables.set(key, table);
    at += 17 + total;
  }
}

/** Where the codes of a scan end: at the next marker that is no restart. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = from; (at = bytes.indexOf(0xff, at)) >= 0; at += 2) {
    const marker = bytes[at + 1];
    if (marker !== 0 && marker !== 0xff && !(marker >= 0xd0 && marker <= 0xd7)) return at;
    if (marker === 0xff) at--;
  }
  throw new Error('it ends within its pixels');
}

/** The codes between restart markers, without the zero that follows every 0xff in them. */
function splitAtRestarts(codes: Buffer): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let part = new Uint8Array(codes.length);
  let length = 0;
  for (let at = 0; at < codes.length; at++) {
    const byte = codes[at];
    const next = codes[at + 1];
    if (byte === 0xff && next >= 0xd0 && next <= 0xd7) {
      parts.push(part.subarray(0, length));
      part = new Uint8Array(codes.length - at);
      length = 0;
      at++;
    } else if (byte !== 0xff || next !== 0xff) {
      part[length++] = byte;
      if (byte === 0xff) at++;
    }
  }
  parts.push(part.subarray(0, length));
  return parts;
}

class BitReader {
  /** Position of the next bit. */
  at = 0;

  constructor(private readonly data: Uint8Array) {}

  skip(bits: number): void {
    this.at += bits;
    if (this.at > 8 * this.data.length) throw new Error('it ends within its pixels');
  }

  symbol(table: Huffman | undefined): number {
    if (!table) throw new Error('a scan without its tables');
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      this.skip(1);
      const bit = this.at - 1;
      code = (code << 1) | ((this.data[bit >> 3] >> (7 - (bit & 7))) & 1);
      if (code < table.limit[length]) return table.symbols[code + table.offset[length]];
    }
    throw new Error('its codes are damaged');
  }
}

class BitWriter {
  private data = Buffer.alloc(1 << 16);
  private length = 0;
  private bits = 0;
  private count = 0;

  /** Bits `from` up to `to` of `source`. */
  copy(source: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) this.put((source[at >> 3] >> (7 - (at & 7))) & 1);
  }

  /** Fills the byte up with ones. */
  align(): void {
    while (this.count > 0) this.put(1);
  }

  /** Writes the n-th restart marker. */
  restart(n: number): void {
    this.byte(0xff);
    this.byte(0xd0 + (n & 7));
  }

  bytes(): Buffer {
    return this.data.subarray(0, this.length);
  }

  private put(bit: number): void {
    this.bits = (this.bits << 1) | bit;
    if (++this.count < 8) return;
    const byte = this.bits & 255;
    this.byte(byte);
    if (byte === 0xff) this.byte(0);
    [this.bits, this.count] = [0, 0];
  }

  private byte(value: number): void {
    if (this.length === this.data.length) this.data = Buffer.concat([this.data, Buffer.alloc(this.data.length)]);
    this.data[this.length++] = value;
  }
}
