import { spawn } from 'node:child_process';

/** How a command ended. */
export interface Ended {
  code: number;
  stdout: string;
  /** The last line of what it said on standard error, for the table. */
  lastWords: string;
}

/**
 * Runs a command to its end. What it says on standard error is shown as it comes, unless `show` is false.
 * @returns code 127 where the program could not be started
 */
export function command(
  program: string,
  args: readonly string[],
  { show = true, cwd }: { show?: boolean; cwd?: string } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4096);
      if (show) process.stderr.write(text);
    });
    const end = (code: number): void =>
      resolve({ code, stdout, lastWords: stderr.trim().split('\n').at(-1)?.trim() ?? '' });
    child.on('error', (error) => {
      stderr = error.message;
      end(127);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}
