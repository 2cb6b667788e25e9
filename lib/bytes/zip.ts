import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { FeatReconstructError } from '../base/index.js';
import { tooLarge, type OpenBytes } from './byte-file.js';
import { openBytes } from './files.js';

/** One file of a zip archive. */
export interface ZipEntry {
  name: string;
  /** Bytes, unpacked. */
  size: number;
  /** 0 stored, 8 deflated. */
  method: number;
  /** Bytes in the archive. */
  packedSize: number;
  /** CRC-32 of what it unpacks to. */
  sum: number;
  /** Position of its local header. */
  offset: number;
  /** Whether it needs a password. */
  encrypted: boolean;
}

/** An open zip archive, such as a Python wheel or one of NumPy's .npz files. */
export interface Zip {
  entries: readonly ZipEntry[];
  /** The unpacked bytes as a stream. */
  stream(entry: ZipEntry): Promise<Readable>;
  /**
   * The unpacked bytes by ranges; a deflated file is unpacked into memory when more than its beginning is asked for.
   */
  bytes(entry: ZipEntry): Promise<OpenBytes>;
  close(): Promise<void>;
}

const signatures = {
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  central: 0x02014b50,
  local: 0x04034b50,
};
/** The longest end record: 22 bytes and a comment of up to 65,535. */
const endLength = 22 + 65_535;
/** Before it, in archives of 4 GiB and more, stands where to find another end record, with fields of 64 bits. */
const locatorLength = 20;
/** Stands in a field of 32 bits whose number is in the extra field of 64 bits. */
const in64 = 0xffffffff;
/**
 * Bytes at the beginning of a file, such as a header, that are given before the whole is unpacked or its checksum
 * verified.
 */
const beginning = 2 ** 16 + 16;
const chunk = 2 ** 20;

/**
 * Opens a zip archive of any size (PKWARE's APPNOTE 4.3: end record, central directory, local headers).
 * @throws FeatReconstructError when the file is no zip archive or is cut off
 */
export async function openZip(source: string | Uint8Array): Promise<Zip> {
  const file = await openBytes(source);
  try {
    const entries = await readDirectory(file);
    return {
      entries,
      stream: async (entry) => unpacked(file, await placeOf(file, entry)),
      bytes: async (entry) => readerOf(file, await placeOf(file, entry)),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readDirectory(file: OpenBytes): Promise<ZipEntry[]> {
  const tailStart = Math.max(0, file.size - endLength - locatorLength);
  const tail = Buffer.from((await file.read(tailStart, file.size - tailStart)).buffer);
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== signatures.end) end--;
  if (end < 0) throw damaged(file, 'it has no end record');
  let [length, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  const locator = end - locatorLength;
  if (locator >= 0 && tail.readUInt32LE(locator) === signatures.locator64) {
    const end64 = await range(file, Number(tail.readBigUInt64LE(locator + 8)), 56);
    if (end64.readUInt32LE(0) !== signatures.end64) throw damaged(file, 'its end record is broken');
    [length, offset] = [Number(end64.readBigUInt64LE(40)), Number(end64.readBigUInt64LE(48))];
  }
  const directory = await range(file, offset, length);
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length;) {
    if (directory.readUInt32LE(at) !== signatures.central) throw damaged(file, 'its directory is broken');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => directory.readUInt16LE(at + place));
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > directory.length) throw damaged(file, 'its directory is broken');
    const [size, packedSize, local] = wide(
      [24, 20, 42].map((place) => directory.readUInt32LE(at + place)),
      directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength),
    );
    entries.push({
      name: nameIn(directory.subarray(at + 46, at + 46 + nameLength)),
      encrypted: (directory.readUInt16LE(at + 8) & 1) !== 0,
      method: directory.readUInt16LE(at + 10),
      packedSize,
      size,
      sum: directory.readUInt32LE(at + 16),
      offset: local,
    });
    at = next;
  }
  return entries;
}

/** Old tools write names in unknown code pages: as Latin-1, different names stay different. */
const nameIn = (bytes: Buffer): string => bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');

/** Values that do not fit 32 bits stand in the extra field of id 1, in the same order. */
function wide(values: number[], extra: Buffer): number[] {
  if (!values.includes(in64)) return values;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let from = at + 4;
    return values.map((value) => {
      if (value !== in64 || from + 8 > extra.length) return value;
      from += 8;
      return Number(extra.readBigUInt64LE(from - 8));
    });
  }
  return values;
}

interface Place extends ZipEntry {
  /** Where its packed bytes begin. */
  start: number;
}

async function placeOf(file: OpenBytes, entry: ZipEntry): Promise<Place> {
  const header = await range(file, entry.offset, 30);
  if (header.readUInt32LE(0) !== signatures.local) throw damaged(file, `'${entry.name}' is missing`);
  if ((header.readUInt16LE(6) & 1) !== 0) throw damaged(file, `'${entry.name}' is encrypted`);
  if (entry.method !== 0 && entry.method !== 8)
    throw damaged(file, `'${entry.name}' is packed by method ${entry.method}`);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + entry.packedSize > file.size) throw damaged(file, `'${entry.name}' is cut short`);
  return { ...entry, start };
}

function unpacked(file: OpenBytes, place: Place): Readable {
  const packed = Readable.from(piecesOf(file, place));
  if (place.method === 0) return packed;
  const inflate = createInflateRaw();
  packed.on('error', (error) => inflate.destroy(error));
  inflate.on('close', () => packed.destroy());
  return packed.pipe(inflate);
}

async function* piecesOf(file: OpenBytes, { start, packedSize }: Place): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < packedSize; at += chunk) yield file.read(start + at, Math.min(chunk, packedSize - at));
}

function readerOf(file: OpenBytes, place: Place): OpenBytes {
  const { size, name } = place;
  const title = `'${name}' in ${file.name}`;
  let whole: Promise<Uint8Array> | null = null;
  let checked: Promise<void> | null = null;
  const reader = { name: title, size, close: async () => undefined };
  if (place.method === 0) {
    return {
      ...reader,
      async read(offset, length) {
        // A look at a header does not wait for the checksum of the whole.
        if (offset + length > beginning) await (checked ??= check(file, place));
        return file.read(place.start + offset, length);
      },
    };
  }
  return {
    ...reader,
    async read(offset, length) {
      if (!whole && offset + length <= beginning && size > beginning) {
        return Uint8Array.from((await firstOf(file, place)).subarray(offset, offset + length));
      }
      return Uint8Array.from((await (whole ??= inflateAll(file, place))).subarray(offset, offset + length));
    },
  };
}

/** Verifies the checksum of a stored file. */
async function check(file: OpenBytes, place: Place): Promise<void> {
  let sum = 0;
  for await (const piece of piecesOf(file, place)) sum = crc32(piece, sum);
  if (sum !== place.sum) throw damaged(file, `'${place.name}' has other bytes than were written`);
}

/** The beginning of a deflated file. */
async function firstOf(file: OpenBytes, place: Place): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of unpacked(file, place) as AsyncIterable<Buffer>) {
      pieces.push(piece);
      if ((length += piece.length) >= beginning) break;
    }
  } catch (error) {
    throw broken(file, place, error);
  }
  return Buffer.concat(pieces);
}

async function inflateAll(file: OpenBytes, place: Place): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = inflateRawSync(await file.read(place.start, place.packedSize), {
      maxOutputLength: Math.max(1, place.size),
    });
  } catch (error) {
    if (error instanceof RangeError && (error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(`'${place.name}' in ${file.name}`, place.size, error);
    }
    throw broken(file, place, error);
  }
  if (bytes.length !== place.size || crc32(bytes) !== place.sum) throw broken(file, place);
  return bytes;
}

const broken = (file: OpenBytes, { name }: Place, cause?: unknown): FeatReconstructError =>
  cause instanceof FeatReconstructError ? cause : damaged(file, `'${name}' does not unpack to what was written`, cause);

async function range(file: OpenBytes, position: number, length: number): Promise<Buffer> {
  if (!(position >= 0 && position + length <= file.size)) throw damaged(file, 'it is cut short');
  return Buffer.from((await file.read(position, length)).buffer);
}

const damaged = (file: OpenBytes, what: string, cause?: unknown): FeatReconstructError =>
  new FeatReconstructError(
    `Expected a whole zip archive in ${file.name}, found that ${what}: fetch the file or write it again.`,
    { code: 'damaged', cause },
  );
