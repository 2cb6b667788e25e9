import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { FeatReconstructError } from '../base/index.js';

/** One file of a zip archive. */
export interface ZipEntry {
  name: string;
  /** Bytes of it when unpacked. */
  size: number;
  /** 0 stored, 8 deflated. */
  method: number;
  packedSize: number;
  /** Position of its local header. */
  offset: number;
}

/** An open zip archive, such as a Python wheel. */
export interface Zip {
  entries: readonly ZipEntry[];
  /** The unpacked bytes. */
  stream(entry: ZipEntry): Promise<Readable>;
  close(): Promise<void>;
}

const signatures = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 };
/** The end record is 22 bytes and a comment of up to 65,535. */
const endLength = 22 + 65_535;

/**
 * Opens a zip archive below 4 GiB (PKWARE's APPNOTE 4.3: end record, central directory, local headers).
 * @throws FeatReconstructError when the file is no zip archive or is cut off
 */
export async function openZip(file: string): Promise<Zip> {
  const handle = await open(file);
  try {
    const entries = await readDirectory(handle, file);
    return { entries, stream: (entry) => unpack(handle, entry, file), close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readDirectory(handle: FileHandle, file: string): Promise<ZipEntry[]> {
  const { size } = await handle.stat();
  const tail = await read(handle, Math.max(0, size - endLength), Math.min(size, endLength));
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== signatures.end) end--;
  if (end < 0) throw damaged(file, 'it has no end record');
  const directory = await read(handle, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length;) {
    if (directory.readUInt32LE(at) !== signatures.central) throw damaged(file, 'its directory is broken');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => directory.readUInt16LE(at + offset));
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      packedSize: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

async function unpack(handle: FileHandle, entry: ZipEntry, file: string): Promise<Readable> {
  const header = await read(handle, entry.offset, 30);
  if (header.length < 30 || header.readUInt32LE(0) !== signatures.local)
    throw damaged(file, `'${entry.name}' is missing`);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (entry.packedSize === 0) return Readable.from([]);
  const packed = handle.createReadStream({ start, end: start + entry.packedSize - 1, autoClose: false });
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw damaged(file, `'${entry.name}' is packed by method ${entry.method}`);
  const inflate = createInflateRaw();
  packed.on('error', (error) => inflate.destroy(error));
  return packed.pipe(inflate);
}

async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

const damaged = (file: string, what: string): FeatReconstructError =>
  new FeatReconstructError(`Expected a whole zip archive in ${file}, found that ${what}: fetch the file again.`);
