import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { float16ToFloat32, float32ToFloat16, type RowSource } from '../tensor/index.js';
import { logSumExp } from './observe.js';

/** What a set of outputs is. */
export type OutputKind = 'logits' | 'log-probabilities' | 'probabilities' | 'rounded' | 'truncated';

/** What one look at every row shows. Plain: serialises to JSON. */
export interface Examination {
  rows: number;
  /** c */
  classes: number;
  kind: OutputKind;
  /** What was rounded or truncated; else the same as `kind`. */
  scale: 'logits' | 'log-probabilities' | 'probabilities';
  /** Decimals, where `kind` is `rounded` or the values that are shown are rounded too. */
  decimals: number | null;
  /** How many values of a row are shown, where `kind` is `truncated`. */
  topk: number | null;
  precision: 'float64' | 'float32' | 'float16';
  /** Rows that hold a probability of 0, whose logarithm is not finite. */
  rowsWithZeros: number;
  /** Rows equal to an earlier one, bit for bit. */
  duplicates: number;
  /** Variance of what storing added to a value, as the logarithm sees it where the scale is `probabilities`. */
  noise: number;
}

/** An examination, with what later steps need of it and no report does. */
export interface ExaminedRows extends Examination {
  /** Positions of the first of each set of equal rows. */
  distinct: Int32Array;
}

const blockRows = 1024;

/**
 * Looks at every row once: finite numbers, sums, decimals, ties, duplicates.
 * @param outputs (n, c)
 * @throws FeatReconstructError for a NaN or an infinity, fewer than 2 columns, rows from 0 to 1 that do not sum to one,
 * or a column that never changes
 */
export async function examineOutputs(outputs: RowSource, options: TaskOptions = {}): Promise<ExaminedRows> {
  const { rows, cols } = outputs;
  if (rows < 2 || cols < 2) {
    throw new FeatReconstructError(
      `Expected outputs of at least 2 images and 2 classes, found ${rows} x ${cols} (one row an image).`,
    );
  }
  const look = new Look(outputs);
  for (let start = 0; start < rows; start += blockRows) {
    options.signal?.throwIfAborted();
    const end = Math.min(start + blockRows, rows);
    look.block(await outputs.read(start, end), start);
    options.onProgress?.({ stage: 'examine outputs', done: end, total: rows, unit: 'rows' });
  }
  return look.result();
}

const maxDecimals = 8;

class Look {
  readonly #rows: number;
  readonly #cols: number;
  readonly #dtype: RowSource['dtype'];
  readonly #first: Float64Array;
  readonly #varies: Uint8Array;
  readonly #distinct: number[] = [];
  readonly #seen = new Set<bigint>();
  #fromZeroToOne = true;
  #logProbabilities = true;
  #halves = true;
  /** Decimals that every value so far is a multiple of. */
  #decimals = 0;
  /** Values shown a row (not 0, or above the row's lowest): the same in every row where outputs are truncated. */
  #shown = -1;
  #shownVaries = false;
  #zeros = 0;
  #lowestSum = Infinity;
  #highestSum = -Infinity;
  #worstSum = { row: 0, sum: 1 };
  #squares = 0;
  #inverseSquares = 0;
  #largest = 0;

  constructor(outputs: RowSource) {
    this.#rows = outputs.rows;
    this.#cols = outputs.cols;
    this.#dtype = outputs.dtype;
    this.#first = new Float64Array(this.#cols);
    this.#varies = new Uint8Array(this.#cols);
  }

  block(data: Float32Array | Float64Array, start: number): void {
    const cols = this.#cols;
    const bits = new BigUint64Array(1);
    for (let at = 0, i = start; at < data.length; at += cols, i++) {
      const row = data.subarray(at, at + cols);
      this.#values(row, i);
      hash(row, bits);
      if (!this.#seen.has(bits[0])) {
        this.#seen.add(bits[0]);
        this.#distinct.push(i);
      }
    }
    if (this.#halves) this.#halves = allHalves(data);
  }

  #values(row: Float32Array | Float64Array, i: number): void {
    let sum = 0;
    let lowest = Infinity;
    for (let j = 0; j < row.length; j++) {
      const value = row[j];
      if (!Number.isFinite(value)) {
        throw new FeatReconstructError(
          `Expected finite outputs, found ${value} in row ${i} (counted from 0), column ${j}; leave that image out or look at what made it.`,
        );
      }
      if (i === 0) this.#first[j] = value;
      else if (value !== this.#first[j]) this.#varies[j] = 1;
      sum += value;
      if (value < lowest) lowest = value;
      this.#squares += value * value;
      if (value > 0) this.#inverseSquares += 1 / (value * value);
      if (Math.abs(value) > this.#largest) this.#largest = Math.abs(value);
      while (this.#decimals <= maxDecimals && !isMultiple(value, this.#decimals)) this.#decimals++;
      if (value < 0 || value > 1.000001) this.#fromZeroToOne = false;
    }
    let shown = 0;
    for (const value of row) if (value !== lowest) shown++;
    // For logits cut to their top K the lowest shown one is among the ties.
    if (this.#shown >= 0 && shown !== this.#shown) this.#shownVaries = true;
    this.#shown = Math.max(this.#shown, shown);
    if (lowest === 0) this.#zeros++;
    this.#lowestSum = Math.min(this.#lowestSum, sum);
    this.#highestSum = Math.max(this.#highestSum, sum);
    if (Math.abs(sum - 1) > Math.abs(this.#worstSum.sum - 1)) this.#worstSum = { row: i, sum };
    if (this.#logProbabilities) this.#logProbabilities = Math.abs(logSumExp(row)) < 0.02;
  }

  result(): ExaminedRows {
    const [rows, cols] = [this.#rows, this.#cols];
    const precision = this.#halves ? 'float16' : this.#dtype === 'float64' ? 'float64' : 'float32';
    // Float32 numbers of this size are multiples of 10^-k for every k that their own spacing hides.
    const visible = Math.floor(Math.log10(0.05 / (this.#largest * (this.#dtype === 'float64' ? 1e-15 : 1.2e-7))));
    const decimals = !this.#halves && this.#decimals <= Math.min(visible, maxDecimals) ? this.#decimals : null;
    const half = decimals === null ? 0 : 0.5 * 10 ** -decimals;
    const scale = this.#scale(half);
    // Ties with the lowest in every row, as many in each: a cut, unless nothing is hidden.
    const shown = scale === 'logits' ? this.#shown + 1 : this.#shown;
    const truncated = !this.#shownVaries && shown < cols - 1;
    const mostlyHidden = scale === 'probabilities' && this.#zeros === rows && decimals === null && shown < cols - 1;
    const kind = truncated || mostlyHidden ? 'truncated' : decimals !== null ? 'rounded' : scale;
    if (kind !== 'truncated' && kind !== 'rounded') this.#noConstantColumn();
    const meanSquare = this.#squares / (rows * cols);
    const inverse = this.#inverseSquares / (rows * cols);
    const relative = precision === 'float16' ? 2 ** -11 : 2 ** -20;
    return {
      rows,
      classes: cols,
      kind,
      scale,
      decimals,
      topk: kind === 'truncated' ? shown : null,
      precision,
      rowsWithZeros: scale === 'probabilities' ? this.#zeros : 0,
      duplicates: rows - this.#distinct.length,
      noise:
        decimals !== null
          ? ((half * half) / 3) * (scale === 'probabilities' ? inverse : 1)
          : relative ** 2 * (scale === 'probabilities' ? 30 : meanSquare),
      distinct: Int32Array.from(this.#distinct),
    };
  }

  #scale(half: number): Examination['scale'] {
    if (!this.#fromZeroToOne) return this.#logProbabilities && this.#largest > 0 ? 'log-probabilities' : 'logits';
    const slack = Math.max(1e-3, this.#cols * half, this.#halves ? this.#cols * 2 ** -12 : 0);
    const hidden = this.#zeros === this.#rows;
    if (this.#highestSum > 1 + slack || (this.#lowestSum < 1 - slack && !hidden)) {
      const { row, sum } = this.#worstSum;
      throw new FeatReconstructError(
        `Expected rows of numbers from 0 to 1 to be probabilities that sum to one, found ${sum.toPrecision(4)} in row ${row} (counted from 0); give all classes, or the logits where each class has a sigmoid of its own.`,
      );
    }
    return 'probabilities';
  }

  #noConstantColumn(): void {
    const column = this.#varies.indexOf(0);
    if (column >= 0) {
      throw new FeatReconstructError(
        `Expected every output to change from image to image, found ${this.#first[column]} in all ${this.#rows} rows of column ${column} (counted from 0); leave that column out.`,
      );
    }
  }
}

function isMultiple(value: number, decimals: number): boolean {
  const scaled = value * 10 ** decimals;
  return Math.abs(scaled - Math.round(scaled)) <= Math.min(0.05, 1e-6 + Math.abs(scaled) * 1.2e-7);
}

function allHalves(data: Float32Array | Float64Array): boolean {
  const floats = data instanceof Float32Array ? data : Float32Array.from(data);
  const back = float16ToFloat32(float32ToFloat16(floats));
  return data.every((value, i) => value === back[i]);
}

/** 64 bits of a row (FNV-1a over its words): equal rows are found without holding them. */
function hash(row: Float32Array | Float64Array, out: BigUint64Array): void {
  const words = new Uint32Array(row.length * (row.BYTES_PER_ELEMENT / 4));
  new (row.constructor as Float64ArrayConstructor)(words.buffer).set(row);
  let a = 0x811c9dc5;
  let b = 0x9dc5811c;
  for (const word of words) {
    a = Math.imul(a ^ word, 0x01000193);
    b = Math.imul(b ^ (word >>> 15) ^ (word << 17), 0x85ebca6b) ^ (b >>> 13);
  }
  const halves = new Uint32Array(out.buffer);
  halves[0] = a;
  halves[1] = b;
}
