import { UsageError } from '../base/index.js';

/** Entities of HTML that are undone; more of them are refused. */
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Letters that ftfy takes apart. */
const ligatures: Readonly<Record<string, string>> = Object.fromEntries(
  'Ĳ=IJ ĳ=ij ŉ=ʼn Ǳ=DZ ǲ=Dz ǳ=dz Ǆ=DŽ ǅ=Dž ǆ=dž Ǉ=LJ ǈ=Lj ǉ=lj Ǌ=NJ ǋ=Nj ǌ=nj ﬀ=ff ﬁ=fi ﬂ=fl ﬃ=ffi ﬄ=ffl ﬅ=ſt ﬆ=st'
    .split(' ')
    .map((pair) => pair.split('=')),
);

/**
 * Text as CLIP's tokenizer reads it: entities of HTML undone, curly quotes, ligatures and wide forms made plain, control
 * characters left out, NFC, white space collapsed, lower case. This is `ftfy.fix_text`, `html.unescape` and `lower` of
 * CLIP's `SimpleTokenizer`, without ftfy's repair of text that was decoded wrongly (`Ã©` for `é`).
 * @throws UsageError for an entity of HTML beyond the common ones
 */
export function cleanText(text: string): string {
  return plainCharacters(unescapeHtml(text)).split(/\s+/).filter(Boolean).join(' ').toLowerCase();
}

/** Undoes entities until nothing is left to undo: `&amp;lt;` is `<`. */
function unescapeHtml(text: string): string {
  const plain = text.replace(
    /&(?:#(\d+)|#[xX]([0-9a-fA-F]+)|(amp|lt|gt|quot|nbsp|apos(?=;)));?/g,
    (found, decimal?: string, hex?: string, name?: string) => {
      if (name) return entities[name];
      const point = decimal ? Number(decimal) : parseInt(hex!, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : found;
    },
  );
  if (plain !== text) return unescapeHtml(plain);
  const unknown = /&[A-Za-z][A-Za-z0-9]*;/.exec(plain);
  if (!unknown) return plain;
  throw new UsageError(
    `Expected plain text for the text tower, found the HTML entity ${unknown[0]} in "${text}": write the character itself.`,
  );
}

/** What the control characters from 0x80 to 0x9f are in Windows-1252. (Node's decoder of that name reads Latin-1.) */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** ftfy's replacements of single characters, in its order. */
function plainCharacters(text: string): string {
  return text
    .replace(/\x1b\[[\d;]*[A-Za-z]/g, '')
    .replace(/[\x80-\x9f]/g, (control) => windows1252[control.charCodeAt(0) - 0x80])
    .replace(/[^\x00-\x7f]/g, (letter) => ligatures[letter] ?? letter)
    .replace(/[\uff01-\uffef\u3000]/g, (wide) => wide.normalize('NFKC'))
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/[\u02bc\u2018-\u201b]/g, "'")
    .replace(/[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g, '')
    .normalize('NFC');
}
