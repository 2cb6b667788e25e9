import type { LogNote } from '../words/index.js';
import type { BadLines } from './bad-lines.js';
import { isMissing } from './cells.js';

/** One column of a table, with a summary of its values. */
export interface TableColumn {
  name: string;
  /** Rows without a number, whose value is NaN. */
  texts: number;
  /** The line and the cell of the first of them, or of the first infinite number. */
  firstText: { line: number; cell: string } | null;
  /** Rows whose cell is empty or says that there is no value. */
  missing: number;
  /** Rows whose number is no whole one, and rows where it is infinite. */
  fractions: number;
  infinite: number;
  min: number;
  max: number;
  /** The texts of a column; null where it has none, or more different ones than labels could be. */
  words: Words | null;
  /** Rows whose text is another one than the text before, the first included: as many as there are texts, however different. */
  runs: number[];
  /** Whether each value is above the one before, or each below. */
  rises: boolean;
  falls: boolean;
}

/** The texts of a column: each different one once, and by row which of them it has (−1: none). */
export interface Words {
  names: string[];
  rows: number[];
}

/** Numbers in a chunk, about. */
const chunkSize = 2 ** 18;
/** More labels than any classifier has classes. */
const mostLabels = 30_000;

/** Columns of numbers in float64, NaN for text, with a summary of each. */
export abstract class ColumnTable {
  /** Lines that cannot be read. */
  abstract readonly bad: BadLines;
  readonly notes: LogNote[] = [];
  columns: TableColumn[] = [];
  rows = 0;
  /** Whether the file names its columns. */
  named = false;
  #chunks: Float64Array[] = [];
  #chunkRows = 1;
  #last: Float64Array = new Float64Array();
  #row: Float64Array = new Float64Array();
  readonly #at: number[] = [];
  readonly #texts = new Map<TableColumn, string>();
  readonly #codes = new Map<TableColumn, Map<string, number>>();

  /**
   * @param unit what a record of the file is called in messages
   * @param places what the numbers of records count
   */
  constructor(
    readonly path: string,
    readonly unit: 'line' | 'record' | 'row' = 'line',
    readonly places: 'line' | 'record' | 'row' = unit,
  ) {}

  /** The number in row i and column j. */
  value(i: number, j: number): number {
    return this.#chunks[Math.floor(i / this.#chunkRows)][(i % this.#chunkRows) * this.columns.length + j];
  }

  /** Where row i stands in the file, counted from 1. */
  at(i: number): number {
    return this.#at[i];
  }

  /** Sets the columns, before the first row. */
  protected begin(names: readonly string[]): void {
    this.columns = names.map(emptyColumn);
    this.#chunkRows = Math.max(1, Math.floor(chunkSize / Math.max(1, names.length)));
    this.#last = new Float64Array(names.length).fill(NaN);
  }

  /** Adds a row, whose numbers `set` then fills in one by one. @param at where it stands in the file, counted from 1 */
  protected beginRow(at: number): void {
    this.#at.push(at);
    const width = this.columns.length;
    if (this.rows % this.#chunkRows === 0) this.#chunks.push(new Float64Array(this.#chunkRows * width));
    this.#row = this.#chunks[this.#chunks.length - 1].subarray((this.rows % this.#chunkRows) * width);
    this.rows++;
  }

  /** Fills in a number of the last row. @param cell the text that it was read from @param line where that is in the file */
  protected set(j: number, value: number, cell: string, line: number): void {
    const column = this.columns[j];
    this.#row[j] = value;
    if (Number.isNaN(value)) {
      column.texts++;
      if (isMissing(cell)) column.missing++;
      else this.#word(column, cell);
      column.firstText ??= { line, cell: cell.trim() };
      return;
    }
    if (!Number.isInteger(value)) {
      if (Number.isFinite(value)) column.fractions++;
      else {
        column.infinite++;
        column.firstText ??= { line, cell: cell.trim() };
      }
    }
    if (value < column.min) column.min = value;
    if (value > column.max) column.max = value;
    const before = this.#last[j];
    if (value <= before) column.rises = false;
    if (value >= before) column.falls = false;
    this.#last[j] = value;
  }

  #word(column: TableColumn, cell: string): void {
    if (!this.#codes.has(column)) {
      column.words = { names: [], rows: [] };
      this.#codes.set(column, new Map());
    }
    const text = cell.trim();
    if (this.#texts.get(column) !== text) column.runs.push(this.rows - 1);
    this.#texts.set(column, text);
    const { words } = column;
    if (!words) return;
    const codes = this.#codes.get(column)!;
    let code = codes.get(text);
    if (code === undefined) {
      code = words.names.length;
      codes.set(text, code);
      words.names.push(text);
      if (code === mostLabels) column.words = null;
    }
    while (words.rows.length < this.rows - 1) words.rows.push(-1);
    words.rows.push(code);
  }
}

const emptyColumn = (name: string): TableColumn => ({
  name,
  texts: 0,
  firstText: null,
  missing: 0,
  fractions: 0,
  infinite: 0,
  min: Infinity,
  max: -Infinity,
  words: null,
  runs: [],
  rises: true,
  falls: true,
});
