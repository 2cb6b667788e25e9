import { aroundOutputs, pairsIn, type Around } from './around.js';
import { arrayOf } from './cells.js';
import { parseJson, type Json } from './parse-json.js';

/** What stands in a line of text: `INFO predict req=7 body={"scores": [0.1, 0.9]}`. */

/** A document of JSON or an array of numbers within a line. */
interface Payload {
  from: number;
  /** Behind its closing bracket. */
  to: number;
  value: Json;
  /** The name before it, as `body` in `body={…}`; null where it has none. */
  key: string | null;
}

interface Found {
  payloads: Payload[];
  /** Where a bracket before numbers or JSON is that is never closed; −1 where there is none. */
  open: number;
}

/** Brackets of one line that are tried, and characters that are read for that, as a multiple of its length: more are no log. */
const mostTried = 4000;
const mostRead = 40;

/** What follows a bracket that opens numbers or JSON, unlike `[INFO]`. */
const opensData = /^[[{(]\s*(["'\\[{]|[-+]?[.\d][\d.e+-]*\s*[,\s;])/i;

function payloadsIn(line: string): Found {
  const payloads: Payload[] = [];
  let open = -1;
  let [tried, read] = [0, 0];
  const opener = /[[{]/g;
  for (let found = opener.exec(line); found; found = opener.exec(line)) {
    if (++tried > mostTried || read > mostRead * line.length) break;
    const from = found.index;
    const to = closing(line, from);
    read += (to < 0 ? line.length : to) - from;
    if (to < 0) {
      if (open < 0 && opensData.test(line.slice(from, from + 80))) open = from;
      continue;
    }
    const value = valueOf(line.slice(from, to));
    if (value === undefined) continue;
    payloads.push({
      from,
      to,
      value,
      key: /([\p{L}_][\p{L}\p{N}_.-]*)\s*[=:]\s*["']?$/u.exec(line.slice(Math.max(0, from - 80), from))?.[1] ?? null,
    });
    opener.lastIndex = to;
  }
  return { payloads, open };
}

/** Where the bracket at `from` is closed, behind the closing one; −1 where it is not. Brackets within quotes are text. */
function closing(line: string, from: number): number {
  const sign = /["\\[\]{}]/g;
  sign.lastIndex = from;
  let depth = 0;
  let quoted = false;
  for (let found = sign.exec(line); found; found = sign.exec(line)) {
    const [is] = found;
    if (is === '\\') sign.lastIndex++;
    else if (is === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (is === '[' || is === '{') depth++;
    else if (depth === 1) return found.index + 1;
    else depth--;
  }
  return -1;
}

/** An object of JSON, or an array of at least two things; undefined for other text in brackets. */
function valueOf(text: string): Json | undefined {
  const value = parseJson(text) ?? parseJson(unescaped(text)) ?? parseJson(text.replace(/""/g, '"'));
  if (value !== undefined)
    return Array.isArray(value) && value.length < 2 && typeof value[0] !== 'object' ? undefined : value;
  const numbers = arrayOf(text);
  return numbers ? Array.from(numbers) : undefined;
}

/** JSON in which a logger escaped the quotes, as `\"` or, in nginx, as `\x22`. */
const unescaped = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\x([\da-f]{2})|\\(["\\/])/gi, (_, code: string | undefined, sign: string) =>
        code === undefined ? sign : String.fromCharCode(parseInt(code, 16)),
      )
    : text;

/** Whether a payload is a cell of a table, perhaps in quotes, with separators or the ends of the line around it. */
const isCell = (line: string, { from, to }: Pick<Payload, 'from' | 'to'>): boolean =>
  /(^|[,;|\t])\s*("|\w*\()*\s*$/.test(line.slice(Math.max(0, from - 40), from)) &&
  /^[)\s]*"?\s*([,;|\t]|$)/.test(line.slice(to, to + 40));

/** The text of a line with its payloads gone. */
const aroundOf = (line: string, payloads: readonly Payload[]): string =>
  payloads.reduceRight((text, { from, to }) => `${text.slice(0, from)} ${text.slice(to)}`, line);

const isFraction = (value: Json): boolean => typeof value === 'number' && !Number.isInteger(value);

/** Fewest `key=fraction` of a line that may be its scores. */
const fewestPairs = 3;

/**
 * Whether the lines of a text hold JSON or arrays of numbers with text around them. Not so where these are cells of a table, and
 * where hardly a line has any.
 */
export function isTextAround(lines: readonly string[]): boolean {
  let [within, cells, others] = [0, 0, lines.length];
  for (const line of lines) {
    const { payloads, open } = payloadsIn(line);
    const data = payloads.filter(({ value }) => !Array.isArray(value) || isScores(value));
    const pairs = pairsIn(aroundOf(line, payloads));
    if (data.length === 0 && open >= 0) {
      // In quotes a cell goes on over lines.
      if (/"\s*$/.test(line.slice(Math.max(0, open - 40), open))) cells++;
      else within++;
    } else if (goesOn.test(line)) others--;
    else if (data.some((each) => !isCell(line, each))) within++;
    else if (data.length > 0) cells++;
    else if (pairs.some(([, value]) => Array.isArray(value) && value.some(isFraction))) within++;
    else if (pairs.filter(([, value]) => isFraction(value)).length >= fewestPairs) within++;
  }
  return within > cells && within * 2 >= others;
}

/** Unlike a process and its thread: `[1234 5678]`. */
const isScores = (value: readonly Json[]): boolean =>
  value.some((each) => typeof each === 'object' || isFraction(each)) || value.length > 3;

export interface LineRecord {
  /** What the line says, by the names before `=` and `:`; null where it holds neither JSON nor numbers. */
  record: Json;
  /** A bracket before numbers or JSON is never closed: the line is cut, or goes on in the next one. */
  open: boolean;
  /** Arrays without a name, of one length, of which any could be the scores: how many. */
  rivals: number;
  /** What stands before the first of them, where the names before `=` are in the record. */
  words: Around['words'];
}

/** A line that goes on with the numbers of the one before, or closes its brackets. */
export const goesOn = /^\s+[\s\d.,e+\-[\](){}]*$|^[\])}\s]+$/i;

/** The text before the longest payload, in which the others are gone. */
function beforeOutputs(line: string, payloads: readonly Payload[]): string {
  if (payloads.length === 0) return '';
  const outputs = payloads.reduce((longest, each) =>
    each.to - each.from > longest.to - longest.from ? each : longest,
  );
  const before = payloads.filter(({ to }) => to <= outputs.from);
  const text = aroundOf(line.slice(0, outputs.from), before);
  // The name of the outputs.
  return text.slice(0, -80) + text.slice(-80).replace(/[\p{L}_][\p{L}\p{N}_.-]*\s*[=:]\s*["']?$/u, '');
}

/** What a line of text holds. */
export function recordOf(line: string): LineRecord {
  const { payloads, open } = payloadsIn(line);
  const pairs = pairsIn(aroundOf(line, payloads));
  const named = payloads.filter(({ key }) => key !== null);
  const objects = payloads.filter(({ key, value }) => key === null && !Array.isArray(value));
  const arrays = payloads.flatMap(({ key, value }) => (key === null && Array.isArray(value) ? [value] : []));
  const longest = arrays.reduce((most, { length }) => Math.max(most, length), 0);
  const rivals = arrays.filter(({ length }) => length === longest);
  if (payloads.length === 0 && !pairs.some(([, value]) => typeof value !== 'string'))
    return { record: null, open: open >= 0, rivals: 0, words: [] };
  const entries: [string, Json][] = [
    ...pairs,
    ...named.map(({ key, value }): [string, Json] => [key!, value]),
    ...objects.flatMap(({ value }) => Object.entries(value as { [name: string]: Json })),
  ];
  // The longest array beside others, as beside the numbers of a process and its thread.
  const [scores] = rivals;
  const { words } = aroundOutputs(beforeOutputs(line, payloads));
  const found = { open: open >= 0, rivals: rivals.length, words };
  if (scores !== undefined && entries.length === 0) return { record: scores, ...found };
  if (scores !== undefined) entries.push(['array', scores]);
  return { record: Object.fromEntries(entries), ...found };
}
