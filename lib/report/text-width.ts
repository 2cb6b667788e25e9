/**
 * How wide a text is set, in pixels. Charts are laid out where no font can be measured, and shown in whatever font the reader
 * has: these are the widths of DejaVu Sans, which are larger than those of Inter, Helvetica and Arial, so that no name is cut.
 */
export const textWidth = (text: string, fontSize: number): number =>
  [...text].reduce((sum, character) => sum + (widths.get(character) ?? usual(character)), 0) * fontSize;

/** The widest of several. */
export const widest = (texts: readonly string[], fontSize: number): number =>
  Math.max(0, ...texts.map((text) => textWidth(text, fontSize)));

const widths = new Map(
  (
    [
      ["il|'", 0.3],
      ['j .,:;!', 0.34],
      ['ft/()[]-', 0.42],
      ['rIJ"', 0.43],
      ['_*szcvxyk', 0.58],
      ['mM→−+=<>', 0.98],
      ['wWOQ@', 0.9],
      ['%', 0.96],
    ] as const
  ).flatMap(([characters, width]) => [...characters].map((character) => [character, width] as const)),
);

/** The width of other characters: wide ones such as Chinese, upper case, and lower case with digits. */
const usual = (character: string): number => (character > '\u2e7f' ? 1.05 : /\p{Lu}/u.test(character) ? 0.76 : 0.64);
