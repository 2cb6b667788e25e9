import { count, FeatReconstructError } from '../base/index.js';
import { list } from '../words/index.js';
import { arrayOf, isMissing, isShortened, numberOf, type DecimalMark } from './cells.js';
import type { Dialect } from './csv-dialect.js';
import { fitNames, isHeader } from './csv-header.js';
import type { BadLines } from './bad-lines.js';
import { ColumnTable } from './column-table.js';
import { beginsAlike, isTalk, isUnanswered, scoreCells, type ScoreCells } from './talk.js';

/** Records that are read before it is decided whether the first one is a header. */
const ahead = 16;
/** Most lines that a message names. */
const mostNamed = 5;

/** A record. */
interface Line {
  cells: string[];
  /** Where it begins, counted from 1. */
  line: number;
  /** Whether the file ends in it. */
  open: boolean;
  /** How many cells it has. */
  size: number;
}

/** The number of cells that most records have. */
function usualSize(lines: readonly Line[]): number {
  const times = new Map<number, number>();
  for (const { cells } of lines) times.set(cells.length, (times.get(cells.length) ?? 0) + 1);
  return [...times].reduce((most, each) => (each[1] > most[1] ? each : most))[0];
}

const isNumber = (cell: string, mark: DecimalMark): boolean =>
  !Number.isNaN(numberOf(cell, mark)) || arrayOf(cell) !== null;

/** The table of a CSV file, which is added record by record. */
export class Table extends ColumnTable {
  #header: string[] | null = null;
  /** Lines where the header is repeated. */
  #repeated: number[] = [];
  /** Records until it is decided what the first one is; null from then on. */
  #pending: Line[] | null = [];
  /** Which cells are scores; null before that is decided. */
  #of: ScoreCells | null = null;
  /** Lines without any score. */
  readonly #silent: number[] = [];
  /** Lines of another length that are no message. */
  readonly #ragged: Line[] = [];
  /** The last line, where it has another length and is a message: it may be cut. */
  #last: Line | null = null;
  /** By cell of a record how many numbers it holds: more than one for an array. */
  #layout: number[] = [];

  constructor(
    path: string,
    readonly dialect: Dialect,
    readonly bad: BadLines,
  ) {
    super(path);
  }

  /**
   * Adds a record.
   * @param line where it begins, counted from 1
   * @param open whether the file ends in it, without a line end
   * @throws FeatReconstructError where its array has another length than the first
   */
  add(cells: string[], line: number, open = false): void {
    const record = { cells, line, open, size: cells.length };
    if (this.#pending === null) return this.#push(record);
    this.#pending.push(record);
    if (this.#pending.length > ahead) this.#begin();
  }

  /** Takes names from a comment above the table, where the table has no header of its own. */
  nameColumns(names: readonly string[]): void {
    if (this.#pending !== null) this.#begin();
    if (this.named || names.length !== this.columns.length) return;
    this.columns.forEach((column, j) => (column.name = names[j]));
    this.named = true;
  }

  /** After the last record. @throws FeatReconstructError where lines have other columns than the first, or most lines have no scores */
  finish(): void {
    if (this.#pending !== null) this.#begin();
    if (this.#last && (this.#last.open || beginsAlike(this.#last.cells, this.#of!))) this.#cut(this.#last);
    for (const { line, open } of this.#ragged) this.bad.add(line, () => this.#otherLengths(this.#ragged), open);
    if (this.#repeated.length > 0) {
      this.notes.push({ kind: 'header-repeated', lines: this.#repeated });
    }
    if (this.#silent.length === 0) return;
    if (this.#silent.length > this.rows) {
      throw new FeatReconstructError(
        `Expected lines of scores in '${this.path}', found ${count(this.#silent.length)} ${this.#silent.length === 1 ? 'line' : 'lines'} without any (the first: line ${this.#silent[0]}) and ${count(this.rows)} with scores: give the lines with scores alone.`,
        { code: 'not-outputs' },
      );
    }
    this.notes.push({ kind: 'lines-without-scores', lines: this.#silent });
  }

  #begin(): void {
    let pending = this.#pending!;
    this.#pending = null;
    if (pending.length === 0) return;
    const { mark } = this.dialect;
    const size = usualSize(pending);
    // What a server says before the table begins.
    const start = pending.findIndex(
      ({ cells }) => cells.length === size || cells.length === size - 1 || cells.some((cell) => isNumber(cell, mark)),
    );
    if (start > 0) {
      for (const { line } of pending.slice(0, start)) this.#silent.push(line);
      pending = pending.slice(start);
    }
    const [first, ...rest] = pending;
    const whole = rest.filter(({ cells }) => cells.length === size);
    this.named = isHeader(
      first.cells,
      (whole.length > 0 ? whole : rest).map(({ cells }) => cells),
      mark,
    );
    const lines = this.named ? (whole.length > 0 ? whole : rest) : [first];
    // An answer that is empty shows no arrays.
    const model = lines.find(({ cells }) => cells.some((cell) => isNumber(cell, mark))) ?? lines[0];
    let names = first.cells.map((cell, j) => (this.named ? cell.replace(/^\uFEFF/, '').trim() : `column ${j + 1}`));
    if (this.named) {
      this.#header = first.cells;
      if (first.cells.every((cell) => isMissing(cell) || !Number.isNaN(numberOf(cell, mark)))) {
        this.notes.push({ kind: 'header-numbered', line: first.line });
      }
      if (model) names = fitNames(names, model.cells);
      if (model && names.length !== model.cells.length) {
        throw this.#otherLengths([model], names.length);
      }
    }
    this.#layout = (model?.cells ?? names).map((cell) => arrayOf(cell)?.length ?? 1);
    this.#of = scoreCells(
      names,
      (this.named ? rest : pending).map(({ cells }) => cells).filter((cells) => cells.length === names.length),
      mark,
    );
    this.begin(
      names.flatMap((name, j) =>
        this.#layout[j] > 1 ? Array.from({ length: this.#layout[j] }, (_, k) => `${name}[${k}]`) : [name],
      ),
    );
    for (const line of this.named ? rest : pending) this.#push(line);
  }

  #push(at: Line): void {
    const { cells, line } = at;
    const { mark } = this.dialect;
    this.#last = null;
    if (this.#header && cells.length === this.#header.length && cells.every((cell, j) => cell === this.#header![j])) {
      this.#repeated.push(line);
      return;
    }
    if (cells.length !== this.#layout.length) {
      if (!isTalk(cells, this.#of!, mark)) return this.#cut(at);
      this.#silent.push(line);
      this.#last = at;
      return;
    }
    if (isUnanswered(cells, this.#of!, mark)) {
      this.#silent.push(line);
      return;
    }
    const damaged = this.#damagedArray(cells, line);
    if (damaged) return this.bad.add(line, () => damaged, at.open);
    this.beginRow(line);
    for (let k = 0, j = 0; k < cells.length; k++) {
      const size = this.#layout[k];
      if (size === 1) this.set(j, numberOf(cells[k], mark), cells[k], line);
      else this.#array(j, size, cells[k], line);
      j += size;
    }
  }

  #cut(at: Line): void {
    // Of a file of other lines each would be kept.
    this.#ragged.push({ ...at, cells: at.cells.slice(0, 1), size: at.cells.length });
  }

  #otherLengths(lines: readonly Line[], expected = this.#layout.length): FeatReconstructError {
    const each = lines.slice(0, mostNamed).map(({ size, line }) => `${size} in line ${line}`);
    const rest = lines.length - each.length;
    const where =
      lines.length === 1
        ? `found ${each[0]}`
        : `found other numbers in ${count(lines.length)} lines: ${list(rest > 0 ? [...each, `${count(rest)} more`] : each)}`;
    return new FeatReconstructError(
      `Expected ${expected} columns as in the first line of '${this.path}', ${where}: the file is cut short or its text holds separators; quote such text${this.bad.hint}.`,
      { code: 'damaged' },
    );
  }

  /** What is wrong with the first array that has not as many numbers as those of the first line; null where none is so. */
  #damagedArray(cells: readonly string[], line: number): FeatReconstructError | null {
    for (const [k, size] of this.#layout.entries()) {
      if (size === 1) continue;
      const values = arrayOf(cells[k]);
      if (!isShortened(cells[k]) && (!values || values.length === size)) continue;
      return new FeatReconstructError(
        `Expected ${size} numbers in the array in line ${line} of '${this.path}', found ${isShortened(cells[k]) ? "'…' among them: NumPy shortened it when it was printed; write .tolist() of it, or the array as .npy" : `${values!.length}; give all outputs of every image`}${this.bad.hint}.`,
      );
    }
    return null;
  }

  #array(from: number, size: number, cell: string, line: number): void {
    const values = arrayOf(cell);
    for (let k = 0; k < size; k++) this.set(from + k, values ? values[k] : NaN, cell, line);
  }
}
