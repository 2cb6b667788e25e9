import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';
import { FeatReconstructError } from '../base/index.js';
import { checkOnDisk, checkRegularFile, fileError, openBytes } from '../bytes/index.js';
import { DamagedPacking, packedAs, unpacked } from './unpack.js';

/** Other files that are often given as .csv or .txt, by their first bytes, and what to do with them. */
const otherKinds: readonly [magic: RegExp, is: string, cure: string][] = [
  [
    /^PK\x03\x04/,
    'a workbook (.xlsx) or another ZIP archive',
    'save the sheet as CSV, and call an archive of NumPy .npz',
  ],
  [/^\xd0\xcf\x11\xe0/, 'a workbook of old Excel (.xls)', 'save the sheet as CSV'],
  [/^BZh/, 'compressed with bzip2', 'unpack it first (bunzip2)'],
  [/^\xfd7zXZ/, 'compressed with xz', 'unpack it first (xz -d)'],
  [/^PAR1/, 'a Parquet file', 'name it .parquet'],
  [
    /^\xff\xff\xff\xff/,
    'an Arrow stream',
    'write it as Parquet (pyarrow: ipc.open_stream(FILE).read_pandas().to_parquet(OUT))',
  ],
  [/^(ARROW1|FEA1)/, 'an Arrow or Feather file', 'write it as Parquet (pandas: read_feather(FILE).to_parquet(OUT))'],
  [/^\x93NUMPY/, "one of NumPy's .npy files", 'name it .npy'],
  [/^\x89HDF/, 'an HDF5 file', 'write it as CSV or .npy'],
  [/^SQLite format 3/, 'an SQLite database', 'write its table as CSV'],
  [/^\x80[\x02-\x05]/, 'a Python pickle', 'write its numbers as CSV or .npy'],
  [/^%PDF/, 'a PDF', 'write its numbers as CSV'],
  [/^version https:\/\/git-lfs/, 'a pointer of Git LFS, not the file itself', 'fetch it (git lfs pull)'],
  [/^\s*<(!doctype|html|\?xml)/i, 'a web page or XML', 'download the file itself'],
];

/** More characters than any line of outputs has: 21,843 numbers of 25 characters are half a million. */
const longestRecord = 64 * 2 ** 20;

/**
 * The text of a file in pieces. It may be UTF-8 or UTF-16 (told by its byte-order mark or its zeros), compressed with gzip or
 * zstd or not; line ends of every system become `\n`.
 * @throws FeatReconstructError when it cannot be read or is no text, saying what it is where its first bytes tell
 */
export async function* decodedText(path: string): AsyncGenerator<string> {
  checkOnDisk(path, 'a log or another text');
  await checkRegularFile(path);
  const how = packedAs(await firstBytes(path));
  const file = createReadStream(path, { highWaterMark: 2 ** 20 });
  const pieces: AsyncIterable<Buffer> = how === null ? file : unpacked(file, how);
  let decoder: TextDecoder | undefined;
  let heldBack = '';
  try {
    for await (const bytes of pieces) {
      decoder ??= decoderOf(bytes, path);
      const text = heldBack + decoder.decode(bytes, { stream: true });
      // The two characters of a line end may be in two pieces.
      heldBack = text.endsWith('\r') ? '\r' : '';
      yield clean(heldBack ? text.slice(0, -1) : text, path);
    }
    yield clean(heldBack + (decoder?.decode() ?? ''), path);
  } catch (error) {
    if (error instanceof DamagedPacking) {
      throw new FeatReconstructError(
        `Expected '${path}' to be whole, found that its compressed data are damaged or cut short: copy or write it again.`,
        { code: 'damaged', cause: error },
      );
    }
    throw fileError(error, path, 'read');
  } finally {
    file.destroy();
  }
}

async function firstBytes(path: string): Promise<Uint8Array> {
  // A shell's `<(command)` can be read only once.
  if (path.startsWith('/dev/') || path.startsWith('/proc/')) return new Uint8Array(0);
  const file = await openBytes(path);
  try {
    return await file.read(0, Math.min(4, file.size));
  } finally {
    await file.close();
  }
}

function clean(text: string, path: string): string {
  if (text.includes('\0')) {
    throw new FeatReconstructError(
      `Expected '${path}' to be text, found bytes of zero: it is another kind of file, or its end was never written. Write the outputs as CSV, .npy or .safetensors.`,
    );
  }
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function decoderOf(bytes: Buffer, path: string): TextDecoder {
  const start = bytes.toString('latin1', 0, 64);
  const other = otherKinds.find(([magic]) => magic.test(start));
  if (other) {
    const [, is, cure] = other;
    throw new FeatReconstructError(`Expected '${path}' to be text, found that it is ${is}: ${cure}.`);
  }
  return new TextDecoder(encodingOf(bytes));
}

function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  // Numbers in UTF-16 without a mark: every other byte is 0.
  const length = Math.min(bytes.length, 256) & ~1;
  let [even, odd] = [0, 0];
  for (let i = 0; i < length; i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  if (length > 8 && even === 0 && odd === length / 2) return 'utf-16le';
  if (length > 8 && odd === 0 && even === length / 2) return 'utf-16be';
  return 'utf-8';
}

/**
 * Whole records of a text: pieces that end where a line ends outside quotes.
 * @throws FeatReconstructError for a record that is longer than any line of outputs
 */
export async function* wholeRecords(pieces: AsyncIterable<string>, path: string): AsyncGenerator<string> {
  let held: string[] = [];
  let length = 0;
  let quoted = false;
  for await (const piece of pieces) {
    let end = -1;
    [end, quoted] = lastRecordEnd(piece, quoted);
    if (end < 0) {
      held.push(piece);
      length += piece.length;
      if (length > longestRecord) {
        const why = quoted ? 'a quote in it is never closed' : 'it has no line ends';
        throw new FeatReconstructError(
          `Expected lines of at most ${longestRecord / 2 ** 20} million characters in '${path}', found a longer one: ${why}. Write one line an image.`,
          { code: 'too-large' },
        );
      }
      continue;
    }
    yield held.join('') + piece.slice(0, end);
    held = [piece.slice(end)];
    length = piece.length - end;
  }
  const rest = held.join('');
  if (rest.trim() !== '') yield rest;
}

/**
 * The end of the last record that ends in a piece, behind its line end (−1 where none does), and whether the piece ends within
 * quotes.
 */
function lastRecordEnd(piece: string, quoted: boolean): [end: number, quoted: boolean] {
  if (!piece.includes('"')) return [quoted ? -1 : piece.lastIndexOf('\n') + 1 || -1, quoted];
  let end = -1;
  let from = 0;
  for (let at = piece.indexOf('"'); ; at = piece.indexOf('"', from)) {
    const stop = at < 0 ? piece.length : at;
    if (!quoted) {
      const line = piece.lastIndexOf('\n', stop - 1);
      if (line >= from) end = line + 1;
    }
    if (at < 0) return [end, quoted];
    quoted = !quoted;
    from = at + 1;
  }
}
