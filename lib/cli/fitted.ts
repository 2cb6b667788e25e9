import { Option, type Command } from 'commander';
import { UsageError } from '../base/index.js';
import { number } from './options.js';
import type { FittedMap } from '../fit/index.js';
import type { ModelOptions } from '../runtime/index.js';
import type { LinearMap } from '../tensor/index.js';

/** The flags that `fit` and `solve` share. */
export interface SolutionFlags {
  rcond?: number;
  prior?: string;
  intercept: boolean;
  spectrum?: boolean;
  verbose?: boolean;
}

/** The options that `fit` and `solve` share: how the map is found from statistics. */
export const solutionOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--rcond <number>',
        'eigenvalues below this fraction of the largest count as zero (default: 1e-12)',
      ).argParser(number),
    )
    .option(
      '--prior <map>',
      'keep the map near this one instead of near 0: a saved map, or the inverse of the head of an .onnx model',
    )
    .option('--no-intercept', 'fit without an intercept')
    .option('--spectrum', 'also compute the eigenvalues of the Gram')
    .option('--verbose', 'also print the gap (how clear the rank is), the condition and the solver');

/** The map that `--prior` names: a saved one, or a model's head, inverted. */
export async function priorOf(path: string | undefined, model?: ModelOptions): Promise<LinearMap | undefined> {
  if (path === undefined) return undefined;
  const { loadLinearMap, pseudoInverse } = await import('../fit/index.js');
  const { describeModel, isModelName } = await import('../runtime/index.js');
  if (!isModelName(path)) return loadLinearMap(path);
  return pseudoInverse((await describeModel(path, model)).head);
}

/** Endings of other formats: a map under such a name would be taken for something else. */
const otherFormats = /\.(npy|npz|mat|pt|pth|pkl|json|csv|txt|onnx|h5|stats)$/i;

/**
 * Refuses a name for a map that is that of another format.
 * @throws UsageError
 */
export function checkMapName(out: string): void {
  const ending = otherFormats.exec(out)?.[0];
  if (ending === undefined) return;
  throw new UsageError(
    `Expected --out to end in .safetensors, which is how a map is written, found '${out}': give ${out.slice(0, -ending.length)}.safetensors.`,
  );
}

/** One line on a fitted map; with `verbose` also how well determined it is, and how it was solved. */
export async function fittedLine(out: string, { weight, fit }: FittedMap, verbose = false): Promise<string> {
  const { brief, count } = await import('../words/index.js');
  const [q, p] = weight.shape;
  const { n, rank, gap, condition, solver } = fit;
  return `${out}: ${count(p)} → ${count(q)}, n = ${count(n)}, rank ${count(rank)}${verbose ? `, gap ${brief(gap)}, condition ${brief(condition)}, ${solver}` : ''}`;
}
