import { nearest, option, UsageError } from '../base/index.js';
import type { ResultRow, Results } from '../results/index.js';

/** Fields whose text is data and not a name. */
const data = new Set([
  'picture',
  'outcomes',
  'train',
  'test',
  'dataset',
  'spec',
  'command',
  'question',
  'digest',
  'solver',
]);

/**
 * Results in which models have the names that a paper gives them. Rows keep the names of their files in `named`, by which
 * published figures are found.
 * @param names labels by model name, by file name or by path
 * @throws UsageError where no result has such a model, or two models would have one name
 */
export function withNames(results: readonly Results[], names: Readonly<Record<string, string>>): Results[] {
  const models = [
    ...new Set(
      results.flatMap(({ rows, environment }) => [
        ...environment.models.map(({ name }) => name),
        ...rows.flatMap(({ source, target }) => [source, target]),
      ]),
    ),
  ];
  const labels = new Map<string, string>();
  for (const [given, label] of Object.entries(names)) {
    const name = models.find((each) => each === given) ?? models.find((each) => each === modelOf(given));
    if (name === undefined) {
      const guess = nearest(modelOf(given), models);
      throw new UsageError(
        `Expected a model of these results for ${option('names', '--name')} (${models.join(', ')}), found '${given}'.${guess ? ` Did you mean ${guess}?` : ''}`,
      );
    }
    labels.set(name, label);
  }
  const shown = models.map((name) => labels.get(name) ?? name);
  const twice = shown.find((name, i) => shown.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(`Expected a name for each model, found '${twice}' for two: give them different ones.`);
  const label = (row: ResultRow): ResultRow => ({ ...row, named: { source: row.source, target: row.target } });
  return results.map((each) => renamed({ ...each, rows: each.rows.map(label) }, labels));
}

/** `models/resnet18.onnx` → `resnet18`. */
const modelOf = (path: string): string => path.replace(/^.*[\\/]/, '').replace(/\.onnx$/i, '');

/** A value with every text that is a model's name replaced by its label, except in fields of data. */
function renamed<T>(value: T, labels: ReadonlyMap<string, string>): T {
  if (typeof value === 'string') return (labels.get(value) ?? value) as T;
  if (Array.isArray(value)) return value.map((item) => renamed(item as unknown, labels)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [
      key,
      data.has(key) || key === 'named' ? item : renamed(item, labels),
    ]),
  ) as T;
}
