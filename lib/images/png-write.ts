import { crc32, deflateSync } from 'node:zlib';

/** RGB pixels as a PNG, each row as differences to the one above. */
export function encodePng(data: Uint8Array, width: number, height: number): Buffer {
  const length = 3 * width;
  const rows = Buffer.alloc(height * (1 + length));
  for (let y = 0; y < height; y++) {
    const to = y * (1 + length) + 1;
    rows[to - 1] = 2;
    for (let i = 0, from = y * length; i < length; i++, from++)
      rows[to + i] = data[from] - (y > 0 ? data[from - length] : 0);
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

function chunk(kind: string, data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(kind, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}
