import { crc32, deflateSync } from 'node:zlib';

/**
 * Small files that promise much: each a name, its bytes, and whether it is an image all the same. Their sizes are those
 * of Pillow's limit (178,956,970 pixels, 13,377 x 13,377) or far above.
 */
export interface Bomb {
  name: string;
  bytes: Buffer;
  /** Within the limits, so that it is decoded. */
  image?: boolean;
}

const side = 13_377;

function chunk(kind: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
}
const uint32 = (...values: number[]): Buffer => {
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => out.writeUInt32BE(value, 4 * i));
  return out;
};

/** A PNG of the given header, whatever its data are. */
export function png(
  width: number,
  height: number,
  depth: number,
  color: number,
  data: Buffer,
  before: Buffer[] = [],
  interlace = 0,
): Buffer {
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.concat([uint32(width, height), Buffer.from([depth, color, 0, 0, interlace])])),
    ...before,
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function webp(kind: string, data: Buffer): Buffer {
  const start = Buffer.from(`RIFF\0\0\0\0WEBP${kind}\0\0\0\0`, 'latin1');
  start.writeUInt32LE(12 + data.length, 4);
  start.writeUInt32LE(data.length, 16);
  return Buffer.concat([start, data]);
}
function vp8l(width: number, height: number): Buffer {
  const header = Buffer.from([0x2f, 0, 0, 0, 0]);
  header.writeUInt32LE((width - 1) | ((height - 1) << 14), 1);
  return header;
}

/** Zeros, deflated. */
export const zeros = (length: number): Buffer => deflateSync(Buffer.alloc(length));
/** The deflated form of more zeros than are held at once: a deflated block of them, many times over. */
function manyZeros(length: number): Buffer {
  const block = 1 << 24;
  const once = deflateSync(Buffer.alloc(block), { finishFlush: 3 /* Z_FULL_FLUSH */ });
  const body = once.subarray(2);
  return Buffer.concat([
    once.subarray(0, 2),
    ...Array<Buffer>(Math.ceil(length / block)).fill(body),
    Buffer.from([3, 0]),
  ]);
}

type Field = [tag: number, type: number, values: number[]];
/** A TIFF of one directory; `count` of a field may be other than its values'. */
export function tiff(fields: Field[], data: Buffer, counts: Record<number, number> = {}): Buffer {
  const head = 8 + 2 + 12 * fields.length + 4;
  const tail: Buffer[] = [data];
  let at = head + data.length;
  const directory = Buffer.alloc(head);
  directory.write('II*\0', 'latin1');
  directory.writeUInt32LE(8, 4);
  directory.writeUInt16LE(fields.length, 8);
  fields.forEach(([tag, type, values], i) => {
    const entry = 10 + 12 * i;
    directory.writeUInt16LE(tag, entry);
    directory.writeUInt16LE(type, entry + 2);
    directory.writeUInt32LE(counts[tag] ?? values.length, entry + 4);
    const size = type === 3 ? 2 : 4;
    const raw = Buffer.alloc(Math.max(4, values.length * size));
    values.forEach((value, k) => (size === 2 ? raw.writeUInt16LE(value, 2 * k) : raw.writeUInt32LE(value, 4 * k)));
    if (values.length * size <= 4) raw.copy(directory, entry + 8);
    else {
      directory.writeUInt32LE(at, entry + 8);
      tail.push(raw);
      at += raw.length;
    }
  });
  return Buffer.concat([directory, ...tail]);
}
/** Where the data of such a TIFF begin. */
const dataAt = (fields: number): number => 8 + 2 + 12 * fields + 4;

function grey(width: number, height: number, data: Buffer, compression: number, more: Field[] = []): Buffer {
  const own: Field[] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, [8]],
    [259, 3, [compression]],
    [262, 3, [1]],
  ];
  const given = new Set(more.map(([tag]) => tag));
  const rest: Field[] = [
    [273, 4, [dataAt(5 + more.length + [273, 279].filter((tag) => !given.has(tag)).length)]],
    [279, 4, [data.length]],
  ];
  return tiff([...own, ...[...rest.filter(([tag]) => !given.has(tag)), ...more].sort((a, b) => a[0] - b[0])], data);
}

function bmp(width: number, height: number, bits: number, compression: number, data: Buffer): Buffer {
  const head = Buffer.alloc(54);
  head.write('BM');
  head.writeUInt32LE(54 + (bits <= 8 ? 1024 : 0), 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  return Buffer.concat([head, Buffer.alloc(bits <= 8 ? 1024 : 0, 7), data]);
}

function gif(screen: [number, number], frame: [number, number, number, number]): Buffer {
  const words = (...values: number[]): number[] => values.flatMap((value) => [value & 255, value >> 8]);
  return Buffer.from([
    ...Buffer.from('GIF89a'),
    ...words(...screen),
    ...[0x80, 0, 0, 9, 9, 9, 255, 255, 255, 0x2c],
    ...words(...frame),
    // One pixel of colour 0: clear, 0, end.
    ...[0, 2, 2, 0x44, 0x01, 0, 0x3b],
  ]);
}

/** The header of a JPEG with 8-bit samples in three bands, as `good` has them, of another size. */
export function resized(good: Buffer, width: number, height: number): Buffer {
  const out = Buffer.from(good);
  const frame = [0xc0, 0xc2].map((marker) => out.indexOf(Buffer.from([0xff, marker]))).find((at) => at > 0)!;
  out.writeUInt16BE(height, frame + 5);
  out.writeUInt16BE(width, frame + 7);
  return out;
}

/** @param jpeg, progressive two small JPEGs */
export function bombs(jpeg: Buffer, progressive: Buffer): Bomb[] {
  const small = Buffer.alloc(100);
  const text = Buffer.concat([Buffer.from('name\0\0'), manyZeros(1 << 29)]);
  const rgb = deflateSync(Buffer.alloc(4 * (1 + 12)));
  const scan = progressive.indexOf(Buffer.from([0xff, 0xda]));
  const manyScans = Buffer.concat([
    resized(progressive, side, side).subarray(0, scan),
    ...Array<Buffer>(5_000).fill(progressive.subarray(scan, progressive.length - 2)),
    Buffer.from([0xff, 0xd9]),
  ]);
  const sameStrip = Array<number>(side).fill(40);
  return [
    { name: 'width.png', bytes: png(0x7fffffff, 1, 8, 2, small) },
    { name: 'square.png', bytes: png(65_500, 65_500, 8, 2, zeros(1 << 20)) },
    { name: 'promise.png', bytes: png(side, side, 8, 2, zeros(100_000)) },
    { name: 'promise-16-bits.png', bytes: png(side, side, 16, 6, zeros(1 << 20)) },
    { name: 'promise-interlaced.png', bytes: png(side, side, 8, 6, zeros(1000), [], 1) },
    { name: 'bits.png', bytes: png(side, side, 1, 0, manyZeros(side * (1 + Math.ceil(side / 8)))), image: true },
    { name: 'largest.png', bytes: png(side, side, 8, 2, manyZeros(side * (1 + 3 * side))), image: true },
    { name: 'largest-16-bits.png', bytes: png(side, side, 16, 6, manyZeros(side * (1 + 8 * side))), image: true },
    { name: 'largest-interlaced.png', bytes: png(side, side, 8, 0, manyZeros(side * (side + 2)), [], 1), image: true },
    { name: 'row.png', bytes: png(side * side, 1, 8, 0, manyZeros(1 + side * side)), image: true },
    { name: 'column.png', bytes: png(1, side * side, 1, 0, manyZeros(2 * side * side)), image: true },
    { name: 'text.png', bytes: png(4, 4, 8, 2, rgb, [chunk('zTXt', text)]), image: true },
    { name: 'profile.png', bytes: png(4, 4, 8, 2, rgb, [chunk('iCCP', text)]), image: true },
    { name: 'more-data.png', bytes: png(4, 4, 8, 2, manyZeros(1 << 30)), image: true },
    { name: 'canvas.gif', bytes: gif([65_535, 65_535], [0, 0, 1, 1]) },
    { name: 'frame.gif', bytes: gif([1, 1], [65_535, 65_535, 1, 1]) },
    { name: 'large-frame.gif', bytes: gif([1, 1], [0, 0, side, side]) },
    { name: 'largest.gif', bytes: gif([side, side], [0, 0, 1, 1]), image: true },
    { name: 'canvas.webp', bytes: webp('VP8X', Buffer.from('02000000ffffffffffff', 'hex')) },
    { name: 'lossless.webp', bytes: webp('VP8L', Buffer.from('2fffffffff', 'hex')) },
    { name: 'memory.webp', bytes: webp('VP8L', vp8l(side - 100, side - 100)) },
    { name: 'short.ppm', bytes: Buffer.from(`P6 ${side} ${side} 255\n0`) },
    { name: 'short-plain.ppm', bytes: Buffer.from(`P3 ${side} ${side} 255\n0 0 0`) },
    { name: 'sizes.ppm', bytes: Buffer.from('P6 999999999 999999999 255\n0') },
    { name: 'sizes.bmp', bytes: bmp(0x7fffffff, 0x7fffffff, 24, 0, small) },
    { name: 'negative.bmp', bytes: bmp(-5, -0x80000000, 32, 0, small) },
    { name: 'promise.bmp', bytes: bmp(side, side, 1, 0, small) },
    { name: 'runs.bmp', bytes: bmp(side, side, 8, 1, Buffer.from([0, 2, 255, 255, 0, 1])) },
    {
      name: 'jumps.bmp',
      bytes: bmp(side, side, 8, 1, Buffer.alloc(400_000, Buffer.from([0, 2, 255, 255]))),
      image: true,
    },
    { name: 'promise.tif', bytes: grey(60_000, 60_000, small, 1) },
    { name: 'promise-lzw.tif', bytes: grey(side, side, small, 5) },
    { name: 'promise-deflate.tif', bytes: grey(side, side, zeros(10_000), 8) },
    { name: 'promise-packbits.tif', bytes: grey(side, side, small, 32_773) },
    {
      name: 'many-strips.tif',
      bytes: tiff(
        [
          [256, 4, [9]],
          [257, 4, [9]],
          [273, 4, [8]],
          [279, 4, [8]],
        ],
        small,
        { 273: 0xffffffff, 279: 0xffffffff },
      ),
    },
    { name: 'directory.tif', bytes: Buffer.from('II*\0\x08\0\0\0\xff\xff', 'latin1') },
    { name: 'directory-beyond.tif', bytes: Buffer.from('II*\0\xff\xff\xff\xff', 'latin1') },
    { name: 'directory-is-header.tif', bytes: Buffer.from('II*\0\0\0\0\0', 'latin1') },
    { name: 'bigtiff.tif', bytes: Buffer.from(`II+\0\x08\0\0\0${'\xff'.repeat(8)}`, 'latin1') },
    {
      name: 'tile.tif',
      bytes: grey(9, 9, zeros(1 << 20), 8, [
        [322, 4, [0x40000000]],
        [323, 4, [0x40000000]],
        [324, 4, [200]],
        [325, 4, [900]],
      ]),
    },
    {
      name: 'same-strip.tif',
      bytes: grey(side, side, deflateSync(Buffer.alloc(side)), 8, [
        [273, 4, sameStrip],
        [278, 4, [1]],
        [279, 4, sameStrip],
      ]),
    },
    { name: 'more-in-strip.tif', bytes: grey(9, 9, manyZeros(1 << 30), 8) },
    { name: 'largest.tif', bytes: grey(side, side, manyZeros(side * side), 8, [[274, 3, [6]]]), image: true },
    {
      name: 'samples.tif',
      bytes: tiff(
        [
          [256, 4, [9]],
          [257, 4, [9]],
          [258, 3, [8]],
          [262, 3, [2]],
          [273, 4, [8]],
          [277, 3, [65_535]],
          [279, 4, [8]],
        ],
        small,
      ),
    },
    { name: 'size.jpg', bytes: resized(jpeg, 65_500, 65_500) },
    { name: 'promise.jpg', bytes: resized(jpeg, side, side) },
    { name: 'promise-progressive.jpg', bytes: resized(progressive, side, side) },
    { name: 'row.jpg', bytes: resized(jpeg, 65_500, 8) },
    { name: 'many-scans.jpg', bytes: manyScans },
  ];
}
