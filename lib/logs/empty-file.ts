import { FeatReconstructError } from '../base/index.js';
import { openBytes } from '../bytes/index.js';
import { splitName } from '../tensor/index.js';
import type { Json } from './parse-json.js';

/** What stands in the place of outputs. */
type Empty = 'nothing' | 'space' | 'comments' | 'no-records' | { header: string };

/** More bytes than these are read before they are called space alone. */
const mostLooked = 2 ** 16;

/** A file without any outputs, whatever it is called. */
export function emptyFile(path: string, found: Empty): FeatReconstructError {
  const what = {
    nothing: 'an empty file (0 bytes)',
    space: 'an empty file (nothing but white space)',
    comments: 'an empty file (comments alone)',
    'no-records': 'an empty file (JSON without a value in it)',
  };
  const said = typeof found === 'string' ? what[found] : `its first line alone (${found.header}) and none below`;
  return new FeatReconstructError(
    `Expected rows of numbers in '${path}', found ${said}: look whether what writes it has run to its end, or copy it again.`,
    { code: 'too-few-rows' },
  );
}

/** @throws FeatReconstructError for a local file of 0 bytes or of white space alone, whatever it is called */
export async function checkNotEmpty(text: string): Promise<void> {
  const [path] = splitName(text);
  const file = await openBytes(path).catch(() => null);
  if (!file) return;
  try {
    if (file.size === 0) throw emptyFile(path, 'nothing');
    if (file.size > mostLooked) return;
    const start = Buffer.from(await file.read(0, file.size)).toString('utf8');
    if (start.replace(/^\uFEFF/, '').trim() === '') throw emptyFile(path, 'space');
  } finally {
    await file.close();
  }
}

/** Lists within lists deeper than these are not looked into. */
const deepest = 20;

/** Whether JSON is lists and objects alone, without a value in them. */
export const isHollow = (value: Json, depth = 0): boolean =>
  typeof value === 'object' &&
  value !== null &&
  depth < deepest &&
  Object.values(value as object).every((each) => isHollow(each as Json, depth + 1));
