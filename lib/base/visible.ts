/**
 * What a terminal or a page acts on instead of showing it: the controls C0 (escape, carriage return, line feed, tab …),
 * delete and C1 (U+009B begins a sequence as ESC [ does), the line and paragraph separators, and the marks that turn
 * the direction of writing (U+202E shows `gpj.exe` as `exe.jpg`; CVE-2021-42574). Also lone halves of a surrogate pair,
 * which UTF-8 cannot write, and the byte order mark. Joiners stay: Indic and Persian text, and emoji, need them.
 */
const unseen =
  /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/gu;

const short: Partial<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escape = (character: string): string => {
  const code = character.codePointAt(0)!.toString(16);
  return short[character] ?? (code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`);
};

/**
 * A foreign name (of a file, a model, a tensor, a column) as one line that a terminal only shows: `a\x1b[2Jb`, `a\nb`.
 * Text without such characters comes back unchanged. For what is printed; data (JSON, ids, paths) keep the name itself.
 */
export const visible = (name: string): string => name.replace(unseen, escape);

/** Text of several lines in which everything but the line breaks is made visible. */
export const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n');

/**
 * Data (results, a fingerprint) with every string in it made visible, names of fields as well: for texts that are laid
 * out in lines and columns. Anything but plain objects and arrays (a typed array) stays as it is.
 */
export function visibleData<T>(data: T): T {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return visible(value);
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [visible(key), walk(each)]));
  };
  return walk(data) as T;
}

/** JSON of the same value that a terminal only shows: `JSON.stringify` escapes C0, but not the other characters. */
export const visibleJson = (data: unknown): string =>
  JSON.stringify(data, null, 2).replace(unseen, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
