import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { checkRegularFile } from '../bytes/index.js';
import { parseObserve } from '../words/index.js';
import { fromSchema1, recognised, withNotes } from './earlier.js';
import type { Results } from './types.js';
import { mismatch, type Schema } from './schema.js';
import { isThumbnail } from './thumbnail.js';

/** More rows than a run can make by any sane command; a file with more is not one of ours. */
const mostRows = 100_000;

/**
 * Reads a finished result: a results.json, or a folder that holds one. It is checked against assets/results.schema.json
 * before anything is drawn, and one of schema 1 is changed into schema 2; neither models nor data nor ONNX Runtime are needed.
 * @throws FeatReconstructError where there is none, it is not JSON, or not of the schema that this version knows
 */
export async function readResults(path: string): Promise<Results> {
  const file = await resultsFile(path);
  await checkRegularFile(file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new FeatReconstructError(
      `Expected a results.json at ${file}, found none: give a folder that \`featreconstruct run\` wrote with --out, or the file itself.`,
      { code: 'not-found' },
    );
  }
  return parseResults(text, file);
}

/** The same from the text of a results.json; `file` is what messages call it. */
export async function parseResults(text: string, file = 'results.json'): Promise<Results> {
  let value: unknown;
  if (text.replace(/^\uFEFF/, '').trim() === '') {
    throw new FeatReconstructError(`Expected JSON in ${file}, found an empty file: write it again, or copy it again.`);
  }
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FeatReconstructError(
      `Expected JSON in ${file}, found something else (${(error as Error).message}). NaN and Infinity are not JSON: a figure that is not there is null.`,
      { code: 'damaged' },
    );
  }
  const { schema, rows } = (value ?? {}) as { schema?: unknown; rows?: unknown };
  if (typeof schema === 'number' && schema > 2) {
    throw new FeatReconstructError(
      `Expected results of schema 1 or 2 in ${file}, found schema ${schema}, of a later version: update featreconstruct, or use the version that wrote it.`,
      { code: 'version' },
    );
  }
  if (Array.isArray(rows) && rows.length > mostRows) {
    throw new FeatReconstructError(`Expected at most ${mostRows} rows in ${file}, found ${rows.length}.`, {
      code: 'too-large',
    });
  }
  const isEarlier = schema === 1;
  if (isEarlier) value = fromSchema1(value as Record<string, unknown>);
  const wrong = mismatch(value, await readSchema()) ?? wrongPicture(value as Results) ?? wrongObserve(value as Results);
  if (wrong) {
    throw new FeatReconstructError(
      `Expected results as assets/results.schema.json describes them in ${file}, found another shape. ${wrong}. Write it again with \`featreconstruct run\`; if a later version wrote it, update featreconstruct.`,
    );
  }
  const results = withNotes(value as Results);
  return isEarlier ? recognised(results) : results;
}

function wrongPicture({ samples = [] }: Results): string | null {
  for (const [i, { images }] of samples.entries()) {
    const j = images.findIndex(({ picture }) => picture !== null && !isThumbnail(picture));
    if (j >= 0) return `samples[${i}].images[${j}].picture: expected a PNG of at most 256 x 256 pixels`;
  }
  return null;
}

/** How outputs were shown has a grammar that the schema does not have. */
function wrongObserve({ rows }: Results): string | null {
  for (const [i, { observe }] of rows.entries()) {
    try {
      if (observe !== undefined) parseObserve(observe);
    } catch (error) {
      return `rows[${i}].observe: ${(error as Error).message.replace(/\.$/, '')}`;
    }
  }
  return null;
}

const readSchema = async (): Promise<Schema> =>
  JSON.parse(await readFile(new URL('../../assets/results.schema.json', import.meta.url), 'utf8')) as Schema;

/** The file that a path stands for: a folder's results.json, or the path itself. */
export async function resultsFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return isFolder ? join(path, 'results.json') : path;
}
