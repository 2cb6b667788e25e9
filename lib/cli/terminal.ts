import { visible } from '../base/index.js';
import { inColour } from './style.js';

/**
 * The one place where text goes to a terminal. Names of files, models, tensors and columns come from others, and may hold
 * what a terminal acts on: whatever is no line of ours and no colour of ours is shown instead.
 */
export const onTerminal = (lines: readonly string[]): string =>
  lines.map((line) => `${inColour(visible(line))}\n`).join('');

/** Lines to the person at the terminal, beside the result. */
export function say(...lines: string[]): void {
  transient.clear();
  process.stderr.write(onTerminal(lines));
}

/** A line that is rewritten in place, if there is one: it goes before anything else is said. */
export const transient = { clear: (): void => {} };

/** Blocks of text that this library laid out, such as a table of visible names, as lines. */
export const linesOf = (...blocks: string[]): string[] => blocks.flatMap((block) => block.split('\n'));

/** Characters of a line: the terminal's, or what COLUMNS says, 40 at least and 120 at most; 100 where nothing says it. */
export function terminalWidth(): number {
  const width = process.stdout.columns ?? Number(process.env.COLUMNS || 100);
  return Number.isFinite(width) ? Math.max(40, Math.min(120, width)) : 100;
}
