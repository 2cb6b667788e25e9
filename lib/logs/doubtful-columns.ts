import type { DoubtfulColumn } from '../words/index.js';
import { families, isOdd } from './column-names.js';
import type { TableColumn } from './column-table.js';
import { labelPlace } from './label-names.js';

/** Outputs of one model are of sizes as different as this, but seldom more. */
const fewTimes = 30;
/** By this factor no outputs of one model differ: a time in seconds, bytes. */
const manyTimes = 1000;
/** Least columns that say how large outputs are. */
const enough = 3;
/** Share of columns that are called as the labels of the rows, for the others to stand out. */
const most = 0.75;

const sizeOf = ({ min, max }: TableColumn): number => Math.max(Math.abs(min), Math.abs(max));

/** How many times larger each column is than the others of these in their middle. */
function timesOthers(columns: readonly TableColumn[], all: readonly number[]): number[] {
  const sizes = all.map((j) => sizeOf(columns[j]));
  const sorted = Float64Array.from(sizes).sort();
  const middle = Math.floor((all.length - 2) / 2);
  return sizes.map((size) => {
    // Without the column itself the next one may be in the middle.
    const others = all.length < 2 ? size : size > sorted[middle] ? sorted[middle] : sorted[middle + 1];
    return others > 0 ? size / others : 1;
  });
}

/** Columns of another order of size than the others. */
export function ofOtherSize(columns: readonly TableColumn[], all: readonly number[]): number[] {
  if (all.length <= enough) return [];
  const times = timesOthers(columns, all);
  return all.filter((_, k) => times[k] > manyTimes);
}

/**
 * Columns that were taken though something speaks against them, where neither a sum nor a linear relation tells that they are
 * outputs.
 * @param kept columns that were taken
 * @param named whether the file names its columns
 */
export function doubtfulColumns(
  columns: readonly TableColumn[],
  kept: readonly number[],
  named: boolean,
): DoubtfulColumn[] {
  const names = columns.map(({ name }) => name);
  const family = named ? apart(names, kept) : [];
  const unsaid = named ? notLabels(columns, kept) : [];
  const oddly = named && kept.filter((j) => isOdd(names[j])).length * 2 < kept.length;
  const times = timesOthers(columns, kept);
  return kept.flatMap((j, k): DoubtfulColumn[] => {
    const name = names[j];
    if (times[k] > fewTimes) return [{ name, why: 'size' }];
    if (oddly && isOdd(name)) return [{ name, why: 'name' }];
    if (family.includes(j)) return [{ name, why: 'other-name' }];
    return unsaid.includes(j) ? [{ name, why: 'no-label' }] : [];
  });
}

/** Columns beside a family that are called otherwise than all the others: `latency` beside `logit_0, logit_1, …`. */
function apart(names: readonly string[], kept: readonly number[]): number[] {
  const numbered = kept.filter((j) => /\d/.test(names[j]));
  const [family = []] = families(names, numbered).sort((a, b) => b.length - a.length);
  const own = new Set(family);
  return family.length > 2 && family.length >= most * kept.length ? kept.filter((j) => !own.has(j)) : [];
}

/** Columns that no row has for its label, where nearly all others are the label of some. */
function notLabels(columns: readonly TableColumn[], kept: readonly number[]): number[] {
  const labels = columns.filter(({ name, words }) => words !== null && labelPlace(name) < Infinity);
  for (const { words } of labels) {
    const said = new Set(words!.names.map((label) => label.toLowerCase()));
    const rest = kept.filter((j) => !said.has(columns[j].name.toLowerCase()));
    if (kept.length - rest.length > 2 && kept.length - rest.length >= most * kept.length) return rest;
  }
  return [];
}
