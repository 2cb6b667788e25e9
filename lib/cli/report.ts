import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { createContext } from './context.js';

interface Flags {
  out?: string;
  quiet?: boolean;
}

export function register(program: Command): void {
  program
    .command('report')
    .description('draw finished results as one page that opens without a network')
    .argument('<results...>', 'folders that `run` wrote, or results.json files; several are compared')
    .option('--out <file>', 'where to write (default: report.html beside the first results.json)')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `
Examples:
  $ featreconstruct report out
  $ featreconstruct report out-1 out-3 --out comparison.html`,
    )
    .action(async (paths: string[], flags: Flags) => {
      const context = createContext(flags);
      const { readResults, renderReport, resultsFile } = await import('../report/index.js');
      const { writeWhole } = await import('../tensor/index.js');
      const results = await Promise.all(paths.map(readResults));
      const file = flags.out ?? join(dirname(await resultsFile(paths[0])), 'report.html');
      await mkdir(dirname(file), { recursive: true });
      await writeWhole(file, [Buffer.from(await renderReport(results))]);
      context.print(file, null);
    });
}
