import { isIdWord } from './id-words.js';
import type { Json } from './parse-json.js';
import { isIdName } from './row-ids.js';

/** What the text beside outputs says: of a line `INFO req-17 {"scores": […]}` that a word of it is `req-17`. */
export interface Around {
  /** `name=value`. */
  fields: Readonly<Record<string, Json>>;
  /** Words that may be ids, each with a name: the word before where that is called so, else its places in the text. */
  words: readonly (readonly [names: readonly string[], word: string])[];
}

/** `key=value`, where the value is no bracket; a list of numbers may be one. */
const pair =
  /(?<![^\s,;|"'([{])([\p{L}_][\p{L}\p{N}_.[\]-]*)=("[^"]*"|'[^']*'|(?:[^\s"'[{,;]|[,;](?![\p{L}_][\p{L}\p{N}_.[\]-]*=))+)/gu;

export function pairsIn(text: string): [key: string, value: Json][] {
  return Array.from(text.matchAll(pair), ([, key, written]): [string, Json] => {
    const value = written.replace(/^["']|["']$|[,;|\])}]+$/g, '');
    const list = value.split(/\s*[,;|\s]\s*/);
    const numbers = list.map(Number);
    if (value === '' || numbers.some(Number.isNaN)) return [key, value];
    return [key, list.length > 1 ? numbers : numbers[0]];
  });
}

/** Words of a text that are looked at, from its start and back from the outputs. */
const mostWords = 12;

/** Characters of a text that are looked at, half of them at its start and half before the outputs. */
const mostText = 2000;

/** What a text before outputs says. */
export function aroundOutputs(text: string): Around {
  const half = mostText / 2;
  const before = text.length > mostText ? `${text.slice(0, half)} ${text.slice(-half)}` : text;
  const fields = Object.fromEntries(pairsIn(before));
  const all = before
    .replace(pair, ' ')
    .split(/[\s,;|]+/)
    .map((word) => word.replace(/^["'([{<#]+|["')\]}>]+$/g, ''))
    .filter((word) => word !== '');
  const words = all.flatMap((word, k): [string[], string][] => {
    const bare = word.replace(/[:=]+$/, '');
    const named = k > 0 && isIdName(all[k - 1].replace(/[:=]+$/, '')) ? all[k - 1].replace(/[:=]+$/, '') : null;
    const inOne = /^([\p{L}_][\p{L}\p{N}_.-]*):(.+)$/u.exec(bare);
    if (inOne && isIdName(inOne[1])) return [[[inOne[1]], inOne[2]]];
    // What is called an id may be a number alone.
    if (named !== null && (isIdWord(bare) || /^\d+$/.test(bare))) return [[[named], bare]];
    if (!isIdWord(bare)) return [];
    const names = [
      ...(k < mostWords ? [`word ${k + 1}`] : []),
      ...(all.length - k <= mostWords ? [`word ${k - all.length}`] : []),
    ];
    return names.length > 0 ? [[names, bare]] : [];
  });
  return { fields, words };
}
