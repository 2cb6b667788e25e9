import { visible } from '../base/index.js';
import { inColour } from './style.js';

/**
 * The one place where text goes to a terminal. Names of files, models, tensors and columns come from others, and may hold
 * what a terminal acts on: everything but line ends between these lines and colours of `style` is made visible.
 */
export const onTerminal = (lines: readonly string[]): string =>
  lines.map((line) => `${inColour(visible(line))}\n`).join('');

/** Prints lines on stderr, beside the result. */
export function say(...lines: string[]): void {
  transient.clear();
  process.stderr.write(onTerminal(lines));
}

/** How to clear the progress line, which is rewritten in place, before anything else is printed. */
export const transient = { clear: (): void => {} };

/** Blocks of text that this library laid out, such as a table of visible names, as lines. */
export const linesOf = (...blocks: string[]): string[] => blocks.flatMap((block) => block.split('\n'));

/** Characters of a line: the terminal's, or those of COLUMNS, from 40 to 120; 100 where neither is known. */
export function terminalWidth(): number {
  const width = process.stdout.columns ?? Number(process.env.COLUMNS || 100);
  return Number.isFinite(width) ? Math.max(40, Math.min(120, width)) : 100;
}
