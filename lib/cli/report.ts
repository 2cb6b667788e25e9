import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import type { Results } from '../results/index.js';
import { createContext } from './context.js';

const formats = ['html', 'svg', 'png', 'md', 'csv'] as const;

interface Flags {
  format: (typeof formats)[number];
  out?: string;
}

export function register(program: Command): void {
  program
    .command('report')
    .description('draw finished results as one page that opens without a network')
    .argument('<results...>', 'folders that `run` wrote, or results.json files; several are compared')
    .addOption(
      new Option('--format <name>', 'a page; every chart as a file; tables; all figures')
        .choices(formats)
        .default('html'),
    )
    .option(
      '--out <path>',
      'file to write, for svg and png the folder (default: report.FORMAT or figures beside the first results.json)',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ featreconstruct report out
  $ featreconstruct report out-1 out-3 --out comparison.html
  $ featreconstruct report out --format svg --out paper/figures`,
    )
    .action(async (paths: string[], { format, out }: Flags) => {
      const context = createContext({ quiet: true });
      const { readResults, resultsFile } = await import('../results/index.js');
      const results = await Promise.all(paths.map(readResults));
      const beside = dirname(await resultsFile(paths[0]));
      const isPicture = format === 'svg' || format === 'png';
      const target = out ?? join(beside, isPicture ? 'figures' : `report.${format}`);
      const files = isPicture
        ? await pictures(results, format, target)
        : [{ path: target, data: await text(results, format) }];
      const { makeFolder, writeWhole } = await import('../bytes/index.js');
      for (const { path, data } of files) {
        await makeFolder(dirname(path));
        await writeWhole(path, [Buffer.from(data)]);
      }
      context.print(
        files.map(({ path }) => path),
        null,
      );
    });
}

async function text(results: readonly Results[], format: Flags['format']): Promise<string> {
  const { renderCsv, renderMarkdown, renderReport } = await import('../report/index.js');
  if (format === 'csv') return renderCsv(results);
  if (format === 'md') return results.map(renderMarkdown).join('\n');
  return renderReport(results);
}

/** Every chart as a file of its own; those of several results in folders. */
async function pictures(
  results: readonly Results[],
  format: 'svg' | 'png',
  folder: string,
): Promise<{ path: string; data: string | Uint8Array }[]> {
  const { chartsOf, renderPng, standalone } = await import('../report/index.js');
  const files: { path: string; data: string | Uint8Array }[] = [];
  for (const [i, each] of results.entries()) {
    for (const chart of await chartsOf(each)) {
      const path = join(folder, results.length > 1 ? String(i + 1) : '', `${chart.name}.${format}`);
      files.push({ path, data: format === 'svg' ? standalone(chart) : await renderPng(chart) });
    }
  }
  return files;
}
