import { FeatReconstructError } from '../base/index.js';
import type { ByteReader } from './byte-reader.js';

/** A file in a tar archive. */
export interface TarEntry {
  /** Path in the archive, without a leading `./`. */
  name: string;
  size: number;
  /** Where its bytes start in the (unpacked) archive. */
  offset: number;
}

const BLOCK = 512;
/** A longer path than this is no path. */
const LONGEST_PATH = 1 << 20;

/**
 * Walks over the files of a tar archive (ustar, with pax's and GNU's long names and sizes). The reader stands at an
 * entry's bytes when the entry is given out: read them before asking for the next, or leave them to be skipped.
 * Folders, links and devices are passed over.
 *
 * @throws FeatReconstructError when the archive is cut short or corrupted, or an entry's path leads out of it
 */
export async function* tarEntries(reader: ByteReader, archive: string): AsyncGenerator<TarEntry> {
  let longer: { name?: string; size?: number } = {};
  for (;;) {
    const header = await readHeader(reader, archive);
    if (!header) return;
    const end = (size: number) => offset + Math.ceil(size / BLOCK) * BLOCK;
    const offset = reader.position;
    if (header.type === 'x' || header.type === 'L') {
      const bytes = await readExactly(reader, Math.min(header.size, LONGEST_PATH), archive);
      longer = { ...longer, ...(header.type === 'x' ? parsePax(bytes, archive) : { name: text(bytes) }) };
      await skipTo(reader, end(header.size));
      continue;
    }
    const name = safePath(longer.name ?? header.name, archive);
    const size = longer.size ?? header.size;
    // A link's size is that of its target, and no bytes follow.
    const stored = header.type === '1' || header.type === '2' ? 0 : size;
    if (header.type !== 'g' && header.type !== 'K') longer = {};
    if (header.type === '0' || header.type === '\0' || header.type === '7') yield { name, size, offset };
    await skipTo(reader, end(stored));
  }
}

interface Header {
  name: string;
  size: number;
  type: string;
}

/** The next header; undefined at the archive's end, which is a block of zeros. */
async function readHeader(reader: ByteReader, archive: string): Promise<Header | undefined> {
  const at = reader.position;
  const block = await readExactly(reader, BLOCK, archive);
  if (block.every((byte) => byte === 0)) return undefined;
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== octal(block.subarray(148, 156))) {
    throw new FeatReconstructError(
      `${archive} is not a tar archive or is corrupted (no valid header at byte ${at}): download it again.`,
    );
  }
  const prefix = text(block.subarray(257, 263)) === 'ustar' ? text(block.subarray(345, 500)) : '';
  const name = text(block.subarray(0, 100));
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: octal(block.subarray(124, 136)),
    type: String.fromCharCode(block[156]),
  };
}

/** A number field: octal digits, or GNU's big-endian bytes behind a first byte of 0x80. */
function octal(field: Uint8Array): number {
  if (field[0] === 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
  return parseInt(text(field).trim() || '0', 8);
}

/** UTF-8 up to the first zero byte. */
function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
}

/** The path and size of a pax header: lines of `LENGTH KEY=VALUE\n`, LENGTH counting the whole line in bytes. */
function parsePax(bytes: Uint8Array, archive: string): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const length = parseInt(Buffer.from(bytes.subarray(at, at + 20)).toString('latin1'), 10);
    const [, key, value] = /^\d+ ([^=]+)=(.*)\n$/s.exec(text(bytes.subarray(at, at + length))) ?? [];
    if (!key) throw new FeatReconstructError(`${archive} has a corrupted pax header: download it again.`);
    if (key === 'path') found.name = value;
    if (key === 'size') found.size = Number(value);
    at += length;
  }
  return found;
}

function safePath(path: string, archive: string): string {
  if (/^[/\\]|^[a-z]:/i.test(path) || path.split(/[/\\]/).includes('..')) {
    throw new FeatReconstructError(
      `${archive} has an entry '${path}' that leads out of the archive: expected relative paths without '..', so do not trust this file.`,
    );
  }
  return path.replace(/^(\.\/)+/, '');
}

async function readExactly(reader: ByteReader, length: number, archive: string): Promise<Uint8Array> {
  const bytes = await reader.read(length);
  if (bytes.length === length) return bytes;
  throw new FeatReconstructError(`${archive} is cut short (it ends at byte ${reader.position}): download it again.`);
}

async function skipTo(reader: ByteReader, position: number): Promise<void> {
  await reader.skip(position - reader.position);
}
