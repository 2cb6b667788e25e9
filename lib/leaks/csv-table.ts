import { FeatReconstructError } from '../base/index.js';
import { arrayOf, isMissing, isShortened, numberOf } from './csv-cells.js';
import type { Dialect } from './csv-dialect.js';
import { fitNames, isHeader } from './csv-header.js';

/** One column of a table, and what was seen of its values. */
export interface Column {
  name: string;
  /** Lines without a number: NaN stands there. */
  texts: number;
  /** The first of them, and what it holds. */
  firstText: { line: number; cell: string } | null;
  /** Lines whose cell is empty or says that there is no value. */
  missing: number;
  fractions: number;
  infinite: number;
  min: number;
  max: number;
  /** Whether each value is above the one before, or each below. */
  rises: boolean;
  falls: boolean;
}

/** How many records are looked at before it is decided what the first one is. */
const ahead = 16;
/** Numbers of a chunk. */
const chunkSize = 2 ** 18;

/** Rows that are added record by record; numbers where they are, NaN where text stands. Held as float64. */
export class Table {
  readonly notes: string[] = [];
  columns: Column[] = [];
  rows = 0;
  /** Whether the first record named the columns. */
  named = false;
  #header: string[] | null = null;
  #repeated: number[] = [];
  #pending: { cells: string[]; line: number }[] | null = [];
  /** Cells of a record, and how many numbers each holds. */
  #layout: number[] = [];
  #chunks: Float64Array[] = [];
  #chunkRows = 1;
  #last: Float64Array = new Float64Array();

  constructor(
    readonly path: string,
    readonly dialect: Dialect,
  ) {}

  /** A record; `line` is where it begins, counted from 1. */
  add(cells: string[], line: number): void {
    if (this.#pending === null) return this.#push(cells, line);
    this.#pending.push({ cells, line });
    if (this.#pending.length > ahead) this.#begin();
  }

  /** Names from a comment above the table, for a table without a header of its own. */
  nameColumns(names: readonly string[]): void {
    if (this.#pending !== null) this.#begin();
    if (this.named || names.length !== this.columns.length) return;
    this.columns.forEach((column, j) => (column.name = names[j]));
    this.named = true;
  }

  finish(): void {
    if (this.#pending !== null) this.#begin();
    if (this.#repeated.length > 0) {
      this.notes.push(`The header stands again in line ${list(this.#repeated)}: left out there.`);
    }
  }

  value(i: number, j: number): number {
    return this.#chunks[Math.floor(i / this.#chunkRows)][(i % this.#chunkRows) * this.columns.length + j];
  }

  #begin(): void {
    const pending = this.#pending!;
    this.#pending = null;
    if (pending.length === 0) return;
    const [first, ...rest] = pending;
    const { mark } = this.dialect;
    this.named = isHeader(
      first.cells,
      rest.map(({ cells }) => cells),
      mark,
    );
    const model = this.named ? rest[0] : first;
    let names = first.cells.map((cell, j) => (this.named ? cell.replace(/^\uFEFF/, '').trim() : `column ${j + 1}`));
    if (this.named) {
      this.#header = first.cells;
      if (first.cells.every((cell) => isMissing(cell) || !Number.isNaN(numberOf(cell, mark)))) {
        this.notes.push(`Line ${first.line} is taken for a header: it numbers the columns.`);
      }
      if (model) names = fitNames(names, model.cells);
      if (model && names.length !== model.cells.length)
        throw this.#ragged(names.length, model.cells.length, model.line);
    }
    this.#layout = (model?.cells ?? names).map((cell) => arrayOf(cell)?.length ?? 1);
    this.columns = names.flatMap((name, j) =>
      this.#layout[j] > 1
        ? Array.from({ length: this.#layout[j] }, (_, k) => emptyColumn(`${name}[${k}]`))
        : [emptyColumn(name)],
    );
    this.#chunkRows = Math.max(1, Math.floor(chunkSize / this.columns.length));
    this.#last = new Float64Array(this.columns.length).fill(NaN);
    for (const { cells, line } of this.named ? rest : pending) this.#push(cells, line);
  }

  #push(cells: string[], line: number): void {
    if (this.#header && cells.length === this.#header.length && cells.every((cell, j) => cell === this.#header![j])) {
      this.#repeated.push(line);
      return;
    }
    if (cells.length !== this.#layout.length) {
      throw this.#ragged(this.#layout.length, cells.length, line);
    }
    const width = this.columns.length;
    if (this.rows % this.#chunkRows === 0) this.#chunks.push(new Float64Array(this.#chunkRows * width));
    const row = this.#chunks[this.#chunks.length - 1].subarray((this.rows % this.#chunkRows) * width);
    for (let k = 0, j = 0; k < cells.length; k++) {
      const size = this.#layout[k];
      if (size === 1) this.#set(row, j, numberOf(cells[k], this.dialect.mark), cells[k], line);
      else this.#array(row, j, size, cells[k], line);
      j += size;
    }
    this.rows++;
  }

  #ragged(expected: number, found: number, line: number): FeatReconstructError {
    return new FeatReconstructError(
      `Expected ${expected} columns as in the first line of '${this.path}', found ${found} in line ${line}: the file is cut short or its text holds separators; quote such text.`,
    );
  }

  #array(row: Float64Array, from: number, size: number, cell: string, line: number): void {
    const values = arrayOf(cell);
    if (isShortened(cell) || (values && values.length !== size)) {
      throw new FeatReconstructError(
        `Expected ${size} numbers in the array in line ${line} of '${this.path}', found ${isShortened(cell) ? "'…' among them: NumPy shortened it when it was printed; write .tolist() of it, or the array as .npy" : `${values!.length}; give all outputs of every image`}.`,
      );
    }
    for (let k = 0; k < size; k++) this.#set(row, from + k, values ? values[k] : NaN, cell, line);
  }

  #set(row: Float64Array, j: number, value: number, cell: string, line: number): void {
    const column = this.columns[j];
    row[j] = value;
    if (Number.isNaN(value)) {
      column.texts++;
      if (isMissing(cell)) column.missing++;
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
}

const emptyColumn = (name: string): Column => ({
  name,
  texts: 0,
  firstText: null,
  missing: 0,
  fractions: 0,
  infinite: 0,
  min: Infinity,
  max: -Infinity,
  rises: true,
  falls: true,
});

/** Some of many numbers, for people: `17, 20, 33 and 5 more`. */
export function list(values: readonly (number | string)[], most = 6): string {
  const shown = values.slice(0, most).join(', ');
  return values.length > most ? `${shown} and ${values.length - most} more` : shown;
}
