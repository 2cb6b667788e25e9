/** The first directory of a TIFF: the fields of whole numbers that are used here. */

/** Tags of TIFF 6.0 and its supplements. */
export const tags = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripCounts: 279,
  planar: 284,
  faxOptions: 292,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
} as const;

export interface Directory {
  little: boolean;
  /** All values of a field; empty where it is missing. */
  list(tag: number): number[];
  /** The first value of a field; `otherwise` where it is missing. */
  one(tag: number, otherwise: number): number;
  /** A field's bytes; undefined where it is missing. */
  bytes(tag: number): Buffer | undefined;
}

/** Bytes of a value: BYTE, ASCII, SHORT, LONG, UNDEFINED, LONG8. */
const sizes: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 16: 8 };
const known = new Set<number>(Object.values(tags));

/** @throws RangeError or Error where the file breaks off, or a field is of another type */
export function firstDirectory(file: Buffer): Directory {
  const little = file[0] === 0x49;
  const read: Record<number, (at: number) => number> = {
    1: (at) => file.readUInt8(at),
    2: (at) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at)),
    4: (at) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at)),
    8: (at) => Number(little ? file.readBigUInt64LE(at) : file.readBigUInt64BE(at)),
  };
  // BigTIFF has 8 bytes where TIFF has 4.
  const big = read[2](2) === 43;
  const wide = big ? 8 : 4;
  const start = read[wide](big ? 8 : 4);
  const entries = read[big ? 8 : 2](start);
  const entrySize = 4 + 2 * wide;
  const first = start + (big ? 8 : 2);
  if (first + entries * entrySize > file.length) throw new Error('its directory goes beyond its end');

  const fields = new Map<number, { size: number; count: number; from: number }>();
  for (let i = 0; i < entries; i++) {
    const at = first + i * entrySize;
    const tag = read[2](at);
    const size = sizes[read[2](at + 2)];
    if (!known.has(tag)) continue;
    if (!size) throw new Error(`its field ${tag} is no whole number`);
    const count = read[wide](at + 4);
    // Values that fit are in the field itself, others where it points to.
    const from = count * size <= wide ? at + 4 + wide : read[wide](at + 4 + wide);
    if (from + count * size > file.length) throw new Error(`its field ${tag} goes beyond its end`);
    fields.set(tag, { size, count, from });
  }
  const list = (tag: number): number[] => {
    const field = fields.get(tag);
    if (!field) return [];
    return Array.from({ length: field.count }, (_, i) => read[field.size](field.from + i * field.size));
  };
  return {
    little,
    list,
    one(tag, otherwise) {
      const field = fields.get(tag);
      return field && field.count > 0 ? read[field.size](field.from) : otherwise;
    },
    bytes(tag) {
      const field = fields.get(tag);
      return field && file.subarray(field.from, field.from + field.count * field.size);
    },
  };
}
