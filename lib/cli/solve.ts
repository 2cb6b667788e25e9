import { Option, type Command } from 'commander';
import { common, createContext } from './context.js';
import { checkMapName, fittedLine, priorOf, solutionOptions, type SolutionFlags } from './fitted.js';
import { bringNamed, namesOptions, type NamesFlags } from './names.js';
import { number } from './options.js';

interface Flags extends NamesFlags, SolutionFlags {
  out: string;
  alpha?: number;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    namesOptions(
      solutionOptions(
        program
          .command('solve')
          .description('compute the least-squares map from statistics, the same map that `fit` computes from rows')
          .argument('<stats>', 'a .stats file that `accumulate` or `merge` wrote')
          .requiredOption('--out <file>', 'safetensors file for the map (s3://bucket/key, too)')
          .addOption(new Option('--alpha <number>', 'ridge penalty (default: 0)').argParser(number)),
      ),
    ),
  )
    .addHelpText('after', '\nExample:\n  $ featreconstruct solve all.stats --out map.safetensors')
    .action(async (path: string, flags: Flags) => {
      const context = createContext(flags);
      const { checkPlace, makeFolderOf } = await import('../bytes/index.js');
      checkMapName(flags.out);
      await checkPlace(flags.out);
      const { saveLinearMap, solve } = await import('../fit/index.js');
      const { missingOf, rangesInWords, statisticsOf } = await import('../shards/index.js');
      const { count, warningsInWords } = await import('../words/index.js');
      const { statistics, origin } = await statisticsOf(path);
      const { alpha, rcond, intercept, spectrum } = flags;
      const { signal } = context;
      const fetch = await bringNamed({ models: [flags.prior] }, flags, context);
      const prior = await priorOf(flags.prior, { fetch });
      const map = await solve(statistics, { alpha, rcond, intercept, spectrum, prior, signal });
      await makeFolderOf(flags.out);
      await saveLinearMap(flags.out, map, { signal });
      const missing = missingOf(origin);
      const { warning } = map.fit;
      context.print(
        [
          await fittedLine(flags.out, map, flags.verbose),
          ...(missing.length > 0
            ? [
                `! Of the ${count(origin.dataset.size)} images of ${origin.dataset.spec}, ${rangesInWords(missing)} are missing from it.`,
              ]
            : []),
          ...(warning ? [`! ${warningsInWords(warning)}`] : []),
        ],
        { out: flags.out, in: statistics.p, features: statistics.q, ...map.fit, missing },
      );
    });
}
