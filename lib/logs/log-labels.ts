import { FeatReconstructError, type RowPlace } from '../base/index.js';
import type { CutRows, RowsAbout, RowSource } from '../tensor/index.js';
import type { LabelColumns, LogNote } from '../words/index.js';

/** Rows of scores that were logged with the labels of their classes. */
export interface LabelledRows {
  rows: RowSource;
  /** Labels in the order of the columns. */
  columns: string[];
  /** Whether rows have fewer scores than there are classes: those of the best ones alone. */
  truncated: boolean;
  /** Whether the columns are in the order of names, which need not be the model's, since rows have them in different orders. */
  byName: boolean;
  /** Columns of two classes of one name, where it does not show which score is of which. */
  mixed: number[];
  /** Rows that were added and left out, counted from 0. */
  left: number[];
  notes: LogNote[];
}

/** Two classes of one name. */
interface Pair {
  /** Code of the second. */
  second: number;
  /** Whether in every row so far the second score is at least the first, or at most. */
  rises: boolean;
  falls: boolean;
}

/** What the best classes of some image have together where they are in percent. */
const nearWhole = 90;
/** Share of labels that two classes may have each. */
const fewDoubled = 0.02;

/** Where rows stand in a file; nothing where all are in one record, as in one document of JSON. */
export function placedAt(at: (i: number) => number, rows: number, unit: RowPlace['unit']): Pick<RowSource, 'about'> {
  if (rows > 1 && at(0) === at(rows - 1)) return {};
  return { about: { place: (i) => ({ unit, number: at(i) }) } };
}

/** Gathers scores row by row, each row with its labels in any order. */
export class LabelledScores {
  readonly #codes = new Map<string | number, number>();
  readonly #starts: number[] = [0];
  readonly #at: number[] = [];
  readonly #classes: number[] = [];
  readonly #scores: number[] = [];
  /** Whether the labels of every row stand in the order of the first row's. */
  #oneOrder = true;
  /** A label that is twice in a row. */
  #twice: string | null = null;
  /** Codes of two classes of one name, of which it does not show which is which. */
  #mixed: number[] = [];

  get rows(): number {
    return this.#starts.length - 1;
  }

  /** @param at where the row stands in the file, counted from 1 */
  add(labels: readonly (string | number)[], scores: ArrayLike<number>, at: number): void {
    this.#at.push(at);
    const row = labels.map((label) => {
      const known = this.#codes.get(label);
      if (known !== undefined) return known;
      this.#codes.set(label, this.#codes.size);
      return this.#codes.size - 1;
    });
    if (this.#twice === null && new Set(row).size < row.length) {
      this.#twice = String(labels.find((label, k) => labels.indexOf(label) < k));
    }
    for (let k = 0; k < row.length; k++) {
      this.#classes.push(row[k]);
      this.#scores.push(scores[k]);
    }
    this.#starts.push(this.#classes.length);
  }

  /**
   * The rows, once all are added.
   * @param labelColumns the columns that the labels were in
   * @param unit what `at` counts
   * @throws FeatReconstructError where labels are several times in a row
   */
  finish(labelColumns: LabelColumns, unit: RowPlace['unit']): LabelledRows {
    const doubled = this.#twice === null ? [] : this.#separate();
    const incomplete = this.#leaveOutIncomplete();
    this.#oneOrder = this.#hasOneOrder();
    const labels = [...this.#codes.keys()];
    const order = this.#order(labels);
    const cols = order.width;
    const sizes = Int32Array.from({ length: this.rows }, (_, i) => this.#starts[i + 1] - this.#starts[i]);
    const most = sizes.reduce((a, b) => Math.max(a, b), 0);
    const least = sizes.reduce((a, b) => Math.min(a, b), Infinity);
    const truncated = least < cols;
    const logarithms = truncated && this.#areLogarithms();
    if (logarithms) for (let at = 0; at < this.#scores.length; at++) this.#scores[at] = Math.exp(this.#scores[at]);
    const shares = this.#scores.every((score) => score >= 0);
    const [first, last] = [order.names[0], order.names[cols - 1]];
    const taken: LogNote = truncated
      ? {
          ...{ kind: 'best-classes', labelColumns, shown: [least, most], classes: cols },
          others: shares ? 'zero' : 'least-shown',
        }
      : { kind: 'labelled', labelColumns, classes: cols, first, last, oneOrder: this.#oneOrder };
    return {
      rows: {
        ...this.#source(order.place, cols, shares),
        about: {
          ...placedAt((i) => this.#at[i], this.rows, unit).about,
          ...(truncated ? { cut: { shown: most, unit: this.#unit() } } : {}),
          ...this.#listed(order.place, truncated),
        },
      },
      columns: order.names,
      truncated,
      byName: order.byName,
      left: incomplete.flatMap((note) => (note.kind === 'rows-without-classes' ? note.rows.map((row) => row - 1) : [])),
      mixed: this.#mixed.map((code) => order.place[code]).sort((a, b) => a - b),
      notes: [taken, ...doubled, ...(logarithms ? [{ kind: 'log-scores' } as const] : []), ...incomplete],
    };
  }

  /**
   * Gives the second of two classes of one name a name of its own: two classes of ImageNet are called crane. Where all rows have
   * their labels in one order, that of the classes, the places tell them apart. Else it does not show which is which: the larger
   * score of a row comes first, and neither column is the output of one class.
   * @throws FeatReconstructError where a label is there more than twice, or many are there twice
   */
  #separate(): LogNote[] {
    const labels = [...this.#codes.keys()];
    const inPlace = this.#hasOneOrder() && !isByName(labels.map(String), this.#classes.slice(0, this.#starts[1]));
    const pairs = new Map<number, Pair>();
    for (let i = 0; i < this.rows; i++) {
      const places = new Map<number, number>();
      for (let at = this.#starts[i]; at < this.#starts[i + 1]; at++) {
        const code = this.#classes[at];
        const before = places.get(code);
        if (before === undefined) {
          places.set(code, at);
          continue;
        }
        const pair = pairs.get(code) ?? { second: this.#codes.size, rises: true, falls: true };
        if (!pairs.has(code)) this.#codes.set(`${labels[code]} (2)`, pair.second);
        pairs.set(code, pair);
        if (places.has(pair.second)) throw this.#tooOften(labels[code]);
        places.set(pair.second, at);
        this.#classes[at] = pair.second;
        const [one, other] = [this.#scores[before], this.#scores[at]];
        if (one > other) pair.rises = false;
        if (one < other) pair.falls = false;
        if (!inPlace) [this.#scores[before], this.#scores[at]] = [Math.max(one, other), Math.min(one, other)];
      }
    }
    if (pairs.size > Math.max(2, fewDoubled * labels.length)) throw this.#tooOften(this.#twice!);
    // Of two classes neither is the larger in every image: such pairs were sorted.
    const notes = [...pairs].map(([code, pair]) => ({ code, mixed: !inPlace || pair.rises || pair.falls, ...pair }));
    this.#mixed = notes.flatMap(({ code, mixed, second }) => (mixed ? [code, second] : []));
    return [false, true].flatMap((mixed): LogNote[] => {
      const of = notes.filter((note) => note.mixed === mixed).map(({ code }) => String(labels[code]));
      return of.length > 0 ? [{ kind: 'labels-twice', labels: of, mixed }] : [];
    });
  }

  #tooOften(label: string | number): FeatReconstructError {
    return new FeatReconstructError(
      `Expected each class once in a row of scores, found labels such as '${label}' several times: which score is of which class does not show. Log the numbers of the classes, or all outputs in one order.`,
      { code: 'not-outputs' },
    );
  }

  #hasOneOrder(): boolean {
    const size = this.#starts[1];
    for (let i = 0; i < this.rows; i++) {
      if (this.#starts[i + 1] - this.#starts[i] !== size) return false;
      for (let k = 0; k < size; k++) if (this.#classes[this.#starts[i] + k] !== this.#classes[k]) return false;
    }
    return true;
  }

  /** Leaves out the few rows that lack classes where nearly all have them: such a log is not cut to the best. @returns notes */
  #leaveOutIncomplete(): LogNote[] {
    const all = this.#codes.size;
    const lacking = Array.from({ length: this.rows }, (_, i) => i).filter(
      (i) => this.#starts[i + 1] - this.#starts[i] < all,
    );
    if (lacking.length === 0 || lacking.length * 10 > this.rows) return [];
    for (const i of [...lacking].reverse()) {
      const size = this.#starts[i + 1] - this.#starts[i];
      this.#classes.splice(this.#starts[i], size);
      this.#scores.splice(this.#starts[i], size);
      this.#starts.splice(i + 1, 1);
      this.#at.splice(i, 1);
      for (let k = i + 1; k < this.#starts.length; k++) this.#starts[k] -= size;
    }
    return [{ kind: 'rows-without-classes', rows: lacking.map((i) => i + 1) }];
  }

  /** The order of the columns: by number where labels are numbers, as the rows have them where they agree, else by name. */
  #order(labels: readonly (string | number)[]): { place: Int32Array; names: string[]; width: number; byName: boolean } {
    const indices = labels.map((label) =>
      typeof label === 'number' ? label : /^\d{1,6}$/.test(label) ? Number(label) : NaN,
    );
    if (indices.every((index) => Number.isInteger(index) && index >= 0)) {
      const width = indices.reduce((a, b) => Math.max(a, b), 0) + 1;
      return {
        place: Int32Array.from(indices),
        names: Array.from({ length: width }, (_, j) => `${j}`),
        width,
        byName: false,
      };
    }
    const sorted = labels.map((label, code) => ({ label: String(label), code }));
    if (this.#oneOrder) sorted.sort((a, b) => this.#classes.indexOf(a.code) - this.#classes.indexOf(b.code));
    else sorted.sort((a, b) => inOrder.compare(a.label, b.label) || (a.label < b.label ? -1 : 1));
    const place = new Int32Array(labels.length);
    sorted.forEach(({ code }, j) => (place[code] = j));
    return {
      place,
      names: sorted.map(({ label }) => label),
      width: labels.length,
      byName: !this.#oneOrder && !isNumbered(sorted.map(({ label }) => label)),
    };
  }

  #areLogarithms(): boolean {
    if (!this.#scores.every((score) => score <= 0)) return false;
    for (let i = 0; i < this.rows; i++) {
      let sum = 0;
      for (let at = this.#starts[i]; at < this.#starts[i + 1]; at++) sum += Math.exp(this.#scores[at]);
      if (sum > 1.001) return false;
    }
    return true;
  }

  /**
   * What the values of the best classes are where these alone do not say it: percentages where no row sums to more than a hundred, one
   * comes near it, and one class has more than half, as large logits would not leave the others so little.
   */
  #unit(): CutRows['unit'] {
    let [largest, most, listed] = [-Infinity, 0, 0];
    for (let i = 0; i < this.rows; i++) {
      let sum = 0;
      for (let at = this.#starts[i]; at < this.#starts[i + 1]; at++) {
        const score = this.#scores[at];
        if (score < 0) return null;
        sum += score;
        if (score > largest) largest = score;
      }
      most = Math.max(most, sum);
      listed = Math.max(listed, this.#starts[i + 1] - this.#starts[i]);
    }
    if (largest <= 1.000001 || largest > 100.0001) return null;
    // Each may be rounded to a whole number.
    const isWhole = most <= 100.1 + (this.#scores.every(Number.isInteger) ? 0.5 * listed : 0.05 * listed);
    return isWhole && most >= nearWhole && largest > 50 ? 'percentages' : 'unknown';
  }

  /** The classes that each row lists, where these are some of them, or where their order tells more than their numbers. */
  #listed(place: Int32Array, truncated: boolean): Pick<RowsAbout, 'listed' | 'ranked'> {
    const ranked = this.#isRanked(place);
    if (!truncated && !ranked) return {};
    const [starts, classes] = [Int32Array.from(this.#starts), Int32Array.from(this.#classes)];
    return {
      listed: (row) => classes.slice(starts[row], starts[row + 1]).map((code) => place[code]),
      ...(ranked ? { ranked } : {}),
    };
  }

  /**
   * Whether rows list their best class first, where others have the same number, too. What sorts numbers once they are rounded leaves
   * those that are tied in one order, that of their columns or the other way round: their places tell nothing then.
   */
  #isRanked(place: Int32Array): boolean {
    if (this.#mixed.length > 0) return false;
    let [rises, falls] = [false, false];
    for (let i = 0; i < this.rows; i++) {
      for (let at = this.#starts[i] + 1; at < this.#starts[i + 1]; at++) {
        const [before, score] = [this.#scores[at - 1], this.#scores[at]];
        if (score > before) return false;
        // Of zeros there are hundreds, in whatever order.
        if (score < before || score === 0) continue;
        if (place[this.#classes[at]] > place[this.#classes[at - 1]]) rises = true;
        else falls = true;
      }
    }
    return rises && falls;
  }

  #source(place: Int32Array, cols: number, shares: boolean): RowSource {
    const [starts, classes, scores] = [
      Int32Array.from(this.#starts),
      Int32Array.from(this.#classes),
      Float64Array.from(this.#scores),
    ];
    return {
      rows: this.rows,
      cols,
      dtype: 'float64',
      async read(start, end) {
        const out = new Float64Array((end - start) * cols);
        for (let i = start; i < end; i++) {
          const row = out.subarray((i - start) * cols, (i - start + 1) * cols);
          if (!shares) row.fill(scores.subarray(starts[i], starts[i + 1]).reduce((a, b) => Math.min(a, b), Infinity));
          for (let at = starts[i]; at < starts[i + 1]; at++) row[place[classes[at]]] = scores[at];
        }
        return out;
      },
    };
  }
}

/** Whether names are one word with the numbers 0, 1, …, as LABEL_0. */
const isNumbered = (names: readonly string[]): boolean => {
  const stem = names[0]?.replace(/\d+$/, '');
  return names.every((name, j) => name === `${stem}${j}`);
};

/** Whether a row has its labels in the order of the alphabet: what sorted them may have exchanged two of one name. */
const isByName = (labels: readonly string[], row: readonly number[]): boolean =>
  row.every((code, k) => k === 0 || labels[row[k - 1]] <= labels[code]) ||
  row.every((code, k) => k === 0 || inOrder.compare(labels[row[k - 1]], labels[code]) <= 0);

/** LABEL_2 before LABEL_10. */
const inOrder = new Intl.Collator('en', { numeric: true });
