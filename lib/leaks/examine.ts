import {
  abs,
  floor,
  imul,
  log,
  max,
  min,
  round,
  FeatReconstructError,
  LargeSet,
  type TaskOptions,
} from '../base/index.js';
import { float16ToFloat32, float32ToFloat16, placesOf, type CutRows, type RowSource } from '../tensor/index.js';
import { checkOneUnit } from './examine-units.js';
import { logSumExp } from '../linalg/index.js';
import { namedRows } from '../words/index.js';

/** What a set of outputs is. */
export type OutputKind = 'logits' | 'log-probabilities' | 'probabilities' | 'rounded' | 'truncated';

/** What values are; `unknown` where a log of the best classes alone has values that may be percentages or logits. */
export type OutputScale = 'logits' | 'log-probabilities' | 'probabilities' | 'unknown';

/** What one look at every row shows. Plain: serialises to JSON. */
export interface Examination {
  rows: number;
  /** c */
  classes: number;
  kind: OutputKind;
  /** What the values are, rounded and truncated or not. */
  scale: OutputScale;
  /** Decimals, where `kind` is `rounded` or the values that are shown are rounded too. */
  decimals: number | null;
  /** How many values of a row are shown, where `kind` is `truncated`. */
  topk: number | null;
  precision: 'float64' | 'float32' | 'float16';
  /**
   * What else the values show of how they were stored: bfloat16, a number of significant digits, or equal steps (a
   * quantised model's). Absent where they show nothing of the kind.
   */
  storage?: Storage;
  /** Present where probabilities sum to 100, not to 1. */
  percent?: true;
  /** Share of values equal to the largest or the smallest of all, where that is more than chance gives. */
  clipped?: number;
  /** Rows that hold a probability of 0, whose logarithm is not finite. */
  rowsWithZeros: number;
  /** Rows equal to an earlier one, bit for bit. */
  duplicates: number;
  /** Variance of what storing added to a value, as the logarithm sees it where the scale is `probabilities`. */
  noise: number;
}

/** How numbers were stored, as they show it themselves. */
export type Storage = { type: 'bfloat16' } | { type: 'digits'; digits: number } | { type: 'steps'; step: number };

/** An examination, with what later steps need and reports leave out. */
export interface ExaminedRows extends Examination {
  /** Positions of the first of each set of equal rows. */
  distinct: Int32Array;
  /** Whether a row holds a probability of 0, one byte a row. */
  withZero: Uint8Array;
  /** Pairs of columns that are equal in every row. */
  equalColumns: [number, number][];
}

/** The part of an examination that serialises to JSON. */
export function plain(seen: ExaminedRows): Examination {
  const report: Partial<ExaminedRows> = { ...seen };
  delete report.distinct;
  delete report.withZero;
  delete report.equalColumns;
  return report as Examination;
}

/** Most rows of a block, and most values, which decide where rows are long. */
const [mostRows, mostValues] = [1024, 2 ** 20];

/**
 * Looks at every row once: finite numbers, sums, decimals, ties, duplicates.
 * @param outputs (n, c)
 * @throws FeatReconstructError for a NaN or an infinity (`not-finite`), fewer than 2 rows or columns (`too-few-rows`), and
 * (`not-outputs`) for rows that are no probabilities or log-probabilities where most are, rows of two units, or a column
 * that never changes
 */
export async function examineOutputs(outputs: RowSource, options: TaskOptions = {}): Promise<ExaminedRows> {
  const { rows, cols } = outputs;
  if (rows < 2 || cols < 2) {
    throw new FeatReconstructError(
      `Expected outputs of at least 2 images and 2 classes, found ${rows} x ${cols} (one row an image).`,
      { code: 'too-few-rows' },
    );
  }
  const scan = new Scan(outputs);
  const blockRows = min(mostRows, max(1, floor(mostValues / cols)));
  for (let start = 0; start < rows; start += blockRows) {
    options.signal?.throwIfAborted();
    const end = min(start + blockRows, rows);
    scan.block(await outputs.read(start, end), start);
    options.onProgress?.({ stage: 'examine outputs', done: end, total: rows, unit: 'rows' });
  }
  return scan.result();
}

const maxDecimals = 8;
/** Log-sum-exp from which on a row holds no log-probabilities: theirs is 0, but for rounding. */
const leastLogSum = 0.02;
/** Values of float32 have 7 significant digits that mean something: values of fewer were rounded. */
const maxDigits = 6;
/** Rows in which columns are equal and not 0 for them to be called equal. */
const rowsToBeEqual = 5;

/** Distinct values between which equal steps are no chance. */
const enoughLevels = 20;

/** A row whose exponentials do not sum to one. */
interface OffRow {
  row: number;
  /** |log| of their sum. */
  size: number;
}

/**
 * What a row must be multiplied by for its exponentials to sum to one, as logarithms to any base must; null where no value or
 * only one counts. The sum falls with the factor, so that halving finds it.
 */
function naturalFactor(row: Float32Array | Float64Array): number | null {
  let largest = -Infinity;
  for (let j = 0; j < row.length; j++) if (row[j] > largest) largest = row[j];
  if (!(largest < -1e-3)) return null;
  let [low, high] = [0, log(row.length) / -largest];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (logSumExp(row.map((x) => x * middle)) > 0) low = middle;
    else high = middle;
  }
  return high;
}

/** What one pass over the rows gathers, block by block, and what follows from all of it. */
class Scan {
  readonly #outputs: RowSource;
  readonly #rows: number;
  readonly #cols: number;
  readonly #dtype: RowSource['dtype'];
  /** Rows as people find them. */
  readonly #named: (rows: readonly number[]) => string;
  /** What a log says where it has the best classes alone. */
  readonly #cut: CutRows | null;
  readonly #first: Float64Array;
  readonly #varies: Uint8Array;
  /** Columns of which every value so far is the first one. */
  #unchanged: number[];
  readonly #distinct: number[] = [];
  readonly #seen = new LargeSet();
  /** Whether no value so far is below 0. */
  #fromZero = true;
  #bfloats = true;
  /** The most significant digits of a value so far. */
  #digits = 1;
  /** Distinct values, until they are too many for steps. */
  #levels: Set<number> | null = new Set();
  readonly #withZero: Uint8Array;
  readonly #sums: Float64Array;
  readonly #columnHashes: Int32Array;
  /** By column, rows in which it is not 0, while columns are compared. */
  readonly #filled: Int32Array;
  #columnsDiffer = false;
  /** The row from which on it is looked at again whether all columns differ. */
  #nextLook = 0;
  #smallest = Infinity;
  #greatest = -Infinity;
  #atSmallest = 0;
  #atGreatest = 0;
  /** Rows whose exponentials do not sum to one, until they are too many. */
  readonly #notLogarithms: OffRow[] = [];
  /** What makes natural logarithms of those to another base (bits, decibels); null until a row shows it. */
  #perNatural: number | null = null;
  /** Rows whose exponentials do not sum to one in that base either, until they are too many. */
  readonly #notScaled: OffRow[] = [];
  readonly #negative: Uint8Array;
  #halves = true;
  /** The most decimals of a value so far. */
  #decimals = 0;
  /** Values shown a row (not 0, or above the row's lowest): the same in every row where outputs are truncated. */
  #shown = -1;
  #shownVaries = false;
  #zeros = 0;
  #squares = 0;
  #inverseSquares = 0;
  #largest = 0;

  constructor(outputs: RowSource) {
    this.#outputs = outputs;
    this.#rows = outputs.rows;
    this.#cols = outputs.cols;
    this.#dtype = outputs.dtype;
    this.#named = (rows) => namedRows(rows, placesOf(outputs, rows).places);
    this.#cut = outputs.about?.cut ?? null;
    this.#first = new Float64Array(this.#cols);
    this.#varies = new Uint8Array(this.#cols);
    this.#unchanged = Array.from({ length: this.#cols }, (_, j) => j);
    this.#withZero = new Uint8Array(this.#rows);
    this.#sums = new Float64Array(this.#rows);
    this.#negative = new Uint8Array(this.#rows);
    this.#columnHashes = new Int32Array(this.#cols);
    this.#filled = new Int32Array(this.#cols);
  }

  block(data: Float32Array | Float64Array, start: number): void {
    const cols = this.#cols;
    const bits = new BigUint64Array(1);
    for (let at = 0, i = start; at < data.length; at += cols, i++) {
      const row = data.subarray(at, at + cols);
      this.#values(row, i);
      hash(row, bits);
      if (this.#seen.add(bits[0])) this.#distinct.push(i);
    }
    if (this.#halves) this.#halves = allHalves(data);
    if (this.#bfloats) this.#bfloats = allBfloats(data);
    this.#hashColumns(data, start);
  }

  #values(row: Float32Array | Float64Array, i: number): void {
    let [sum, squares] = [0, 0];
    let [lowest, atLowest, highest, atHighest] = [Infinity, 0, -Infinity, 0];
    for (let j = 0; j < row.length; j++) {
      const value = row[j];
      sum += value;
      squares += value * value;
      if (value <= lowest) {
        atLowest = value === lowest ? atLowest + 1 : 1;
        lowest = value;
      }
      if (value >= highest) {
        atHighest = value === highest ? atHighest + 1 : 1;
        highest = value;
      }
    }
    // A NaN or an infinity makes the sum one; numbers of float64 may add up to one, too.
    if (!Number.isFinite(sum)) checkFinite(row, this.#named([i]));
    this.#constant(row, i);
    this.#squares += squares;
    this.#largest = max(this.#largest, abs(lowest), abs(highest));
    if (lowest <= this.#smallest) {
      this.#atSmallest = lowest === this.#smallest ? this.#atSmallest + atLowest : atLowest;
      this.#smallest = lowest;
    }
    if (highest >= this.#greatest) {
      this.#atGreatest = highest === this.#greatest ? this.#atGreatest + atHighest : atHighest;
      this.#greatest = highest;
    }
    if (lowest < 0) this.#fromZero = false;
    // Asked for of probabilities alone, which are never negative.
    else this.#inverseSquares += inverseSquares(row);
    this.#storage(row);
    const shown = row.length - atLowest;
    // For logits cut to their top K the lowest shown one is among the ties.
    if (this.#shown >= 0 && shown !== this.#shown) this.#shownVaries = true;
    this.#shown = max(this.#shown, shown);
    if (lowest === 0) {
      this.#zeros++;
      this.#withZero[i] = 1;
    }
    this.#sums[i] = sum;
    if (lowest < 0) this.#negative[i] = 1;
    // A tenth of the rows is enough to tell that these are no log-probabilities.
    if (this.#notLogarithms.length <= 0.1 * this.#rows) {
      const size = abs(logSumExp(row));
      if (size >= leastLogSum) this.#notLogarithms.push({ row: i, size });
    }
    if (this.#notScaled.length <= 0.1 * this.#rows) this.#otherBase(row, i);
  }

  /** Looks again at the columns that have not changed so far: after two rows as a rule none. */
  #constant(row: Float32Array | Float64Array, i: number): void {
    if (i === 0) this.#first.set(row);
    if (this.#unchanged.length === 0) return;
    this.#unchanged = this.#unchanged.filter((j) => {
      if (row[j] === this.#first[j]) return true;
      this.#varies[j] = 1;
      return false;
    });
  }

  /** What the values show of how they were stored, until they show that it was in none of these ways. */
  #storage(row: Float32Array | Float64Array): void {
    if (this.#decimals > maxDecimals && this.#digits > maxDigits && this.#levels === null) return;
    for (let j = 0; j < row.length; j++) {
      const value = row[j];
      while (this.#decimals <= maxDecimals && !isMultiple(value, this.#decimals)) this.#decimals++;
      if (this.#digits <= maxDigits && !hasDigits(value, this.#digits)) this.#digits = digitsOf(value, this.#digits);
      if (this.#levels && this.#levels.add(value).size > mostLevels) this.#levels = null;
    }
  }

  #otherBase(row: Float32Array | Float64Array, i: number): void {
    this.#perNatural ??= naturalFactor(row);
    const size = this.#perNatural === null ? Infinity : abs(logSumExp(row.map((x) => x * this.#perNatural!)));
    if (size >= leastLogSum) this.#notScaled.push({ row: i, size });
  }

  result(): ExaminedRows {
    const [rows, cols] = [this.#rows, this.#cols];
    const precision = this.#halves ? 'float16' : this.#dtype === 'float64' ? 'float64' : 'float32';
    // Float32 numbers of this size are multiples of 10^-k for every k that their own spacing hides.
    const visible = floor(Math.log10(0.05 / (this.#largest * (this.#dtype === 'float64' ? 1e-15 : 1.2e-7))));
    const step = this.#levels && stepOf(this.#levels);
    const stepDecimals = step === null ? null : decimalsOfStep(step);
    const dyadic = this.#halves || this.#bfloats;
    const fixed =
      (!dyadic || this.#decimals === 0) && this.#decimals <= min(visible, maxDecimals) ? this.#decimals : null;
    let decimals = stepDecimals ?? fixed;
    const meanSquare = this.#squares / (rows * cols);
    // Six digits of numbers from 0.01 to 10 are multiples of 10^-8, too: the coarser of the two was rounded to.
    const byDigits =
      !dyadic && step === null && this.#digits <= maxDigits ? 10 ** (2 - 2 * this.#digits) * meanSquare * 0.05 : 0;
    const implied = decimals !== null && this.#largest * 10 ** decimals <= 10 ** this.#digits;
    const coarser = byDigits > 0 && !implied && (decimals === null || byDigits > 10 ** (-2 * decimals) / 12);
    if (coarser) decimals = null;
    const storage: Storage | null =
      step !== null && stepDecimals === null
        ? { type: 'steps', step }
        : step !== null || decimals !== null
          ? null
          : this.#bfloats
            ? { type: 'bfloat16' }
            : coarser
              ? { type: 'digits', digits: this.#digits }
              : null;
    const half = storage?.type === 'steps' ? storage.step / 2 : decimals === null ? 0 : 0.5 * 10 ** -decimals;
    const { scale, percent } = this.#scale(half, storage);
    // Ties with the lowest in every row, as many in each: a cut, unless nothing is hidden.
    const shown = this.#cut?.shown ?? (scale === 'logits' ? this.#shown + 1 : this.#shown);
    const truncated = this.#cut !== null || (!this.#shownVaries && shown < cols - 1);
    const mostlyHidden =
      scale === 'probabilities' && this.#zeros === rows && decimals === null && storage === null && shown < cols - 1;
    const rounded = decimals !== null || storage?.type === 'steps';
    const kind = truncated || mostlyHidden || scale === 'unknown' ? 'truncated' : rounded ? 'rounded' : scale;
    if (kind !== 'truncated' && kind !== 'rounded') this.#noConstantColumn();
    if (rows > 1 && !this.#varies.includes(1)) {
      throw new FeatReconstructError(
        `Expected outputs that change from image to image, found ${rows} rows that are all equal; look at what made them.`,
        { code: 'not-outputs' },
      );
    }
    const inverse = this.#inverseSquares / (rows * cols);
    const relative = relativeNoise(precision, storage);
    const atEnds = (this.#atSmallest > this.#atGreatest ? this.#atSmallest : this.#atGreatest) / (rows * cols);
    const clipped =
      !rounded && kind !== 'truncated' && !dyadic && this.#zeros === 0 && atEnds > 0.005 && atEnds * rows * cols >= 10;
    return {
      rows,
      classes: cols,
      kind,
      scale,
      decimals,
      topk: kind === 'truncated' ? shown : null,
      precision,
      ...(storage ? { storage } : {}),
      ...(percent ? { percent } : {}),
      ...(clipped ? { clipped: atEnds } : {}),
      rowsWithZeros: scale === 'probabilities' ? this.#zeros : 0,
      duplicates: rows - this.#distinct.length,
      noise: rounded
        ? ((half * half) / 3) * (scale === 'probabilities' ? inverse : 1)
        : relative ** 2 * (scale === 'probabilities' ? (storage ? 1 : 30) : meanSquare),
      distinct: Int32Array.from(this.#distinct),
      withZero: this.#withZero,
      equalColumns: this.#equalColumns(),
    };
  }

  #scale(half: number, storage: Storage | null): { scale: Examination['scale']; percent?: true } {
    checkOneUnit(this.#sums, this.#negative, this.#outputs);
    if (this.#cut?.unit === 'percentages') return { scale: 'probabilities', percent: true };
    if (this.#cut?.unit === 'unknown') return { scale: 'unknown' };
    // Shares of one, or of a hundred where most rows say so.
    const near = (whole: number): number =>
      this.#sums.filter((sum, i) => this.#negative[i] === 0 && abs(sum - whole) < 0.01 * whole).length;
    const percent = this.#greatest > 1.000001 && near(100) * 2 > this.#rows;
    const whole = percent ? 100 : 1;
    const asShares = this.#fromZero && this.#greatest <= whole * 1.000001;
    if (!asShares && near(whole) < 0.9 * this.#rows) {
      const natural = this.#notLogarithms.length <= 0.1 * this.#rows;
      if (!natural && this.#notScaled.length > 0.1 * this.#rows) return { scale: 'logits' };
      // Rounding by half a unit moves the sum by as much.
      const least = max(leastLogSum, half * (natural ? 1 : this.#perNatural!));
      const off = (natural ? this.#notLogarithms : this.#notScaled)
        .filter(({ size }) => size > least)
        .map(({ row }) => row);
      if (off.length > 0) {
        throw new FeatReconstructError(
          `Expected log-probabilities, whose exponentials sum to one in every row, found ${off.length === 1 ? 'one row' : `${off.length} rows`} of another kind; leave out ${this.#named(off)}.`,
          { code: 'not-outputs' },
        );
      }
      return { scale: this.#largest > 0 ? 'log-probabilities' : 'logits' };
    }
    const coarse = this.#halves ? 2 ** -12 : storage?.type === 'bfloat16' ? 2 ** -9 : 0;
    const digits = storage?.type === 'digits' ? 0.5 * 10 ** (1 - storage.digits) : 0;
    const slack = whole * max(1e-3, (this.#cols * half) / whole, this.#cols * coarse, digits);
    const hidden = this.#zeros === this.#rows;
    const off: number[] = [];
    let worst = 0;
    for (const [i, sum] of this.#sums.entries()) {
      if (this.#negative[i] === 0 && sum <= whole + slack && (sum >= whole - slack || hidden)) continue;
      off.push(i);
      if (abs(sum - whole) > abs(this.#sums[worst] - whole)) worst = i;
    }
    if (off.length === 0) return percent ? { scale: 'probabilities', percent } : { scale: 'probabilities' };
    const found = `found ${this.#sums[worst].toPrecision(4)} in ${this.#named([worst])}`;
    const few = off.length * 10 <= this.#rows;
    const cure = few
      ? `leave out ${off.length === 1 ? 'that row' : `the ${off.length} rows that are none (${this.#named(off)})`}`
      : 'give all classes, or the logits where each class has a sigmoid of its own';
    throw new FeatReconstructError(
      percent
        ? `Expected rows of percentages that sum to 100, ${found}; ${cure}.`
        : `Expected rows of numbers from 0 to 1 to be probabilities that sum to one, ${found}; ${cure}.`,
      { code: 'not-outputs' },
    );
  }

  #noConstantColumn(): void {
    const column = this.#varies.indexOf(0);
    if (column >= 0 && this.#varies.includes(1)) {
      throw new FeatReconstructError(
        `Expected every output to change from image to image, found ${this.#first[column]} in all ${this.#rows} rows of column ${column} (counted from 0); leave that column out.`,
        { code: 'not-outputs' },
      );
    }
  }

  /** Hashes each column, until the first block shows that no two are equal. */
  #hashColumns(data: Float32Array | Float64Array, start: number): void {
    if (this.#columnsDiffer) return;
    const words = new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    const cols = this.#cols;
    const size = data.BYTES_PER_ELEMENT / 4;
    for (let at = 0, j = 0; at < words.length; at += size, j = j + 1 === cols ? 0 : j + 1) {
      let mixed = imul(this.#columnHashes[j] ^ words[at], 0x01000193);
      if (size === 2) mixed = imul(mixed ^ words[at + 1], 0x85ebca6b);
      this.#columnHashes[j] = mixed ^ (mixed >>> 13);
      if (words[at] !== 0 || (size === 2 && words[at + 1] !== 0)) this.#filled[j]++;
    }
    // Of very many columns two may have one hash by chance, but not for long: looked at again where rows have doubled.
    if (start < this.#nextLook) return;
    this.#columnsDiffer = new Set(this.#columnHashes).size === cols;
    this.#nextLook = 2 * start + 1;
  }

  /** Compares the first row's values as well as the hashes, so that two equal hashes alone make no pair. */
  #equalColumns(): [number, number][] {
    const first = new Map<string, number>();
    const pairs: [number, number][] = [];
    this.#columnHashes.forEach((hash, j) => {
      // Two classes that were shown once each, of some that are hidden, may be equal by chance.
      if (this.#varies[j] === 0 || this.#filled[j] < min(rowsToBeEqual, this.#rows)) return;
      const key = `${hash} ${this.#first[j]}`;
      const before = first.get(key);
      if (before === undefined) first.set(key, j);
      else pairs.push([before, j]);
    });
    return pairs;
  }
}

function checkFinite(row: Float32Array | Float64Array, named: string): void {
  const j = row.findIndex((value) => !Number.isFinite(value));
  if (j < 0) return;
  throw new FeatReconstructError(
    `Expected finite outputs, found ${row[j]} in ${named}, column ${j} (counted from 0); leave that image out or look at what made it.`,
    { code: 'not-finite' },
  );
}

function inverseSquares(row: Float32Array | Float64Array): number {
  let sum = 0;
  for (let j = 0; j < row.length; j++) if (row[j] > 0) sum += 1 / (row[j] * row[j]);
  return sum;
}

/** What storing adds to a value, as a share of it. */
function relativeNoise(precision: Examination['precision'], storage: Storage | null): number {
  if (storage?.type === 'bfloat16') return 2 ** -8;
  // Half a unit of the last digit, of a value whose first digit is 3: the middle of a decade.
  if (storage?.type === 'digits') return 0.5 * 10 ** (1 - storage.digits) * 0.44;
  return precision === 'float16' ? 2 ** -11 : 2 ** -20;
}

/** Levels of a 16-bit number: values on more levels are not a quantised model's. */
const mostLevels = 2 ** 16;

/** The step that all values are apart by, where there are no more levels than 16 bits have; null where there is none. */
function stepOf(values: ReadonlySet<number>): number | null {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length < enoughLevels) return null;
  const range = sorted[sorted.length - 1] - sorted[0];
  let gap = Infinity;
  for (let i = 1; i < sorted.length; i++) gap = min(gap, sorted[i] - sorted[i - 1]);
  if (range / gap > mostLevels) return null;
  // Float32 blurs a single step far from zero; values further and further from the one nearest to zero show it better.
  const [origin, ...others] = Array.from(sorted).sort((a, b) => abs(a) - abs(b));
  others.sort((a, b) => abs(a - origin) - abs(b - origin));
  let step = gap;
  for (const value of others) {
    const levels = abs(value - origin) / step;
    const nearest = round(levels);
    if (abs(levels - nearest) > 0.1) return null;
    if (nearest > 0) step = abs(value - origin) / nearest;
  }
  return sorted.every((value) => {
    const levels = (value - origin) / step;
    return abs(levels - round(levels)) < 0.02;
  })
    ? step
    : null;
}

/** k where a step is 10^-k; null for another step. */
function decimalsOfStep(step: number): number | null {
  const k = round(-Math.log10(step));
  return k >= 0 && k <= maxDecimals && abs(step * 10 ** k - 1) < 1e-4 ? k : null;
}

/** Whether a value has at most `digits` significant digits, as far as float32 shows it. */
function hasDigits(value: number, digits: number): boolean {
  if (value === 0) return true;
  const power = digits - 1 - floor(Math.log10(abs(value)));
  const scaled = abs(value) * 10 ** power;
  return abs(scaled - round(scaled)) <= 1e-6 + scaled * 1.2e-7;
}

function digitsOf(value: number, from: number): number {
  let digits = from;
  while (digits <= maxDigits && !hasDigits(value, digits)) digits++;
  return digits;
}

/** Whether the lower half of every float32 is empty. */
function allBfloats(data: Float32Array | Float64Array): boolean {
  const floats = Float32Array.from(data);
  const words = new Uint32Array(floats.buffer);
  return data.every((value, i) => value === floats[i] && (words[i] & 0xffff) === 0);
}

function isMultiple(value: number, decimals: number): boolean {
  const scaled = value * 10 ** decimals;
  return abs(scaled - round(scaled)) <= min(0.05, 1e-6 + abs(scaled) * 1.2e-7);
}

function allHalves(data: Float32Array | Float64Array): boolean {
  const floats = data instanceof Float32Array ? data : Float32Array.from(data);
  const back = float16ToFloat32(float32ToFloat16(floats));
  return data.every((value, i) => value === back[i]);
}

/** 64 bits of a row (FNV-1a over its words): equal rows are found without holding them. */
function hash(row: Float32Array | Float64Array, out: BigUint64Array): void {
  const words = new Uint32Array(row.buffer, row.byteOffset, row.byteLength / 4);
  let a = 0x811c9dc5;
  let b = 0x9dc5811c;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    a = imul(a ^ word, 0x01000193);
    b = imul(b ^ (word >>> 15) ^ (word << 17), 0x85ebca6b) ^ (b >>> 13);
  }
  const halves = new Uint32Array(out.buffer);
  halves[0] = a;
  halves[1] = b;
}
