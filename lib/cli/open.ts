import { spawn } from 'node:child_process';
import { say } from './terminal.js';

/** Opens a page in the system's browser; where there is none, prints that the page has to be opened by hand. */
export async function openPage(path: string): Promise<void> {
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', path]
      : process.platform === 'win32'
        ? ['explorer.exe', path]
        : ['xdg-open', path];
  const opened = await new Promise<boolean>((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    child.on('error', () => resolve(false));
    child.on('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
  if (!opened) say(`No program was found that opens pages (${program}): open ${path} yourself.`);
}
