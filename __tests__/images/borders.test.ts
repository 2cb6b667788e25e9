import { crc32, deflateSync } from 'node:zlib';
import { decodeImage } from '../../lib/images/index.js';
import { random } from '../cli/support.js';

/**
 * Images at the borders of our own decoders (of a piece of rows, of a table of codes, of a byte), made here as the formats'
 * standards say. Pillow 13.0 has the same pixels.
 */

/** Where the first byte is that differs, for what is too long to be shown. */
async function expectPixels(name: string, file: Buffer, expected: readonly number[]): Promise<void> {
  const { data } = await decodeImage({ name, file });
  expect(data.length).toBe(expected.length);
  const at = data.findIndex((value, i) => value !== expected[i]);
  expect([at, data[at]]).toEqual([-1, undefined]);
}

const bytes = (length: number, below: number, seed: number): number[] => {
  const next = random(seed);
  return Array.from({ length }, () => Math.floor(below * next()));
};

function png(width: number, height: number, rows: Buffer): Buffer {
  const chunk = (kind: string, body: Buffer): Buffer => {
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length, 0);
    out.write(kind, 4, 'latin1');
    body.copy(out, 8);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const start = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    start,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

test('PNG: rows that are differences to those above, across the pieces that rows are taken in', async () => {
  const [width, height] = [101, 500];
  const line = 3 * width;
  const pixels = bytes(line * height, 256, 1);
  const rows = Buffer.alloc((1 + line) * height);
  for (let y = 0; y < height; y++) {
    rows[y * (1 + line)] = 2;
    for (let i = 0; i < line; i++) {
      rows[y * (1 + line) + 1 + i] = pixels[y * line + i] - (y > 0 ? pixels[(y - 1) * line + i] : 0);
    }
  }
  expect(rows.length).toBeGreaterThan(2 * 65_536);
  await expectPixels('up.png', png(width, height, rows), pixels);
});

test('GIF: a table of codes that is full is used to its last one, and not cleared', async () => {
  const [width, height] = [160, 600];
  const indices = bytes(width * height, 4, 2);
  const palette = [0, 0, 0, 250, 10, 20, 30, 240, 50, 60, 70, 230];
  const codes: [code: number, size: number][] = [[4, 3]];
  const table = new Map<string, number>([0, 1, 2, 3].map((value) => [String(value), value]));
  let [next, size, held] = [6, 3, ''];
  for (const index of indices) {
    const longer = held + index;
    if (table.has(longer)) held = longer;
    else {
      codes.push([table.get(held)!, size]);
      if (next < 4096) {
        table.set(longer, next++);
        if (next - 1 === 1 << size && size < 12) size++;
      }
      held = String(index);
    }
  }
  codes.push([table.get(held)!, size], [5, size]);
  expect(codes.some(([code]) => code === 4095)).toBe(true);
  const packed: number[] = [];
  let [buffer, bits] = [0, 0];
  for (const [code, width] of codes) {
    buffer |= code << bits;
    for (bits += width; bits >= 8; bits -= 8, buffer >>>= 8) packed.push(buffer & 255);
  }
  packed.push(buffer & 255);
  const blocks: number[] = [];
  for (let at = 0; at < packed.length; at += 255) {
    const block = packed.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  const short = (value: number): number[] => [value & 255, value >> 8];
  const file = Buffer.from([
    ...Buffer.from('GIF89a'),
    ...[...short(width), ...short(height), 0x81, 0, 0],
    ...palette,
    ...[0x2c, 0, 0, 0, 0, ...short(width), ...short(height), 0, 2],
    ...blocks,
    ...[0, 0x3b],
  ]);
  await expectPixels(
    'full.gif',
    file,
    indices.flatMap((i) => palette.slice(3 * i, 3 * i + 3)),
  );
});

/** A TIFF of one strip; SHORT fields alone, but for where the strip is. */
function tiff(width: number, height: number, fields: Record<number, number[]>, strip: Buffer): Buffer {
  const all: Record<number, number[]> = { 256: [width], 257: [height], 277: [3], 278: [height], ...fields };
  const tags = [...Object.keys(all).map(Number), 273, 279].sort((a, b) => a - b);
  const end = 8 + 2 + 12 * tags.length + 4;
  const lists: number[] = [];
  const directory = Buffer.alloc(end);
  directory.set([0x49, 0x49, 42, 0, 8]);
  directory.writeUInt16LE(tags.length, 8);
  const longer = tags.filter((tag) => (all[tag]?.length ?? 0) > 2).reduce((sum, tag) => sum + 2 * all[tag].length, 0);
  for (const [i, tag] of tags.entries()) {
    const at = 10 + 12 * i;
    const values = all[tag];
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(values ? 3 : 4, at + 2);
    directory.writeUInt32LE(values?.length ?? 1, at + 4);
    if (!values) directory.writeUInt32LE(tag === 273 ? end + longer : strip.length, at + 8);
    else if (values.length <= 2) values.forEach((value, k) => directory.writeUInt16LE(value, at + 8 + 2 * k));
    else {
      directory.writeUInt32LE(end + 2 * lists.length, at + 8);
      lists.push(...values);
    }
  }
  const rest = Buffer.alloc(longer);
  lists.forEach((value, k) => rest.writeUInt16LE(value, 2 * k));
  return Buffer.concat([directory, rest, strip]);
}

test('TIFF: differences of 16-bit samples carry from the low byte to the high one', async () => {
  const [width, height] = [16, 8];
  const samples = bytes(3 * width * height, 65_536, 3);
  const differences = Buffer.alloc(2 * samples.length);
  samples.forEach((value, i) => {
    const before = i % (3 * width) < 3 ? 0 : samples[i - 3];
    differences.writeUInt16LE((value - before) & 0xffff, 2 * i);
  });
  const fields = { 258: [16, 16, 16], 259: [8], 262: [2], 317: [2] };
  const file = tiff(width, height, fields, deflateSync(differences));
  await expectPixels(
    'predicted.tif',
    file,
    samples.map((value) => value >> 8),
  );
});

test('TIFF: colours that were multiplied by their alpha are divided by it, and cut to whole numbers as Pillow does', async () => {
  const fields = { 258: [8, 8, 8, 8], 259: [1], 262: [2], 277: [4], 338: [1] };
  const strip = Buffer.from([100, 99, 1, 200, 10, 20, 30, 0, 7, 5, 3, 7, 90, 60, 30, 128]);
  // 255 * 100 / 200 is 127.5.
  const expected = [127, 126, 1, 0, 0, 0, 255, 182, 109, 179, 119, 59];
  await expectPixels('premultiplied.tif', tiff(4, 1, fields, strip), expected);
});

test('BMP: runs of single pixels begin at even places of the file, wherever the pixels begin', async () => {
  const header = Buffer.alloc(54);
  header.write('BM', 0, 'latin1');
  const palette = Array.from({ length: 8 }, (_, i) => [10 * i, 20 * i, 30 * i + 1, 0]).flat();
  const offset = 54 + palette.length + 1;
  const codes = [0, 3, 5, 6, 7, 0, 0, 3, 2, 0, 0, 0, 1];
  header.writeUInt32LE(offset + codes.length, 2);
  header.writeUInt32LE(offset, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(3, 18);
  header.writeInt32LE(2, 22);
  header.set([1, 0, 8, 0, 1], 26);
  header.writeUInt32LE(8, 46);
  const file = Buffer.concat([header, Buffer.from(palette), Buffer.alloc(1), Buffer.from(codes)]);
  const colours = (indices: number[]): number[] => indices.flatMap((i) => [30 * i + 1, 20 * i, 10 * i]);
  await expectPixels('odd.bmp', file, colours([2, 2, 2, 5, 6, 7]));
});
