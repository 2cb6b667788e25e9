/**
 * Names of files that are not valid UTF-8 (an old disk's Latin-1, Windows' code pages in an archive). They are kept as Python
 * keeps them (PEP 383): each byte that is none of UTF-8 as the lone surrogate U+DC80 to U+DCFF, which no such text has. So they
 * can be sorted, joined and printed (as `\udcff`), and become the same bytes again.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name as text. @param bytes as the system gave them */
export function nameOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    let text = '';
    for (let at = 0; at < bytes.length;) {
      const length = lengthOf(bytes, at);
      text += length > 0 ? strict.decode(bytes.subarray(at, at + length)) : String.fromCharCode(0xdc00 + bytes[at]);
      at += Math.max(1, length);
    }
    return text;
  }
}

/** Bytes of the character at a place; 0 where there is none. */
function lengthOf(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // Not yet whole, or never.
    }
  }
  return 0;
}

const kept = /[\udc80-\udcff]/u;

/** What to call the system with: the text itself, or the bytes that `nameOf` made it of. */
export function systemPath(path: string): string | Buffer {
  if (!kept.test(path)) return path;
  return Buffer.concat(
    [...path].map((character) =>
      kept.test(character) ? Buffer.from([character.charCodeAt(0) - 0xdc00]) : Buffer.from(character),
    ),
  );
}
