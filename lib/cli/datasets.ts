import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { common, createContext } from './context.js';

interface Flags {
  dataDir?: string;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    program
      .command('datasets')
      .description('the data sets that have names: which are on this machine, how large the others are')
      .option('--data-dir <dir>', 'where data sets lie (default: $FEATRECONSTRUCT_DATA, else the cache folder)'),
  )
    .addHelpText(
      'after',
      '\nNothing is fetched and no server is asked.\n\nExample:\n  $ featreconstruct datasets --data-dir data',
    )
    .action(async (flags: Flags) => {
      const context = createContext(flags);
      const { defaultDataDir, listDatasets } = await import('../datasets/index.js');
      const { bytesInWords, hubCacheDir } = await import('../hub/index.js');
      const dataDir = flags.dataDir ?? defaultDataDir();
      const found = await listDatasets(dataDir);
      const rows = found.map(({ spec, images, classes, here, size, what }) => [
        spec,
        images === null ? '' : `${images.toLocaleString('en')} images`,
        classes === null ? '' : `${classes} classes`,
        here === null ? '' : here ? 'here' : `not here${size === null ? '' : `, ${bytesInWords(size)}`}`,
        what,
      ]);
      const widths = rows[0].map((_, k) => Math.max(...rows.map((row) => row[k].length)));
      const lines = rows.map((row) =>
        row
          .map((cell, k) => cell.padEnd(widths[k]))
          .join('  ')
          .trimEnd(),
      );
      const isThere = statSync(dataDir, { throwIfNoEntry: false }) !== undefined;
      context.print(
        [
          ...lines,
          '',
          `published data sets: ${dataDir}${isThere ? '' : ' (not there yet)'}`,
          `the Hub's: ${hubCacheDir()}`,
        ],
        { dataDir, hubCacheDir: hubCacheDir(), datasets: found },
      );
    });
}
