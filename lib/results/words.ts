import { brief, count, imageCount, shortSpec } from '../words/index.js';
import { type ResultRow } from './types.js';

/** The solver of a map, or of features, that somebody else made. */
export const unknownSolver = 'not known';

/** How a row's map was found, in words. */
export function fitName({ sgd, prior, alpha, solver }: ResultRow): string {
  if (sgd) return `SGD, ${count(sgd.epochs)} epochs`;
  if (solver === unknownSolver) return 'fit not known';
  const ridge = alpha ? `ridge α = ${brief(alpha)}` : 'least squares';
  return prior === 'head' ? `${ridge}, head as prior` : ridge;
}

/** What fits without SGD and without a prior are, for a legend: `least squares`, `least squares or ridge`. */
export function plainNames(rows: readonly Pick<ResultRow, 'alpha' | 'solver'>[]): string {
  const kinds: string[] = rows.map(({ alpha, solver }) =>
    solver === unknownSolver ? 'fit not known' : alpha ? 'ridge' : 'least squares',
  );
  return ['least squares', 'ridge', 'fit not known'].filter((kind) => kinds.includes(kind)).join(' or ');
}

/** How a row's map was found, and what it reads. */
export const fitLabel = (row: ResultRow): string => fitName(row) + readBy(row);

/** What a fit reads, to be put after its name; empty for all of the logits. */
export const readBy = ({ from, observe }: ResultRow): string =>
  `${from === 'features' ? ', from features' : ''}${observe === undefined ? '' : `, shown ${observe}`}`;

/** A data set and its size, without the folders of a path: `cifar100:train[0:10000] (10,000)`. */
export const dataset = (spec: string, rows: number, variations = 1): string =>
  `${shortSpec(spec)} (${variations > 1 ? imageCount(rows, variations) : count(rows)})`;

/** What a row was fitted and tested on. */
export const fittedAndTested = ({ train, nTrain, test, nTest, variations }: ResultRow): string =>
  `fitted on ${nTrain === 0 ? train : dataset(train, nTrain, variations)}, tested on ${dataset(test, nTest, variations)}`;

/** `resnet18 → resnet50`, or the one name. */
export const pairName = ({ source, target }: { source: string; target: string }): string =>
  source === target ? source : `${source} → ${target}`;

/** Groups of items with the same key, in the order of their first items. */
export function by<Item>(items: readonly Item[], key: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}

/** Groups of rows of the same models and data sets. */
export const groupRows = (rows: readonly ResultRow[]): ResultRow[][] =>
  by(rows, ({ source, target, train, test }) => JSON.stringify([source, target, train, test]));
