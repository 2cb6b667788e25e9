import { Option, type Command } from 'commander';
import { alphaOptions, curveTable, withScore, readAlpha, type AlphaFlags } from './choose-alpha.js';
import { common, createContext } from './context.js';
import { checkMapName, fittedLine, priorOf, solutionOptions, type SolutionFlags } from './fitted.js';
import { bringNamed, namesOptions, type NamesFlags } from './names.js';
import { tensorOptions, type TensorFlags } from './options.js';
import { providerOption, readProviders, type ProviderFlags } from './provider.js';
import { linesOf } from './terminal.js';

interface Flags extends SolutionFlags, AlphaFlags, NamesFlags, ProviderFlags, TensorFlags {
  x: string;
  y: string;
  out: string;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    namesOptions(
      tensorOptions(
        solutionOptions(
          alphaOptions(
            program
              .command('fit')
              .description('fit the linear map from X to Y by exact least squares')
              .requiredOption(
                '--x <file>',
                'X: a store (its logits), .npy, .npz or .safetensors as FILE or FILE#NAME, or a log',
              )
              .requiredOption('--y <file>', 'Y: a store (its features), .npy, .npz or .safetensors')
              .requiredOption('--out <file>', 'safetensors file for the map'),
          ),
        )
          .addOption(
            new Option('--provider <name>', 'where the statistics are computed: a provider that has float64')
              .choices(['cpu', 'cuda', 'auto'])
              .default('cpu'),
          )
          .addOption(providerOption()),
      ),
    ),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  $ featreconstruct fit --x train.safetensors --y train.safetensors --out map.safetensors\n  $ featreconstruct fit --x a.safetensors --y b.safetensors --out map.safetensors --alpha cv --alphas "10^(-6:1:4)"',
    )
    .action(async (flags: Flags) => {
      const context = createContext(flags);
      const asked = await readAlpha(flags);
      const providers = await readProviders(flags);
      const { checkPlace, makeFolderOf } = await import('../bytes/index.js');
      checkMapName(flags.out);
      await checkPlace(flags.out);
      const { fitLinearMap, saveLinearMap } = await import('../fit/index.js');
      const { float64Providers } = await import('../runtime/index.js');
      const { carriedInWords, rankNote, warningsInWords } = await import('../words/index.js');
      const { openRows } = await import('../logs/index.js');
      const { notesOf } = await import('./openers.js');
      const { carriedRows } = await import('../leaks/index.js');
      const fetch = await bringNamed({ models: [flags.prior, flags.head] }, flags, context);
      const model = { features: flags.featuresTensor, logits: flags.logitsTensor, fetch };
      const prior = await priorOf(flags.prior, model);
      const x = await openRows(flags.x, 'logits', context);
      const y = await openRows(flags.y, 'features', context);
      try {
        const { alpha, notes: headNotes } = await withScore(asked, x.rows, y.rows, model);
        const map = await fitLinearMap(x.rows, y.rows, {
          ...alpha,
          rcond: flags.rcond,
          prior,
          intercept: flags.intercept,
          executionProviders: float64Providers(providers),
          spectrum: flags.spectrum,
          signal: context.signal,
          onProgress: context.onProgress,
        });
        await makeFolderOf(flags.out);
        await saveLinearMap(flags.out, map, context);
        const { n, rank, warning, crossValidation } = map.fit;
        const [q, p] = map.weight.shape;
        const curve = crossValidation ? linesOf(await curveTable(crossValidation)) : [];
        // Only x and y of one file are of one model: the width of another model says nothing about x.
        const note = x.path === y.path ? rankNote(rank, Math.min(p, q), n) : null;
        const alone = await carriedRows(x.rows, rank, { signal: context.signal, onProgress: context.onProgress });
        const carried = alone && carriedInWords(alone, x.rows.cols);
        const taken = [...new Set([x, y].flatMap(notesOf))];
        const all = [...taken, ...(carried ? [carried] : [])];
        context.print(
          [
            ...curve,
            await fittedLine(flags.out, map, flags.verbose),
            ...(note ? [note] : []),
            ...headNotes,
            ...taken,
            ...(carried ? [`! ${carried}`] : []),
            ...(warning ? [`! ${warningsInWords(warning)}`] : []),
          ],
          { out: flags.out, in: p, features: q, ...map.fit, ...(all.length > 0 ? { notes: all } : {}) },
        );
      } finally {
        await x.close();
        await y.close();
      }
    });
}
