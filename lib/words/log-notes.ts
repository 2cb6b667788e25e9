/**
 * What was taken of a file of outputs and what was left out of it, as data: `log-note-texts.ts` has the sentences. Lines, records and
 * rows are counted from 1. A column without a name has an empty one.
 */

/** A number that is computed from the others of a row, as services log it beside outputs. */
export type RowStatistic =
  | 'largest'
  | 'second-largest'
  | 'smallest'
  | 'sum'
  | 'mean'
  /** The largest less the second largest. */
  | 'margin'
  | 'largest-probability'
  | 'second-largest-probability'
  | 'largest-percentage'
  | 'least-confidence'
  | 'probability-margin'
  | 'log-probability'
  | 'negative-log-probability'
  | 'entropy'
  | 'entropy-in-bits'
  /** Divided by the largest that it can be. */
  | 'normalised-entropy'
  | 'log-sum-exp'
  | 'energy';

/** What the numbers of a row are together: shares of one or of a hundred, or logarithms of shares. */
export type Whole = 'one' | 'hundred' | 'logarithms';

/** Why a column is not an output. */
export type NotAnOutput =
  | { kind: 'empty' }
  | { kind: 'text' }
  | { kind: 'whole-numbers' }
  /** Scores sorted from the largest: a place and no class. */
  | { kind: 'sorted' }
  /** The outputs that were taken, after a softmax. */
  | { kind: 'softmax' }
  | { kind: 'always-zero' }
  | { kind: 'constant' }
  | { kind: 'copy'; of: string }
  | { kind: 'arg-max' }
  | { kind: 'statistic'; statistic: RowStatistic }
  /** The others are a whole without it. */
  | { kind: 'whole-without'; whole: Whole }
  /** No linear function of the others, which are of one another. */
  | { kind: 'outside-span' }
  /** Whoever asked names others. */
  | { kind: 'not-named' }
  /** More than a thousand times larger than the others. */
  | { kind: 'other-size' }
  /** It only rises, or only falls. */
  | { kind: 'monotone' }
  /** Its name is one that outputs seldom have; `neverNegative`: and others have values below 0. */
  | { kind: 'name'; neverNegative: boolean };

/** A column that was left out. */
export interface LeftOutColumn {
  name: string;
  why: NotAnOutput;
}

/** A column that was taken, though something speaks against it. */
export interface DoubtfulColumn {
  name: string;
  /**
   * `size`: it is many times larger than the others. `name`: outputs are seldom called so. `other-name`: the others are numbered, and it
   * is none of them. `no-label`: the others are labels of rows, and no row has this one.
   */
  why: 'size' | 'name' | 'other-name' | 'no-label';
}

/** The columns that hold the classes of scores, the first and the last; null where labels are not in columns of their own. */
export type LabelColumns = readonly [first: string, last: string] | null;

/** How many of a list of numbers are those of a file of a folder: the lists of the files follow one another. */
export interface InFile {
  file: string;
  many: number;
}

export type LogNote =
  /** The columns that are outputs: how many, the first and the last. */
  | { kind: 'columns'; columns: number; first: string; last: string; leftOut: readonly LeftOutColumn[] }
  /** Columns of which it does not show whether they are outputs; `asks`: whoever reads could name those that are. */
  | { kind: 'columns-in-doubt'; columns: readonly DoubtfulColumn[]; asks: boolean }
  | { kind: 'json-column'; column: string }
  /** A line for each class of an image; `by`: the column that tells images apart, null where places do that begin again. */
  | { kind: 'line-a-class'; images: number; by: string | null; label: string; score: string }
  /** Scores of all classes by their labels. */
  | {
      kind: 'labelled';
      labelColumns: LabelColumns;
      classes: number;
      first: string;
      last: string;
      /** Whether the labels stand in the same order in every row. */
      oneOrder: boolean;
    }
  /** Scores of the best classes alone: of how many, the least and the most. The value of the others. */
  | {
      kind: 'best-classes';
      labelColumns: LabelColumns;
      shown: readonly [least: number, most: number];
      classes: number;
      others: 'zero' | 'least-shown';
    }
  /** Labels that two classes have; `mixed`: which score is of which does not show. */
  | { kind: 'labels-twice'; labels: readonly string[]; mixed: boolean }
  /** Exponentials were taken of them. */
  | { kind: 'log-scores' }
  | { kind: 'rows-without-classes'; rows: readonly number[]; files?: readonly InFile[] }
  | { kind: 'records-without-numbers'; records: readonly number[]; files?: readonly InFile[] }
  /** Lines of a table without any score: messages of a server, and answers that are empty. */
  | { kind: 'lines-without-scores'; lines: readonly number[]; files?: readonly InFile[] }
  /** Lines that cannot be read and were to be left out; `cutShort`: the file ends within the last of them. */
  | { kind: 'bad-lines'; lines: readonly number[]; cutShort?: true; files?: readonly InFile[] }
  | { kind: 'records-without-labels'; records: readonly number[]; files?: readonly InFile[] }
  /** Fields that every record has, where classes are those that some have. */
  | { kind: 'common-fields'; fields: readonly string[] }
  | { kind: 'header-repeated'; lines: readonly number[]; files?: readonly InFile[] }
  | { kind: 'header-numbered'; line: number }
  /** The columns have other names than those of this file, or stand in another order. */
  | { kind: 'other-names'; than: string }
  | { kind: 'other-order'; than: string }
  /** Its columns are those of this file but for how they are called: `one` is its name of what the other calls `other`. */
  | { kind: 'alike-names'; than: string; one: string; other: string }
  /** Of logs that are cut to the best classes: the classes of all of them together. */
  | { kind: 'classes-together'; classes: number; than: string }
  /** What was taken of a folder: the first name and the last. */
  | { kind: 'files'; files: number; first: string; last: string }
  | { kind: 'shards'; shards: number; first: string; last: string }
  /** What was said while an array was opened. */
  | { kind: 'text'; text: string };
