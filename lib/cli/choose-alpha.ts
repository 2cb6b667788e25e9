import { Option, type Command } from 'commander';
import { UsageError } from '../base/index.js';
import type { LoadModelOptions } from '../runtime/index.js';
import type { RunOptions } from '../experiments/index.js';
import type { AlphaScore, ChosenAlpha, CrossValidation, FoldOptions, GivenAlpha } from '../fit/index.js';
import type { Column } from '../report/index.js';
import type { RowSource } from '../tensor/index.js';
import { parseGrid } from './grid.js';
import { seed, wholeNumber } from './options.js';

/** What `--alpha cv` chooses from, and how. */
export interface CrossValidationFlags {
  alphas?: string;
  folds?: number;
  shuffle?: number;
  select?: CrossValidation['select'];
}

export interface AlphaFlags extends CrossValidationFlags {
  alpha: string;
  head?: string;
  bias?: string;
}

/** The options of `fit` for the penalty: `--alpha`, and what goes with `--alpha cv`. */
export function alphaOptions(command: Command): Command {
  return crossValidationOptions(
    command.option(
      '--alpha <number>',
      "ridge penalty in units of the centred Gram, as in scikit-learn; or 'cv' to choose one of --alphas by cross-validation",
      '0',
    ),
  )
    .option(
      '--head <file>',
      'for --select agreement: the head of the features --y, an .onnx model, a store, a map, or a weight as in evaluate',
    )
    .option('--bias <file>', 'bias of the head, if that is a weight in a .npy');
}

/** What goes with `--alpha cv` in every command. */
export function crossValidationOptions(command: Command): Command {
  return command
    .option('--alphas <grid>', 'penalties that --alpha cv chooses from (default: "10^(-6:1:4)")')
    .addOption(new Option('--folds <k>', 'folds of the cross-validation (default: 5)').argParser(wholeNumber))
    .addOption(
      new Option('--shuffle <seed>', 'shuffle the rows before they are split into folds, with this seed').argParser(
        seed,
      ),
    )
    .addOption(
      new Option('--select <by>', 'score by which --alpha cv chooses (default: mse)').choices([
        'mse',
        'gcv',
        'agreement',
      ]),
    );
}

/** `run`'s penalties: numbers, each in rows of its own, or those that cross-validation chooses from. */
export async function readPenalties({
  alpha,
  alphas,
  folds,
  shuffle,
  select,
}: Omit<AlphaFlags, 'head' | 'bias'>): Promise<Pick<RunOptions, 'alphas' | 'crossValidation'>> {
  if (alpha === 'cv') {
    const grid = alphas === undefined ? undefined : await parseGrid('--alphas', alphas);
    return { crossValidation: { alphas: grid, folds, shuffle, select } };
  }
  if (alphas !== undefined || folds || shuffle !== undefined || select) {
    throw new UsageError(`Expected --alpha cv with --alphas, --folds, --shuffle and --select, found --alpha ${alpha}.`);
  }
  return { alphas: await parseGrid('--alpha', alpha) };
}

/** A penalty as the flags ask for it: given, or chosen by an error or by the agreement of the head in a file. */
export type AskedAlpha =
  | GivenAlpha
  | ({ alpha: 'cv'; alphas?: readonly number[] } & FoldOptions &
      ({ select?: 'mse' | 'gcv' } | { select: 'agreement'; head: string; bias?: string }));

/** The penalty that the flags ask for, checked before a file is opened; {@link withScore} makes options of it. */
export async function readAlpha(flags: AlphaFlags): Promise<AskedAlpha> {
  const { folds, shuffle, select, head, bias } = flags;
  if (bias !== undefined && head === undefined) {
    throw new UsageError('Expected --bias beside a --head, found it alone.');
  }
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
  const selection = readSelection(flags);
  const alphas = flags.alphas === undefined ? undefined : await parseGrid('--alphas', flags.alphas);
  return { alpha: 'cv', alphas, folds, shuffle, ...selection };
}

function readSelection({ select, head, bias }: AlphaFlags) {
  if (select === 'agreement' && head !== undefined) return { select, head, bias };
  if (select === 'agreement' || head !== undefined) {
    throw new UsageError('Expected --select agreement and --head FILE together, found one without the other.');
  }
  return { select };
}

/**
 * The options of `fitLinearMap` for a penalty. Where agreement decides, its score is how often the head of a file names the
 * same class on what a map makes of x as on the features y.
 */
export async function withScore(
  asked: AskedAlpha,
  x: RowSource,
  y: RowSource,
  model: LoadModelOptions,
): Promise<{ alpha: GivenAlpha | ChosenAlpha; notes: string[] }> {
  if (!('head' in asked)) return { alpha: asked, notes: [] };
  const { head, bias, ...chosen } = asked;
  const { foldAgreement } = await import('../evaluate/index.js');
  const { openHead } = await import('./openers.js');
  const opened = await openHead(head, { features: y.cols, bias, model });
  return { alpha: { ...chosen, score: foldAgreement(opened.head, x, y) }, notes: opened.notes };
}

/** The curve as a small table; the chosen alpha has a mark. */
export async function curveTable({ alpha, curve, select, folds, shuffle, warning }: CrossValidation): Promise<string> {
  const { brief, share, warningsInWords } = await import('../words/index.js');
  const { renderTable } = await import('../report/index.js');
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
  return [renderTable(columns, curve), how, ...(warning ? [`Warning: ${warningsInWords(warning)}`] : [])].join('\n');
}
