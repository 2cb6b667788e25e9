import type { Command } from 'commander';
import { visibleJson, type TaskOptions } from '../base/index.js';
import { resultPrinted } from './ending.js';
import { ProgressLine } from './progress.js';
import { stopOnSignals, type Stopping } from './signals.js';
import { onTerminal } from './terminal.js';

/** What every command gets: where to print, how to show progress, how to be stopped. */
export interface Context extends Required<TaskOptions> {
  json: boolean;
  /** Announces a part of a long task, among its progress. */
  heading(text: string): void;
  /**
   * Prints the command's result: lines for people, or one JSON document with `--json`. A line break inside a line must come
   * from somebody's file name, and is made visible.
   */
  print(lines: readonly string[], data: unknown): void;
}

/** Options of every command. */
export function common(command: Command): Command {
  return command.option('--json', 'print the result as JSON').option('--quiet', 'no progress');
}

/** The context of a command, which listens to signals from then on. */
export function createContext(
  { json = false, quiet = false }: { json?: boolean; quiet?: boolean },
  stopping?: Stopping,
): Context {
  const progress = new ProgressLine(process.stderr, quiet);
  return {
    json,
    signal: stopOnSignals(stopping),
    onProgress: progress.update,
    heading: (text) => progress.heading(text),
    print(lines, data) {
      progress.clear();
      process.stdout.write(json ? `${visibleJson(data)}\n` : onTerminal(lines));
      resultPrinted();
    },
  };
}
