import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { wrap } from '../base/index.js';
import type { ListedDataset } from '../datasets/index.js';
import { common, createContext } from './context.js';
import { linesOf, terminalWidth } from './terminal.js';

interface Flags {
  dataDir?: string;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    program
      .command('datasets')
      .description('list the named data sets: which are on this machine, how large the others are')
      .option('--data-dir <dir>', 'folder of the data sets (default: $FEATRECONSTRUCT_DATA, else the cache folder)'),
  )
    .addHelpText(
      'after',
      '\nIt fetches nothing and contacts no server.\n\nExample:\n  $ featreconstruct datasets --data-dir data',
    )
    .action(async (flags: Flags) => {
      const context = createContext(flags);
      const { defaultDataDir, listDatasets } = await import('../datasets/index.js');
      const { bytesInWords, hubCacheDir } = await import('../hub/index.js');
      const dataDir = flags.dataDir ?? defaultDataDir();
      const { renderTable } = await import('../report/index.js');
      const { count } = await import('../words/index.js');
      const found = await listDatasets(dataDir);
      const table = renderTable<ListedDataset>(
        [
          { heading: 'name', cell: ({ spec }) => spec },
          { heading: 'images', align: 'right', cell: ({ images }) => (images === null ? '' : count(images)) },
          { heading: 'classes', align: 'right', cell: ({ classes }) => (classes === null ? '' : count(classes)) },
          {
            heading: 'here',
            cell: ({ here, partly }) =>
              here === null ? '' : here ? 'yes' : partly?.images ? `${count(partly.images)} of them` : 'no',
          },
          { heading: 'to fetch', align: 'right', cell: ({ size }) => (size === null ? '' : bytesInWords(size)) },
          { heading: 'what', cell: ({ what }) => what },
        ],
        found,
      );
      const isThere = statSync(dataDir, { throwIfNoEntry: false }) !== undefined;
      const gaps = found.flatMap(({ spec, partly }) =>
        partly
          ? [
              `${spec}: ${partly.place} lacks ${partly.missing.join(', ')}${partly.images > 0 ? '; --allow-partial takes what is there' : ''}`,
            ]
          : [],
      );
      context.print(
        [
          ...linesOf(table),
          '',
          ...gaps.flatMap((gap) => wrap(gap, terminalWidth())),
          ...(gaps.length > 0 ? [''] : []),
          `published data sets: ${dataDir}${isThere ? '' : ' (not there yet)'}`,
          `the Hub's: ${hubCacheDir()}`,
        ],
        { dataDir, hubCacheDir: hubCacheDir(), datasets: found },
      );
    });
}
