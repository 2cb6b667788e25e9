import { Option, type Command } from 'commander';
import { UsageError } from '../base/index.js';
import type { AlphaScore, CrossValidation, FitOptions } from '../fit/index.js';
import type { Column } from '../report/index.js';
import { toNdArray, type LinearMap, type RowSource } from '../tensor/index.js';
import { parseGrid } from './grid.js';
import { wholeNumber } from './options.js';

export interface AlphaFlags {
  alpha: string;
  alphas?: string;
  folds?: number;
  shuffle?: number;
  select?: CrossValidation['select'];
  head?: string;
}

/** `--alpha cv` and what belongs to it. */
export function alphaOptions(command: Command): Command {
  return command
    .option(
      '--alpha <number>',
      "ridge penalty in units of the centred Gram, as in scikit-learn; or 'cv' for the best of --alphas",
      '0',
    )
    .option('--alphas <grid>', 'penalties to choose from (default: "10^(-6:1:4)")')
    .addOption(new Option('--folds <k>', 'folds of the cross-validation (default: 5)').argParser(wholeNumber))
    .addOption(new Option('--shuffle <seed>', 'shuffle the rows into the folds').argParser(seed))
    .addOption(new Option('--select <by>', 'what decides (default: mse)').choices(['mse', 'gcv', 'agreement']))
    .option('--head <file>', "for --select agreement: the features' head, an .onnx model, a store or a map");
}

const seed = (text: string): number => (text.trim() === '0' ? 0 : wholeNumber(text));

/** The options of `fitLinearMap` that the flags ask for; x are the rows that are read from. */
export async function readAlpha(flags: AlphaFlags, x: RowSource): Promise<FitOptions> {
  const { folds, shuffle, select, head } = flags;
  if (flags.alpha !== 'cv') {
    const [alpha, ...others] = await parseGrid('--alpha', flags.alpha);
    if (others.length > 0) {
      throw new UsageError(
        `Expected one number for --alpha, found a grid: ${flags.alpha}. Choose from it with --alpha cv --alphas "${flags.alpha}".`,
      );
    }
    if (flags.alphas !== undefined || folds || shuffle !== undefined || select || head !== undefined) {
      throw new UsageError(
        `Expected --alpha cv with --alphas, --folds, --shuffle, --select and --head, found --alpha ${flags.alpha}.`,
      );
    }
    return { alpha };
  }
  if ((select === 'agreement') !== (head !== undefined)) {
    throw new UsageError('Expected --select agreement and --head FILE together, found one without the other.');
  }
  const alphas = flags.alphas === undefined ? undefined : await parseGrid('--alphas', flags.alphas);
  const score = head === undefined ? undefined : await agreementScore(head, x);
  return { alpha: 'cv', alphas, folds, shuffle, select, score };
}

/** Rows of a held-out fold that are in memory at a time. */
const blockRows = 4096;

/** How often the head names the class of the logits x on what each map makes of them: one pass over a fold's rows. */
async function agreementScore(file: string, x: RowSource): Promise<FitOptions['score']> {
  const { evaluateAgreement } = await import('../evaluate/index.js');
  const { applyLinearMap } = await import('../fit/index.js');
  const { openHead } = await import('./rows.js');
  const head: LinearMap = await openHead(file);
  return async (maps, fold) => {
    const logits = fold.of(x);
    const agreed = maps.map(() => 0);
    for (let start = 0; start < logits.rows; start += blockRows) {
      const end = Math.min(logits.rows, start + blockRows);
      const block = toNdArray(Float64Array.from(await logits.read(start, end)), [end - start, logits.cols]);
      for (const [i, map] of maps.entries()) {
        agreed[i] += (await evaluateAgreement(head, await applyLinearMap(map, block), block)).agreed;
      }
    }
    return agreed.map((count) => count / logits.rows);
  };
}

/** The curve as a small table; the chosen alpha has a mark. */
export async function curveTable({ alpha, curve, select, folds, shuffle, warning }: CrossValidation): Promise<string> {
  const { brief, renderTable, share } = await import('../report/index.js');
  const chosen = curve.find((entry) => entry.alpha === alpha);
  const right = (heading: string, cell: (entry: AlphaScore) => string): Column<AlphaScore> => ({
    heading,
    align: 'right',
    cell,
  });
  const columns: Column<AlphaScore>[] = [
    { heading: '', cell: (entry) => (entry === chosen ? '*' : '') },
    right('alpha', (entry) => brief(entry.alpha)),
    right('held-out MSE', ({ mse }) => mse.toPrecision(6)),
  ];
  if (select === 'gcv') columns.push(right('GCV', ({ gcv }) => gcv!.toPrecision(6)));
  if (select === 'agreement') columns.push(right('agreement', (entry) => share(entry.agreement!)));
  const how = `alpha ${brief(alpha)} chosen by ${select}, ${folds} folds${shuffle === null ? '' : `, shuffled with seed ${shuffle}`}`;
  return [renderTable(columns, curve), how, ...(warning ? [`Warning: ${warning}`] : [])].join('\n');
}
