import { extname } from 'node:path';
import { openBytes } from '../bytes/index.js';
import { fromGathered, readCsv, type LoggedOutputs } from './csv.js';
import { decodedText } from './log-text.js';
import { isDocument, readJson } from './log-json.js';
import { readParquet } from './log-parquet.js';

/**
 * Reads outputs as a service, a tool or a script logs them: CSV with any separator, JSON and JSON Lines, each compressed with
 * gzip or zstd or not, and Parquet. The first bytes tell which it is.
 * @throws FeatReconstructError when the file is another kind, damaged, or no outputs are in it
 */
export async function readLog(path: string): Promise<LoggedOutputs> {
  if (await isParquet(path)) return fromGathered(await readParquet(path));
  return (await isJson(path)) ? fromGathered(await readJson(path)) : readCsv(path);
}

async function isParquet(path: string): Promise<boolean> {
  const file = await openBytes(path).catch(() => null);
  if (!file) return false;
  try {
    return file.size > 12 && Buffer.from(await file.read(0, 4)).toString('latin1') === 'PAR1';
  } finally {
    await file.close();
  }
}

/** Whether the text is JSON. In a file that is called a table, a line of numbers in brackets is an array in a cell instead. */
export async function isJson(path: string): Promise<boolean> {
  const table = /\.(csv|tsv|txt)$/i.test(extname(path.replace(/\.(gz|zst|zstd)$/i, '')));
  for await (const piece of decodedText(path)) {
    const start = piece.replace(/^\uFEFF/, '').trimStart();
    if (start === '') continue;
    if (table) return /^(\{\s*"|\[\s*\{\s*")/.test(start);
    return /^[[{]/.test(start) || isDocument(start.split('\n', 1)[0]);
  }
  return false;
}
