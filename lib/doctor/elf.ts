import { open, type FileHandle } from 'node:fs/promises';
import { FeatReconstructError } from '../base/index.js';
import { upTo } from '../bytes/index.js';

/** What a shared library of Linux tells the loader. */
interface SharedLibrary {
  /** Names of the libraries that it needs (`DT_NEEDED`), in order. */
  needed: string[];
  /** Folders to search for them (`DT_RUNPATH`, `DT_RPATH`), as written: `$ORIGIN` is the library's own folder. */
  runPath: string[];
}

/** Types of segments, `PT_LOAD` and `PT_DYNAMIC`. */
const [loadable, dynamic] = [1, 2];
/** Tags of the dynamic section. */
const tags = { end: 0, needed: 1, strings: 5, rPath: 15, runPath: 29 };

/**
 * Reads what a 64-bit little-endian ELF library needs, from its program headers and its dynamic section (System V ABI,
 * gABI 4.1, chapter 5).
 * @throws FeatReconstructError when the file is no such library
 */
export async function readSharedLibrary(file: string): Promise<SharedLibrary> {
  const handle = await open(file);
  try {
    const header = await upTo(handle, 0, 64);
    if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) {
      throw new FeatReconstructError(
        `Expected a 64-bit ELF library in ${file}, found another file: it was cut off or is for another system; fetch it again.`,
        { code: 'damaged' },
      );
    }
    const [count, size] = [header.readUInt16LE(56), header.readUInt16LE(54)];
    const table = await upTo(handle, Number(header.readBigUInt64LE(32)), count * size);
    const segments = Array.from({ length: count }, (_, i) => {
      const at = i * size;
      const number = (offset: number): number => Number(table.readBigUInt64LE(at + offset));
      return { type: table.readUInt32LE(at), offset: number(8), address: number(16), length: number(32) };
    });
    const section = segments.find(({ type }) => type === dynamic);
    if (!section) return { needed: [], runPath: [] };
    const entries = dynamicEntries(await upTo(handle, section.offset, section.length));
    const address = entries.find(({ tag }) => tag === tags.strings)?.value ?? 0;
    const holder = segments.find(
      (each) => each.type === loadable && address - each.address < each.length && address >= each.address,
    );
    if (!holder) return { needed: [], runPath: [] };
    const strings = holder.offset + address - holder.address;
    const texts = async (...wanted: number[]): Promise<string[]> =>
      Promise.all(entries.filter(({ tag }) => wanted.includes(tag)).map(({ value }) => text(handle, strings + value)));
    const paths = await texts(tags.rPath, tags.runPath);
    return { needed: await texts(tags.needed), runPath: paths.flatMap((path) => path.split(':')).filter(Boolean) };
  } finally {
    await handle.close();
  }
}

function dynamicEntries(section: Buffer): { tag: number; value: number }[] {
  const entries = [];
  for (let at = 0; at + 16 <= section.length; at += 16) {
    const tag = Number(section.readBigInt64LE(at));
    if (tag === tags.end) break;
    entries.push({ tag, value: Number(section.readBigUInt64LE(at + 8)) });
  }
  return entries;
}

/** The text up to the next zero byte. A kilobyte is more than names of libraries and folders take. */
async function text(handle: FileHandle, position: number): Promise<string> {
  const bytes = await upTo(handle, position, 1024);
  return bytes.toString('utf8', 0, bytes.indexOf(0));
}
