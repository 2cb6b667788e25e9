import type { FittedMap } from '../fit/index.js';
import type { ModelOptions } from '../runtime/index.js';
import type { LinearMap } from '../tensor/index.js';

/** The map that `--prior` names: a saved one, or a model's head, inverted. */
export async function priorOf(path: string | undefined, model?: ModelOptions): Promise<LinearMap | undefined> {
  if (path === undefined) return undefined;
  const { loadLinearMap, pseudoInverse } = await import('../fit/index.js');
  const { describeModel, isModelName } = await import('../runtime/index.js');
  if (!isModelName(path)) return loadLinearMap(path);
  return pseudoInverse((await describeModel(path, model)).head);
}

/** What was fitted; where more is wanted, how well determined it is and how it was solved. */
export async function fittedLine(out: string, { weight, fit }: FittedMap, verbose = false): Promise<string> {
  const { brief, count } = await import('../words/index.js');
  const [q, p] = weight.shape;
  const { n, rank, gap, condition, solver } = fit;
  return `${out}: ${count(p)} → ${count(q)}, n = ${count(n)}, rank ${count(rank)}${verbose ? `, gap ${brief(gap)}, condition ${brief(condition)}, ${solver}` : ''}`;
}
