import { FeatReconstructError } from '../base/index.js';
import { arrayOf, isMissing, isShortened, numberOf } from './cells.js';
import type { Dialect } from './csv-dialect.js';
import { fitNames, isHeader } from './csv-header.js';
import { ColumnTable } from './column-table.js';

/** Records that are read before it is decided whether the first one is a header. */
const ahead = 16;

/** The table of a CSV file, which is added record by record. */
export class Table extends ColumnTable {
  #header: string[] | null = null;
  /** Lines where the header is repeated. */
  #repeated: number[] = [];
  /** Records until it is decided what the first one is; null from then on. */
  #pending: { cells: string[]; line: number }[] | null = [];
  /** By cell of a record how many numbers it holds: more than one for an array. */
  #layout: number[] = [];

  constructor(
    path: string,
    readonly dialect: Dialect,
  ) {
    super(path);
  }

  /** Adds a record. @param line where it begins, counted from 1 @throws FeatReconstructError where it has other columns than the first */
  add(cells: string[], line: number): void {
    if (this.#pending === null) return this.#push(cells, line);
    this.#pending.push({ cells, line });
    if (this.#pending.length > ahead) this.#begin();
  }

  /** Takes names from a comment above the table, where the table has no header of its own. */
  nameColumns(names: readonly string[]): void {
    if (this.#pending !== null) this.#begin();
    if (this.named || names.length !== this.columns.length) return;
    this.columns.forEach((column, j) => (column.name = names[j]));
    this.named = true;
  }

  /** After the last record. */
  finish(): void {
    if (this.#pending !== null) this.#begin();
    if (this.#repeated.length > 0) {
      this.notes.push({ kind: 'header-repeated', lines: this.#repeated });
    }
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
        this.notes.push({ kind: 'header-numbered', line: first.line });
      }
      if (model) names = fitNames(names, model.cells);
      if (model && names.length !== model.cells.length)
        throw this.#ragged(names.length, model.cells.length, model.line);
    }
    this.#layout = (model?.cells ?? names).map((cell) => arrayOf(cell)?.length ?? 1);
    this.begin(
      names.flatMap((name, j) =>
        this.#layout[j] > 1 ? Array.from({ length: this.#layout[j] }, (_, k) => `${name}[${k}]`) : [name],
      ),
    );
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
    this.beginRow();
    for (let k = 0, j = 0; k < cells.length; k++) {
      const size = this.#layout[k];
      if (size === 1) this.set(j, numberOf(cells[k], this.dialect.mark), cells[k], line);
      else this.#array(j, size, cells[k], line);
      j += size;
    }
  }

  #ragged(expected: number, found: number, line: number): FeatReconstructError {
    return new FeatReconstructError(
      `Expected ${expected} columns as in the first line of '${this.path}', found ${found} in line ${line}: the file is cut short or its text holds separators; quote such text.`,
      { code: 'damaged' },
    );
  }

  #array(from: number, size: number, cell: string, line: number): void {
    const values = arrayOf(cell);
    if (isShortened(cell) || (values && values.length !== size)) {
      throw new FeatReconstructError(
        `Expected ${size} numbers in the array in line ${line} of '${this.path}', found ${isShortened(cell) ? "'…' among them: NumPy shortened it when it was printed; write .tolist() of it, or the array as .npy" : `${values!.length}; give all outputs of every image`}.`,
      );
    }
    for (let k = 0; k < size; k++) this.set(from + k, values ? values[k] : NaN, cell, line);
  }
}
