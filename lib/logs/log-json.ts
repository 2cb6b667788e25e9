import { FeatReconstructError } from '../base/index.js';
import { aroundOutputs } from './around.js';
import type { BadLines } from './bad-lines.js';
import { emptyFile, isHollow } from './empty-file.js';
import { decodedText } from './log-text.js';
import { imagesOf } from './log-images.js';
import { LogRecords, type Gathered } from './log-records.js';
import { parseJson, type Json } from './parse-json.js';

/** More characters than this may not fit into one string. */
const longestDocument = 2 ** 29 - 2 ** 20;

/**
 * Reads outputs from JSON Lines (a record a line), one document of JSON, or several one after the other, as services and
 * pandas write them.
 * @throws FeatReconstructError when it is no JSON, or no outputs are in it
 */
export async function readJson(path: string, bad: BadLines): Promise<Gathered> {
  const records = new LogRecords(path, bad);
  let [all, hollow] = [0, 0];
  await eachRecord(path, bad, (value, { isWhole, line, before }) => {
    all++;
    if (isHollow(value)) hollow++;
    if (line !== undefined) records.places = 'line';
    records.add(imagesOf(value, isWhole), value, line, before === undefined ? undefined : aroundOutputs(before));
  });
  if (all > 0 && hollow === all) throw emptyFile(path, 'no-records');
  return records.finish();
}

/** Where a record stands: in a line of JSON Lines, or as a document that may be the whole file. */
interface RecordPlace {
  isWhole?: boolean;
  /** Counted from 1. */
  line?: number;
  /** The text before it in its line. */
  before?: string;
}

/** The records of such a file, one after the other. @throws FeatReconstructError when it is no JSON */
export async function eachRecord(
  path: string,
  bad: BadLines,
  add: (value: Json, place: RecordPlace) => void,
): Promise<void> {
  let held = '';
  let line = 0;
  let isLines: boolean | null = null;
  const take = (text: string, open = false): void => {
    line++;
    if (text.trim() === '') return;
    const whole = parsed(text);
    const behind = whole === undefined ? behindPrefix(text) : '';
    const value = whole ?? parsed(behind);
    if (value === undefined) return bad.add(line, () => notJson(text, path, `in line ${line}`, bad.hint), open);
    add(value, whole === undefined ? { line, before: text.trim().slice(0, -behind.length) } : { line });
  };
  for await (const piece of decodedText(path)) {
    held += piece;
    isLines ??= startsWithDocument(held);
    if (isLines === true) {
      const lines = held.split('\n');
      held = lines.pop()!;
      for (const text of lines) take(text);
    } else if (held.length > longestDocument) {
      throw new FeatReconstructError(
        `Expected a document of JSON below 500 million characters in '${path}', found a longer one: write JSON Lines, a record a line.`,
        { code: 'too-large' },
      );
    }
  }
  if (isLines === true) take(held, true);
  else for (const value of documents(held, path)) add(value, { isWhole: true });
}

/** Whether the first line is a whole document, so that more may follow, a line each; null where no line has ended yet. */
function startsWithDocument(text: string): boolean | null {
  const start = /^\uFEFF?\s*/.exec(text)![0].length;
  const end = text.indexOf('\n', start);
  if (end < 0) return null;
  return isDocument(text.slice(start, end));
}

/** The part of a line behind a time and a level at its start. */
const behindPrefix = (line: string): string => /^[^[{"]{1,200}?\s([[{].*)$/.exec(line.trim())?.[1] ?? '';

/** Whether a line is a document, perhaps behind a time and a level as loggers write them. */
export const isDocument = (line: string): boolean => (parsed(line) ?? parsed(behindPrefix(line))) !== undefined;

function documents(text: string, path: string): Json[] {
  const whole = parsed(text);
  if (whole !== undefined) return [whole];
  const parts = text.trim().split(/\n(?=[[{])/);
  const all = parts.map((part) => parsed(part.trim().replace(/,$/, '')));
  if (parts.length > 1 && all.every((value) => value !== undefined)) return all;
  throw notJson(text, path, 'there');
}

function parsed(text: string): Json | undefined {
  const body = text
    .replace(/^\uFEFF/, '')
    .trim()
    .replace(/,$/, '');
  if (!/^[[{]/.test(body)) return undefined;
  return parseJson(body);
}

function notJson(text: string, path: string, where: string, hint = ''): FeatReconstructError {
  const start = text.trim().slice(0, 40).replace(/\s+/g, ' ');
  const why = /^[[{(\s]*'|^\{\w+:/.test(start)
    ? 'it was printed by Python or JavaScript: write it with json.dumps or JSON.stringify'
    : 'it is cut short or something else stands around it: write it again, a record a line';
  return new FeatReconstructError(`Expected JSON in '${path}', found '${start}…' ${where}: ${why}${hint}.`, {
    code: 'damaged',
  });
}
