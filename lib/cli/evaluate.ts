import type { Command } from 'commander';
import { UsageError } from '../base/index.js';
import { common, createContext } from './context.js';
import { tensorOptions, wholeNumber, type TensorFlags } from './options.js';

interface Flags extends TensorFlags {
  head: string;
  features?: string;
  map?: string;
  x?: string;
  logits: string;
  truth?: string;
  topk?: number[];
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    tensorOptions(
      program
        .command('evaluate')
        .description('how often does a head give the same class on reconstructed features?')
        .requiredOption('--head <file>', 'the head: an .onnx model, a store, or a map')
        .option('--features <file>', 'reconstructed features: .npy, .safetensors, store')
        .option('--map <file>', 'instead of --features: a fitted map …')
        .option('--x <file>', '… and what it is applied to (a store: its logits)')
        .requiredOption('--logits <file>', "the model's own logits (n, c), or class indices (n)")
        .option('--truth <file>', 'the true features, for the reconstruction error')
        .option('--topk <k...>', 'ranks to count (default: 5)', (text: string, list: number[] = []) => [
          ...list,
          wholeNumber(text),
        ]),
    ),
  )
    .addHelpText(
      'after',
      `
Example:
  $ featreconstruct evaluate --head resnet18.onnx --map map.safetensors --x test.safetensors --logits test.safetensors --truth test.safetensors`,
    )
    .action(async (flags: Flags) => {
      const context = createContext(flags);
      if (
        (flags.features === undefined) === (flags.map === undefined) ||
        (flags.map === undefined) !== (flags.x === undefined)
      ) {
        throw new UsageError('Expected either --features FILE, or --map MAP with --x FILE.');
      }
      const { evaluateAgreement, reconstructionError } = await import('../evaluate/index.js');
      const { applyLinearMap, loadLinearMap } = await import('../fit/index.js');
      const { brief, count, rSquared, share, upToOne } = await import('../report/index.js');
      const { openRows } = await import('../extract/index.js');
      const { openClasses, openHead } = await import('./rows.js');
      const head = await openHead(flags.head, context, {
        features: flags.featuresTensor,
        logits: flags.logitsTensor,
      });
      const rows = await openRows(flags.features ?? flags.x!, flags.features ? 'features' : 'logits', context);
      const opened: { close(): Promise<void> }[] = [rows];
      try {
        const reconstructed = flags.map ? applyLinearMap(await loadLinearMap(flags.map), rows.source) : rows.source;
        const { y, close } = await openClasses(flags.logits, context);
        opened.push({ close });
        const agreement = await evaluateAgreement(head, reconstructed, y, {
          topk: flags.topk,
          signal: context.signal,
          onProgress: context.onProgress,
        });
        const lines = [
          `agreement  ${share(agreement.agreement)} (95 %: ${share(agreement.interval[0])} to ${share(agreement.interval[1])}), ${count(agreement.agreed)} of ${count(agreement.n)}`,
          ...Object.entries(agreement.topk).map(([k, value]) => `top-${k}      ${share(value)}`),
          `kappa      ${upToOne(agreement.kappa, 4)}, ${count(agreement.distinctClasses)} classes, the most frequent ${share(agreement.majorityShare, 1)}`,
        ];
        let reconstruction: Awaited<ReturnType<typeof reconstructionError>> | undefined;
        if (flags.truth) {
          const truth = await openRows(flags.truth, 'features', context);
          opened.push(truth);
          reconstruction = await reconstructionError(truth.source, reconstructed, {
            head,
            signal: context.signal,
            onProgress: context.onProgress,
          });
          lines.push(
            `R²         ${rSquared(reconstruction.r2)}; within the head's row space ${rSquared(reconstruction.r2RowSpace)}, outside it ${rSquared(reconstruction.r2NullSpace)}`,
            `MSE        ${brief(reconstruction.mse)}; total of batches of 256 ${brief(reconstruction.mseTotal256)}, of 16 ${brief(reconstruction.mseTotal16)}`,
          );
        }
        context.print(lines, { agreement, ...(reconstruction ? { reconstruction } : {}) });
      } finally {
        for (const { close } of opened) await close();
      }
    });
}
