import { arrayOf, isMissing, numberOf, type DecimalMark } from './cells.js';
import { families, isOdd } from './column-names.js';

/** What tells lines of a table that hold no score from lines that are cut. */
export interface ScoreCells {
  /** By cell of a line whether it holds a number, or several. */
  numeric: readonly boolean[];
  /** Cells that hold scores, as far as the first lines show; none where there is one score a line. */
  scores: readonly number[];
  /** The first cell of a line, with each number as 0. */
  first: string;
}

const shapeOf = (cell: string): string => cell.trim().replace(/\d+/g, '0');

const isFraction = (cell: string, mark: DecimalMark): boolean => {
  const value = numberOf(cell, mark);
  return Number.isNaN(value) ? (arrayOf(cell)?.some((each) => !Number.isInteger(each)) ?? false) : value % 1 !== 0;
};
const isNumeric = (cell: string, mark: DecimalMark): boolean =>
  !Number.isNaN(numberOf(cell, mark)) || arrayOf(cell) !== null;

/** Which cells are scores: by the first lines, all as long as the names. */
export function scoreCells(names: readonly string[], lines: readonly string[][], mark: DecimalMark): ScoreCells {
  const any = (test: (cell: string, mark: DecimalMark) => boolean): boolean[] =>
    names.map((_, j) => lines.some((cells) => test(cells[j], mark)));
  const numeric = any(isNumeric);
  const fractions = any(isFraction);
  const some = names.flatMap((_, j) => (fractions[j] ? [j] : []));
  const alike = families(names, some).filter((group) => group.length * 2 > some.length);
  const scores = alike[0] ?? some.filter((j) => !isOdd(names[j]));
  // A line that lacks the only score may be one class of several lines.
  const lone = scores.length === 1 && lines.every((cells) => arrayOf(cells[scores[0]]) === null);
  return {
    numeric,
    scores: lone ? [] : scores,
    first: shapeOf(lines.find((cells) => !isMissing(cells[0]))?.[0] ?? ''),
  };
}

/** Whether a line of the table's length has none of its scores: a request without an answer. */
export function isUnanswered(cells: readonly string[], { scores }: ScoreCells, mark: DecimalMark): boolean {
  if (scores.length === 0) return false;
  const left = scores.filter((j) => !isMissing(cells[j]));
  // A message may stand in the place of a score. Words in all places may be a header of other columns.
  return left.length === 0 || (left.length === 1 && scores.length > 2 && !isNumeric(cells[left[0]], mark));
}

/** A number that is cut somewhere. */
const cutNumber = /^\s*[-+\u2212]?\d*[.,]?\d*(e[-+]?\d*)?\s*$/i;

/**
 * Whether a line of another length than the table's holds no score: what a server says among its answers. A line with a fraction, or
 * one that is a line of the table up to its end and reaches a number there, is cut.
 */
export function isTalk(cells: readonly string[], { numeric }: ScoreCells, mark: DecimalMark): boolean {
  if (!cells.some((cell) => /\p{L}/u.test(cell)) || cells.some((cell) => isFraction(cell, mark))) return false;
  if (cells.length > numeric.length) return !cells.some((cell) => isNumeric(cell, mark));
  const reached = cells.flatMap((cell, j) => (numeric[j] && !isMissing(cell) ? [{ cell, j }] : []));
  return (
    reached.length === 0 ||
    reached.some(({ cell, j }) => !isNumeric(cell, mark) && !(j === cells.length - 1 && cutNumber.test(cell)))
  );
}

/** Whether a line begins as those of the table do, so that it may be one that is cut. */
export const beginsAlike = ([cell]: readonly string[], { first }: ScoreCells): boolean =>
  first !== '' && first.startsWith(shapeOf(cell));
