import type { Command } from 'commander';
import { inWords } from './accumulate.js';
import { common, createContext } from './context.js';
import { kept } from './signals.js';

interface Flags {
  out: string;
  allowPartial?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    program
      .command('merge')
      .description(
        'merge the statistics of all shards of a data set; the result is byte for byte that of a single pass',
      )
      .argument('<part...>', '.stats files that `accumulate` wrote, in any order')
      .requiredOption('--out <file>', '.stats file to write (s3://bucket/key, too)')
      .option('--allow-partial', 'merge even if images of the data set are missing'),
  )
    .addHelpText('after', '\nExample:\n  $ featreconstruct merge part*.stats --out all.stats')
    .action(async (parts: string[], flags: Flags) => {
      const context = createContext(flags, kept);
      const { checkPlace } = await import('../bytes/index.js');
      await checkPlace(flags.out);
      const { saveStatistics } = await import('../fit/index.js');
      const { mergeParts } = await import('../shards/index.js');
      const { statistics, origin } = await mergeParts(parts, { ...context, allowPartial: flags.allowPartial });
      await saveStatistics(flags.out, statistics, origin, context);
      context.print([`${flags.out}: ${inWords(origin, statistics.n)}`], {
        out: flags.out,
        rows: statistics.n,
        ...origin,
      });
    });
}
