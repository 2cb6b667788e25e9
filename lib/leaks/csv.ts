import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { FeatReconstructError } from '../base/index.js';
import { memoryRows, type RowSource } from '../tensor/index.js';

/** The numbers of a CSV file, and what was left out of them. */
export interface CsvOutputs {
  rows: RowSource;
  /** Names of the columns kept (`column 3`, counted from 1, where there is no header). */
  columns: string[];
  /** Names of the columns left out as no outputs, each with why. */
  leftOut: string[];
}

const outputless =
  /^(|id|.*_id|idx|index|no|nr|row|label|class|target|y|true.*|pred.*|split|time.*|date.*|ts|latency.*|.*_ms|version)$/i;

/**
 * Reads outputs as a web service logs them: one line an image, with or without a header, columns parted by comma,
 * semicolon or tab. Columns that hold text, and numbers that a header calls an id, a label, a time or the like, are left
 * out; without a header, columns of whole numbers beside others that have fractions. Held in memory as float64.
 * @throws FeatReconstructError when a line is longer or shorter than the first, a number is missing, or none is there
 */
export async function readCsv(path: string): Promise<CsvOutputs> {
  const table = new Table(path);
  const stream = createReadStream(path, { encoding: 'utf8' });
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) table.add(line);
  } catch (error) {
    if (error instanceof FeatReconstructError) throw error;
    throw new FeatReconstructError(`Could not read '${path}': ${(error as Error).message}`, { cause: error });
  } finally {
    stream.destroy();
  }
  return table.finish();
}

/** Rows that are added line by line; numbers where they are, NaN where text stands. */
class Table {
  #separator = '';
  #header: string[] | undefined;
  #width = 0;
  #line = 0;
  #chunks: Float64Array[] = [];
  #rows = 0;
  /** Per column: lines with text, the first of them, and lines with a fraction. */
  #texts: number[] = [];
  #firstText: number[] = [];
  #fractions: number[] = [];

  constructor(readonly path: string) {}

  add(line: string): void {
    this.#line++;
    if (line.trim() === '') return;
    if (this.#width === 0) {
      this.#separator = separatorOf(line);
      const cells = split(line.replace(/^\uFEFF/, ''), this.#separator);
      this.#width = cells.length;
      for (const list of [this.#texts, this.#firstText, this.#fractions]) list.push(...cells.map(() => 0));
      // A header is a line of names: where any cell that is a number stands, it is a line of outputs already.
      if (cells.every((cell) => !isNumber(cell) || /^\d+$/.test(cell.trim())) && !cells.every(isNumber)) {
        this.#header = cells.map((cell) => cell.trim());
        return;
      }
      return this.#push(cells);
    }
    this.#push(split(line, this.#separator));
  }

  #push(cells: string[]): void {
    if (cells.length !== this.#width) {
      throw new FeatReconstructError(
        `Expected ${this.#width} columns as in the first line of '${this.path}', found ${cells.length} in line ${this.#line}: the file is cut short or its text holds separators; quote such text.`,
      );
    }
    if (this.#rows % 1024 === 0) this.#chunks.push(new Float64Array(1024 * this.#width));
    const chunk = this.#chunks[this.#chunks.length - 1];
    const at = (this.#rows % 1024) * this.#width;
    for (let j = 0; j < cells.length; j++) {
      const value = isNumber(cells[j]) ? Number(cells[j]) : NaN;
      if (Number.isNaN(value)) {
        this.#texts[j]++;
        this.#firstText[j] ||= this.#line;
      } else if (!Number.isInteger(value)) this.#fractions[j]++;
      chunk[at + j] = value;
    }
    this.#rows++;
  }

  finish(): CsvOutputs {
    const names = this.#header ?? Array.from({ length: this.#width }, (_, j) => `column ${j + 1}`);
    const anyFractions = this.#fractions.some((count) => count > 0);
    const kept: number[] = [];
    const leftOut: string[] = [];
    for (const [j, name] of names.entries()) {
      if (this.#texts[j] > this.#rows / 2) leftOut.push(`${name} (text)`);
      else if (this.#header && outputless.test(name)) leftOut.push(`${name} (by its name)`);
      else if (!this.#header && anyFractions && this.#fractions[j] === 0 && this.#wholeAndVaried(j)) {
        leftOut.push(`${name} (whole numbers beside fractions)`);
      } else kept.push(j);
    }
    if (this.#rows === 0 || kept.length < 2) {
      throw new FeatReconstructError(
        `Expected '${this.path}' to hold a line of at least 2 numbers for each image, found ${this.#rows} lines and ${kept.length} columns of numbers; write the outputs as CSV, .npy or .safetensors.`,
      );
    }
    const bad = kept.find((j) => this.#texts[j] > 0);
    if (bad !== undefined) {
      throw new FeatReconstructError(
        `Expected a number in every line of '${names[bad]}' in '${this.path}', found none in line ${this.#firstText[bad]}; leave that line out.`,
      );
    }
    const data = new Float64Array(this.#rows * kept.length);
    for (let i = 0, to = 0; i < this.#rows; i++) {
      const chunk = this.#chunks[Math.floor(i / 1024)];
      for (const j of kept) data[to++] = chunk[(i % 1024) * this.#width + j];
    }
    return { rows: memoryRows(data, this.#rows, kept.length), columns: kept.map((j) => names[j]), leftOut };
  }

  /** Ids and labels take values above 1; a class that never gets a share of probability is 0 in every line. */
  #wholeAndVaried(j: number): boolean {
    for (let i = 0; i < this.#rows; i++) {
      if (Math.abs(this.#chunks[Math.floor(i / 1024)][(i % 1024) * this.#width + j]) > 1) return true;
    }
    return false;
  }
}

const isNumber = (cell: string): boolean =>
  cell.trim() !== '' && /^\s*[+-]?(\d|\.\d)/.test(cell) && !Number.isNaN(Number(cell));

function separatorOf(line: string): string {
  const count = (separator: string): number => split(line, separator).length;
  return [',', ';', '\t'].reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

/** Cells of one line; quotes may hold separators, a doubled quote is one (RFC 4180, without line breaks inside cells). */
function split(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator);
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const character = line[i];
    if (quoted && character === '"' && line[i + 1] === '"') cell += line[i++];
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += character;
  }
  cells.push(cell);
  return cells;
}
