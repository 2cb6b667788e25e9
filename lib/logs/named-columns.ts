import { FeatReconstructError, option, UsageError } from '../base/index.js';
import { some } from '../words/index.js';
import type { TableColumn } from './column-table.js';

/**
 * The columns of a table that somebody names as its outputs, in the order of the table: `cat`, or a range such as `p_0..p_999`.
 * @throws UsageError for a name that no column has, or several have; FeatReconstructError for columns without numbers
 */
export function namedColumns(columns: readonly TableColumn[], asked: readonly string[], path: string): number[] {
  const names = columns.map(({ name }) => name);
  const placeOf = (name: string): number => {
    const place = names.indexOf(name);
    const found =
      place < 0
        ? `none of this name among ${some(names)}`
        : names.includes(name, place + 1)
          ? 'several of this name'
          : null;
    if (found === null) return place;
    throw new UsageError(
      `Expected ${option('columns')} to name columns of '${path}', found '${name}' and ${found}: name columns of the table, one by one or as FIRST..LAST.`,
    );
  };
  const taken = new Set<number>();
  for (const each of asked) {
    const range = names.includes(each) ? null : /^(.+?)\.\.(.+)$/s.exec(each);
    const [from, to] = range ? [placeOf(range[1]), placeOf(range[2])] : [placeOf(each), placeOf(each)];
    for (let j = Math.min(from, to); j <= Math.max(from, to); j++) taken.add(j);
  }
  const kept = [...taken].sort((a, b) => a - b);
  const words = kept.find((j) => !(columns[j].max >= columns[j].min));
  if (words !== undefined) {
    throw new FeatReconstructError(
      `Expected numbers in the columns that ${option('columns')} names, found none in '${names[words]}' of '${path}': name columns of outputs.`,
    );
  }
  if (kept.length < 2) {
    throw new UsageError(
      `Expected ${option('columns')} to name at least 2 columns of '${path}', found ${kept.length}: name a column for each class.`,
    );
  }
  return kept;
}
