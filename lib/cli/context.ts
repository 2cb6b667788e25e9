import type { Command } from 'commander';
import type { TaskOptions } from '../base/index.js';
import { ProgressLine } from './progress.js';

/** What every command gets: where to print, how to show progress, how to be stopped. */
export interface Context extends Required<TaskOptions> {
  json: boolean;
  /** Announces a part of a long task, among its progress. */
  heading(text: string): void;
  /** Prints the command's result: text for people, or one JSON document with `--json`. */
  print(text: string, data: unknown): void;
}

/** Options of every command. */
export function common(command: Command): Command {
  return command.option('--json', 'print the result as JSON').option('--quiet', 'no progress');
}

export function createContext({ json = false, quiet = false }: { json?: boolean; quiet?: boolean }): Context {
  const controller = new AbortController();
  const progress = new ProgressLine(process.stderr, quiet);
  process.once('SIGINT', () => {
    progress.clear();
    process.stderr.write('Stopping after this batch; press Ctrl-C again to stop at once.\n');
    controller.abort();
    process.once('SIGINT', () => process.exit(130));
  });
  return {
    json,
    signal: controller.signal,
    onProgress: progress.update,
    heading: (text) => progress.heading(text),
    print(text, data) {
      progress.clear();
      process.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : `${text}\n`);
    },
  };
}
