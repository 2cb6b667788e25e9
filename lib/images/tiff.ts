/** What has to be known of a TIFF before it is decoded: the reader takes missing strips for black. */

/** Tags of TIFF 6.0. */
const tags = {
  photometric: 262,
  stripOffsets: 273,
  orientation: 274,
  stripCounts: 279,
  tileOffsets: 324,
  tileCounts: 325,
};

/** @throws Error when the pixels of the first page are not all there, or are of a kind that is not read */
export function checkTiff(bytes: Buffer): void {
  const fields = firstDirectory(bytes);
  if (fields.get(tags.photometric)?.[0] === 5) throw new Error('CMYK colours, which are not read: save it as RGB');
  const offsets = fields.get(tags.stripOffsets) ?? fields.get(tags.tileOffsets) ?? [];
  const counts = fields.get(tags.stripCounts) ?? fields.get(tags.tileCounts) ?? [];
  offsets.forEach((offset, i) => {
    const end = offset + (counts[i] ?? 0);
    if (end > bytes.length) throw new Error(`${bytes.length} bytes of ${end}`);
  });
}

/** 1 to 8, as in EXIF. */
export function tiffOrientation(bytes: Buffer): number {
  const value = firstDirectory(bytes).get(tags.orientation)?.[0] ?? 1;
  return value >= 1 && value <= 8 ? value : 1;
}

/** The whole-number fields of the first page, by tag. @throws RangeError where the file breaks off */
function firstDirectory(bytes: Buffer): Map<number, number[]> {
  const little = bytes[0] === 0x49;
  const short = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const fields = new Map<number, number[]>();
  const start = long(4);
  for (let i = 0; i < short(start); i++) {
    const at = start + 2 + i * 12;
    const type = short(at + 2);
    if (type !== 3 && type !== 4) continue;
    const size = type === 3 ? 2 : 4;
    const count = long(at + 4);
    // Up to four bytes stand in the field itself.
    const from = count * size <= 4 ? at + 8 : long(at + 8);
    if (from + count * size > bytes.length) throw new Error('a field beyond the end');
    const read = type === 3 ? short : long;
    fields.set(
      short(at),
      Array.from({ length: count }, (_, k) => read(from + k * size)),
    );
  }
  return fields;
}
