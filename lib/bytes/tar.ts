import { count, FeatReconstructError } from '../base/index.js';
import type { ForwardBytes } from './forward.js';

/** A file in a tar archive. */
export interface TarEntry {
  /** Path in the archive, without a leading `./`. */
  name: string;
  size: number;
  /** Where its bytes start in the archive, unpacked. */
  offset: number;
  /** Of a link: the path it leads to, from the archive's root for a hard link, else from the entry's folder. */
  link?: { to: string; hard: boolean };
}

export interface TarOptions {
  /** Also yield links, which have no bytes. */
  links?: boolean;
  /** Accept paths that lead out of the archive: for callers that write no files. */
  anyPath?: boolean;
}

const BLOCK = 512;
/** Bytes of an extended header that are read at most. */
const LONGEST_EXTENDED = 1 << 20;

/**
 * Walks over the files of a tar archive (ustar, with pax's and GNU's long names and sizes). When an entry is yielded,
 * the reader stands at its bytes: read them before asking for the next entry, or they are skipped. Folders, devices
 * and, unless they are asked for, links are left out.
 *
 * @throws FeatReconstructError when the archive is cut short or corrupted, holds sparse files (whose bytes are not
 *   stored one after the other), or an entry's path leads out of it
 */
export async function* tarEntries(
  reader: ForwardBytes,
  archive: string,
  { links = false, anyPath = false }: TarOptions = {},
): AsyncGenerator<TarEntry> {
  let extended: Extended = {};
  for (;;) {
    const header = await readHeader(reader, archive);
    if (!header) return;
    const offset = reader.position;
    const end = (size: number) => offset + Math.ceil(size / BLOCK) * BLOCK;
    if (header.type === 'x' || header.type === 'L' || header.type === 'K') {
      const bytes = await readExactly(reader, Math.min(header.size, LONGEST_EXTENDED), archive);
      const said = {
        x: () => parsePax(bytes, archive),
        L: () => ({ name: text(bytes) }),
        K: () => ({ link: text(bytes) }),
      };
      extended = { ...extended, ...said[header.type]() };
      await skipTo(reader, end(header.size));
      continue;
    }
    const path = extended.name ?? header.name;
    const name = anyPath ? path : safePath(path, archive);
    const to = extended.link ?? header.link;
    const size = extended.size ?? header.size;
    // A link's size is that of its target, and no bytes follow.
    const stored = header.type === '1' || header.type === '2' ? 0 : size;
    if (header.type === 'S' || extended.sparse) throw sparse(name, archive);
    if (offset + stored > (reader.end ?? Infinity)) {
      throw new FeatReconstructError(
        `${archive} is cut short or corrupted (its entry '${name}' says ${count(stored)} bytes, ${count(reader.end! - offset)} are left): download it again.`,
        { code: 'damaged' },
      );
    }
    // A global header (g) may stand between an extended header and its entry.
    if (header.type !== 'g') extended = {};
    if (header.type === '0' || header.type === '\0' || header.type === '7') yield { name, size, offset };
    if (links && (header.type === '1' || header.type === '2')) {
      yield { name, size: 0, offset, link: { to, hard: header.type === '1' } };
    }
    await skipTo(reader, end(stored));
  }
}

/** What extended headers say of the entry after them. */
interface Extended {
  name?: string;
  link?: string;
  size?: number;
  sparse?: boolean;
}

interface Header {
  name: string;
  /** Where a link leads to. */
  link: string;
  size: number;
  type: string;
}

/** The next header; undefined at the archive's end, which is a block of zeros. */
async function readHeader(reader: ForwardBytes, archive: string): Promise<Header | undefined> {
  const at = reader.position;
  const block = await readExactly(reader, BLOCK, archive);
  if (block.every((byte) => byte === 0)) return undefined;
  const size = numberIn(block.subarray(124, 136));
  const stated = numberIn(block.subarray(148, 156));
  if ((checksum(block) !== stated && checksum(Int8Array.from(block)) !== stated) || size === undefined) {
    throw new FeatReconstructError(
      `${archive} is not a tar archive or is corrupted (no valid header at byte ${at}): download it again.`,
      { code: 'damaged' },
    );
  }
  const prefix = text(block.subarray(257, 263)) === 'ustar' ? text(block.subarray(345, 500)) : '';
  const name = text(block.subarray(0, 100));
  return {
    name: prefix ? `${prefix}/${name}` : name,
    link: text(block.subarray(157, 257)),
    size,
    type: String.fromCharCode(block[156]),
  };
}

/** The sum of a header's bytes, with blanks in the checksum's own field. (Old programs summed signed bytes.) */
const checksum = (block: ArrayLike<number>): number =>
  Array.from(block).reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);

/**
 * A number field: octal digits, or GNU's big-endian bytes behind a first byte of 0x80. Undefined for anything else: a
 * negative number (which GNU writes behind 0xff), one that is too large.
 */
function numberIn(field: Uint8Array): number | undefined {
  const digits = text(field).trim();
  const value =
    field[0] === 0x80
      ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0)
      : /^[0-7]*$/.test(digits)
        ? parseInt(digits || '0', 8)
        : NaN;
  return isSize(value) ? value : undefined;
}

/** Below 2^52, so that a position in the archive plus a size is still exact. */
const isSize = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 52;

/** UTF-8 up to the first zero byte. */
function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
}

/** What is needed of a pax header: lines of `LENGTH KEY=VALUE\n`, LENGTH counting the whole line in bytes. */
function parsePax(bytes: Uint8Array, archive: string): Extended {
  const found: Extended = {};
  const corrupted = (): FeatReconstructError =>
    new FeatReconstructError(`${archive} has a corrupted pax header: download it again.`, { code: 'damaged' });
  for (let at = 0; at < bytes.length;) {
    const [start, digits] = /^(\d+) /.exec(latin1(bytes.subarray(at, at + 20))) ?? [''];
    const record = bytes.subarray(at + start.length, at + Number(digits));
    const equals = record.indexOf(0x3d);
    if (equals < 1 || record.at(-1) !== 0x0a || start.length + record.length < Number(digits)) throw corrupted();
    // Of other keys values may be any bytes; they are not used.
    const key = latin1(record.subarray(0, equals));
    const value = text(record.subarray(equals + 1, -1));
    if (key === 'path') found.name = value;
    if (key === 'linkpath') found.link = value;
    if (key === 'size') {
      found.size = /^\d+$/.test(value) ? Number(value) : NaN;
      if (!isSize(found.size)) throw corrupted();
    }
    if (key.startsWith('GNU.sparse.')) found.sparse = true;
    at += Number(digits);
  }
  return found;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const sparse = (name: string, archive: string): FeatReconstructError =>
  new FeatReconstructError(
    `${archive} has the sparse file '${name}', whose bytes do not lie in it as they are: pack it again without tar's option for sparse files, or unpack it.`,
  );

function safePath(path: string, archive: string): string {
  if (/^[/\\]|^[a-z]:/i.test(path) || path.split(/[/\\]/).includes('..')) {
    throw new FeatReconstructError(
      `${archive} has an entry '${path}' that leads out of the archive: expected relative paths without '..', so do not trust this file.`,
    );
  }
  return path.replace(/^(\.\/)+/, '');
}

async function readExactly(reader: ForwardBytes, length: number, archive: string): Promise<Uint8Array> {
  const bytes = await reader.read(length);
  if (bytes.length === length) return bytes;
  throw new FeatReconstructError(`${archive} is cut short (it ends at byte ${reader.position}): download it again.`, {
    code: 'damaged',
  });
}

async function skipTo(reader: ForwardBytes, position: number): Promise<void> {
  await reader.skip(position - reader.position);
}
