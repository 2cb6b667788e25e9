import { FeatReconstructError } from '../base/index.js';
import type { RowSource } from '../tensor/index.js';
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
  notes: LogNote[];
}

/** Share of labels that two classes may have each. */
const fewDoubled = 0.02;

/** Gathers scores row by row, each row with its labels in any order. */
export class LabelledScores {
  readonly #codes = new Map<string | number, number>();
  readonly #starts: number[] = [0];
  readonly #classes: number[] = [];
  readonly #scores: number[] = [];
  /** Whether the labels of every row stand in the order of the first row's. */
  #oneOrder = true;
  /** A label that is twice in a row. */
  #twice: string | null = null;

  get rows(): number {
    return this.#starts.length - 1;
  }

  add(labels: readonly (string | number)[], scores: ArrayLike<number>): void {
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
   * @throws FeatReconstructError where labels are several times in a row
   */
  finish(labelColumns: LabelColumns): LabelledRows {
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
      rows: this.#source(order.place, cols, shares),
      columns: order.names,
      truncated,
      byName: order.byName,
      notes: [taken, ...doubled, ...(logarithms ? [{ kind: 'log-scores' } as const] : []), ...incomplete],
    };
  }

  /**
   * Makes one score of each class in a row: two classes of ImageNet are called crane. Where all rows have their labels in one order,
   * they are two classes by their places; else it does not show which is which, and they count as one.
   * @throws FeatReconstructError where a label is there more than twice, or many are there twice
   */
  #separate(): LogNote[] {
    const labels = [...this.#codes.keys()];
    const doubled = new Set<number>();
    const order = this.#hasOneOrder();
    const [classes, scores, starts]: [number[], number[], number[]] = [[], [], [0]];
    const second = new Map<number, number>();
    for (let i = 0; i < this.rows; i++) {
      const places = new Map<number, number>();
      for (let at = this.#starts[i]; at < this.#starts[i + 1]; at++) {
        let code = this.#classes[at];
        const before = places.get(code);
        if (before !== undefined) {
          doubled.add(code);
          if (!order) {
            if (scores[before] < 0 || this.#scores[at] < 0) scores[before] = Math.max(scores[before], this.#scores[at]);
            else scores[before] += this.#scores[at];
            continue;
          }
          const other = second.get(code) ?? this.#codes.size;
          if (!second.has(code)) this.#codes.set(`${labels[code]} (2)`, other);
          second.set(code, other);
          code = other;
          if (places.has(code)) throw this.#tooOften(labels[this.#classes[at]]);
        }
        places.set(code, classes.length);
        classes.push(code);
        scores.push(this.#scores[at]);
      }
      starts.push(classes.length);
    }
    if (doubled.size > Math.max(2, fewDoubled * labels.length)) throw this.#tooOften(this.#twice!);
    for (const [own, made] of [
      [this.#classes, classes],
      [this.#scores, scores],
      [this.#starts, starts],
    ]) {
      own.length = 0;
      for (const value of made) own.push(value);
    }
    return [{ kind: 'labels-twice', labels: [...doubled].map((code) => String(labels[code])), merged: !order }];
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

/** LABEL_2 before LABEL_10. */
const inOrder = new Intl.Collator('en', { numeric: true });
