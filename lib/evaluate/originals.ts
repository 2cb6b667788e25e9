import { found, FeatReconstructError, option, UsageError } from '../base/index.js';
import {
  isVectorLike,
  toRowSource,
  toVector,
  type RowSource,
  type RowsLike,
  type VectorLike,
} from '../tensor/index.js';
import { readTop, type Top } from './top.js';

/** The original answers: logits, or the classes alone. */
type Originals = { logits: RowSource } | { classes: Int32Array };

/** The original answers, by what they are given as. @param y logits (n, c) or class indices (n) @param c classes of the head */
export function toOriginals(y: RowsLike | VectorLike, c: number): Originals {
  if (!isVectorLike(y)) return { logits: toRowSource(y as RowsLike, 'the original logits') };
  return { classes: toClasses(y, c, 'the original classes', 0) };
}

/**
 * Class indices as int32.
 * @param least −1 where a class may be unknown
 * @throws FeatReconstructError naming the first image whose class is no whole number from `least` to c − 1
 */
export function toClasses(y: VectorLike, c: number, name: string, least: 0 | -1): Int32Array {
  const values = toVector(y, name);
  const wrong = values.findIndex((value) => !(Number.isInteger(value) && value >= least && value < c));
  if (wrong >= 0) {
    throw new FeatReconstructError(
      `Row ${wrong} of ${name}: expected a whole number from ${least} to ${c - 1} (the head has ${c} classes), found ${values[wrong]}.`,
      { code: 'mismatch' },
    );
  }
  return Int32Array.from(values);
}

/** Reads one row of original logits. @throws FeatReconstructError naming the row where it is not finite */
export function readOriginal(
  logits: Float32Array | Float64Array,
  offset: number,
  c: number,
  row: number,
  into: Top,
): Top {
  if (readTop(logits, offset, c, into).finite) return into;
  throw new FeatReconstructError(
    `Row ${row} of the original logits: expected finite numbers, found NaN or Inf. Extract that image again or leave it out.`,
    { code: 'not-finite' },
  );
}

/** What the original logits say of each image, as they are read. */
export class OriginalAnswers {
  /** (n) Arg-max. */
  readonly index: Int32Array;
  /** (n) The largest logit less the second largest; 0 is a tie. */
  readonly margin: Float64Array;
  /** (n) The largest absolute logit. */
  readonly scale: Float64Array;
  readonly #classes: number;
  readonly #top: Top = { index: 0, margin: 0, scale: 0, finite: true };
  /** Rows that are known. */
  #known = 0;

  /** @param logits only their size is kept */
  constructor({ rows, cols }: Pick<RowSource, 'rows' | 'cols'>) {
    this.index = new Int32Array(rows);
    this.margin = new Float64Array(rows);
    this.scale = new Float64Array(rows);
    this.#classes = cols;
  }

  /** Reads on to row `end`, out of a block that begins at row `start`. @throws FeatReconstructError naming a row that is not finite */
  readTo(end: number, block: Float32Array | Float64Array, start: number): void {
    for (let row = this.#known; row < end; row++) {
      readOriginal(block, (row - start) * this.#classes, this.#classes, row, this.#top);
      this.index[row] = this.#top.index;
      this.margin[row] = this.#top.margin;
      this.scale[row] = this.#top.scale;
    }
    this.#known = Math.max(this.#known, end);
  }
}

/**
 * The ranks as they are; by default 5, where there are as many classes.
 * @throws UsageError where one is no whole number from 1 to the classes: above them every image counts
 */
export function checkTopk(topk: readonly number[] | undefined, classes: number): readonly number[] {
  if (topk === undefined) return classes < 5 ? [] : [5];
  const beyond = Array.isArray(topk) ? topk.find((k) => k > classes) : undefined;
  if (!Array.isArray(topk) || beyond !== undefined) {
    throw new UsageError(
      `Expected ${option('topk')} as a list of numbers up to the ${classes} classes, found ${found(beyond ?? topk)}.`,
    );
  }
  const wrong = topk.find((k) => !(Number.isInteger(k) && k >= 1));
  if (wrong === undefined) return topk;
  throw new UsageError(
    `Expected ${option('topk')} to hold whole numbers of at least 1, found ${wrong}: pass for example 5.`,
  );
}
