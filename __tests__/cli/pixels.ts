import { writeFile } from 'node:fs/promises';

/** A BMP of 24 bits, of slopes. */
export async function writeBmp(file: string, height: number, width: number): Promise<void> {
  const row = Math.ceil((3 * width) / 4) * 4;
  const bytes = Buffer.alloc(54 + row * height);
  bytes.write('BM');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) for (let i = 0; i < 3 * width; i++) bytes[54 + y * row + i] = (3 * i + 5 * y) % 256;
  await writeFile(file, bytes);
}
