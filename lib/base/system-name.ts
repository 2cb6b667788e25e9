/**
 * Names of files that are not valid UTF-8 (Latin-1 on an old disk, Windows' code pages in an archive). They are kept as
 * Python keeps them (PEP 383): each byte that is not valid becomes a lone surrogate, U+DC80 to U+DCFF, which valid
 * UTF-8 never gives. So names can be sorted, joined and printed (as `\udcff`), and become the same bytes again.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name as text. @param bytes of the name, as the system gave them */
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

/** How many bytes the character at `at` has; 0 where they are no character. */
function lengthOf(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // Part of a longer character, or of none.
    }
  }
  return 0;
}

/** A byte that `nameOf` kept. */
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
