import { FeatReconstructError } from '../base/index.js';
import type { BadLines } from './bad-lines.js';
import { isShortened } from './cells.js';
import { imagesOf } from './log-images.js';
import { LogRecords, type Gathered } from './log-records.js';
import { decodedText } from './log-text.js';
import { goesOn, recordOf } from './payloads.js';

/** Most characters of a record that goes on over several lines, as NumPy prints arrays. */
const longestRecord = 2 ** 26;

/**
 * Reads outputs from the lines of a text that hold JSON or an array of numbers each, with text around: as loggers write them.
 * @throws FeatReconstructError when a line is cut, or no outputs are in them
 */
export async function readLines(path: string, bad: BadLines): Promise<Gathered> {
  const records = new LogRecords(path, bad, 'line');
  let held = '';
  /** Lines that belong together, and where the first stands. */
  let record = '';
  let line = 0;
  let start = 0;
  const finish = (isLast = false): void => {
    if (record === '') return;
    const text = record;
    record = '';
    const { record: value, open, rivals, words } = recordOf(text);
    if (open) return bad.add(start, () => notClosed(path, start, bad.hint), isLast);
    const shortened = /[[(][^[\](){}]*\d\s*,?\s*(\.\.\.|…)[^[\](){}]*[\])]/.exec(text)?.[0];
    if (shortened !== undefined && isShortened(shortened)) return bad.add(start, () => isCutByNumPy(path, start));
    if (rivals > 1) return bad.add(start, () => severalArrays(path, start, rivals));
    records.add(value === null ? [] : imagesOf(value), value, start, { fields: {}, words });
  };
  const take = (text: string): void => {
    line++;
    if (text.trim() === '') return;
    if (record !== '' && record.length < longestRecord && goesOn.test(text)) {
      record += ` ${text}`;
      return;
    }
    finish();
    record = text;
    start = line;
    if (!/[[{]/.test(text) || !recordOf(text).open) finish();
  };
  for await (const piece of decodedText(path)) {
    held += piece;
    const lines = held.split('\n');
    held = lines.pop()!;
    lines.forEach(take);
  }
  take(held);
  finish(true);
  return records.finish();
}

const notClosed = (path: string, line: number, hint: string): FeatReconstructError =>
  new FeatReconstructError(
    `Expected whole arrays in the lines of '${path}', found a bracket in line ${line} that is never closed: the line is cut short; write it again${hint}.`,
    { code: 'damaged' },
  );

const isCutByNumPy = (path: string, line: number): FeatReconstructError =>
  new FeatReconstructError(
    `Expected all outputs in line ${line} of '${path}', found '…' among them: NumPy shortened the array when it was printed; write .tolist() of it, or the array as .npy.`,
  );

const severalArrays = (path: string, line: number, arrays: number): FeatReconstructError =>
  new FeatReconstructError(
    `Expected one array of outputs in a line of '${path}', found ${arrays} of one length in line ${line}: which of them are the outputs does not show. Write them alone, one image a line.`,
    { code: 'ambiguous' },
  );
