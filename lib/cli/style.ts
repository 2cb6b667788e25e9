import { randomBytes } from 'node:crypto';

/**
 * Whether to write colours to a stream. FORCE_COLOR asks for them, before NO_COLOR as in Node; NO_COLOR
 * (https://no-color.org) forbids them; without either a terminal gets them that knows colours, a pipe or a file does not.
 */
export function hasColours(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR) return false;
  return stream.isTTY && stream.hasColors();
}

const codes = { bold: [1, 22], green: [32, 39], red: [31, 39] } as const;

/**
 * Stands for a colour in a text until it is written. It is random, so that no file name can hold it and colour the
 * terminal.
 */
const mark = `\uE000${randomBytes(8).toString('hex')}:`;
const marks = new RegExp(`${mark}(\\d+);`, 'g');

/** Text in a style, for a stream that takes it. */
export type Paint = (style: keyof typeof codes, text: string) => string;

/** How to style text for a stream: not at all where it takes no colours. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  if (!hasColours(stream)) return (_, text) => text;
  return (style, text) => `${mark}${codes[style][0]};${text}${mark}${codes[style][1]};`;
}

/** Styled text with the escape sequences of a terminal. */
export const inColour = (text: string): string => text.replace(marks, '\x1b[$1m');
