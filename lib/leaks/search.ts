import {
  dot,
  gatherRows,
  matrix,
  multiply,
  symmetricEigen,
  transposedTimesVector,
  type Matrix,
} from '../linalg/index.js';
import { evenly, random } from '../base/index.js';
import { checkFacet, type CheckedFacet } from './certificate.js';
import { descend, unitDirection, type DescentOptions } from './facet.js';
import { sideBySide, type Times } from './side-by-side.js';

/** Rows near zero are what tells a facet: 32 an unknown are enough for most starts. */
const steady: DescentOptions = { lowest: 32, share: 1 / 8, penalty: 10, shrink: 0.8, steps: 60 };

/** In half the steps nine starts of ten get where the steady ones do. */
const quick: DescentOptions = { ...steady, shrink: 0.65, steps: 30 };

/** Numbers of the rows, spread evenly, that quick descents look at: 50,000 rows of 256 features. */
const mostQuick = 1.3e7;

/** Features above which a layer is wide. Of others a few starts more cost little, and may show what refutes the rest. */
const wide = 64;

/** Looks at more rows and goes more slowly. */
const slow: DescentOptions = { lowest: 80, share: 1 / 4, penalty: 100, shrink: 0.85, steps: 80 };

/** Whether to descend from a start or from its opposite, and how. */
interface Try {
  sign: 1 | -1;
  settings: DescentOptions;
  /** Whether some of the rows are looked at alone. What is found is tested on all of them. */
  onSome: boolean;
}

/** A start's tail may mislead, so that it is turned round as well. */
const bothWays = (settings: DescentOptions, onSome: boolean): readonly Try[] => [
  { sign: 1, settings, onSome },
  { sign: -1, settings, onSome },
];

/** What is tried first of a layer of r features. */
const firstTries = (r: number): readonly Try[] => (r > wide ? bothWays(quick, true) : bothWays(steady, false));

/**
 * With more rows a start may lead to a feature that is zero on few of them. That takes longer than the first tries
 * together, so that it is made only until there is a feature, and after a round without a new one.
 */
const allTries = (r: number): readonly Try[] => [
  ...firstTries(r),
  ...(r > wide ? bothWays(steady, false) : []),
  { sign: 1, settings: slow, onSome: false },
];

/** What ends a search before its time. */
type Limits = Pick<DescentOptions, 'signal' | 'over'>;

/** The same, and how all rows are multiplied. */
type Within = Limits & { times: Times };

/**
 * Descents one after another, each from where the last one ended: ε shrinks so fast that a descent may come to rest on r
 * rows close to the feature that it was on its way to, and gets there from them.
 */
const descents = 2;

/** Starts that descend side by side: eight vectors are multiplied as quickly as one, and sixteen are not. */
const mostTogether = 8;

/** Numbers of the rows that all of them work on together (64 MB). */
const mostInHand = 2 ** 23;

/** An orthonormal basis of the directions orthogonal to found ones: (r − k, r), k what these span. */
export function complement(found: readonly Float64Array[], r: number): Matrix {
  const gram = new Float64Array(r * r);
  for (const direction of found) {
    for (let i = 0; i < r; i++) for (let j = 0; j < r; j++) gram[i * r + j] += direction[i] * direction[j];
  }
  const { values, vectors } = symmetricEigen(gram, r);
  let k = 0;
  while (k < r && found.length > 0 && values[k] > 1e-9 * values[0]) k++;
  return matrix(r - k, r, vectors.data.slice(k * r));
}

/** One search over one cloud. */
export class Search {
  readonly found: CheckedFacet[] = [];
  /** Small spaces of functions that vanish on the same rows, met on the way: orthonormal bases (k, r + 1). */
  readonly opened: Matrix[] = [];
  starts = 0;
  readonly #numbers;
  readonly #some: Matrix;

  constructor(
    readonly rows: Matrix,
    readonly noise: Float64Array,
    seed: number,
    /** Directions of the functions found: a descent into one of them is given up. Some may be known beforehand. */
    readonly directions: Float64Array[] = [],
  ) {
    this.#numbers = random(seed, rows.cols);
    const most = mostQuick / rows.cols;
    this.#some = rows.rows > most ? gatherRows(rows, evenly(rows.rows, most)) : rows;
  }

  /** Directions (k, r), with random ones behind them where they are fewer than `least`. */
  filled(directions: Matrix, least: number): Matrix {
    const { rows, cols, data } = directions;
    const filled = matrix(Math.max(rows, least), cols);
    filled.data.set(data);
    for (let i = data.length; i < filled.data.length; i++) filled.data[i] = this.#numbers.normal() / Math.sqrt(cols);
    return filled;
  }

  /** How many starts are best made side by side. */
  get together(): number {
    const { cols } = this.rows;
    return Math.max(1, Math.min(mostTogether, Math.floor(mostInHand / (steady.lowest * cols * cols))));
  }

  /**
   * Descends from some directions side by side; keeps what is new and certified, until it is `over`.
   * @param thorough whether more than the first tries is made of a start; asked again before each
   */
  async from(starts: readonly Float64Array[], thorough: () => boolean, limits: Limits = {}): Promise<void> {
    await sideBySide(starts.map((start) => (times) => this.#fromOne(start, thorough, { ...limits, times })));
  }

  async #fromOne(start: Float64Array, thorough: () => boolean, within: Within): Promise<void> {
    const r = this.rows.cols - 1;
    const first = firstTries(r).length;
    for (const [k, { sign, settings, onSome }] of allTries(r).entries()) {
      if (k >= first && !thorough()) return;
      const rows = onSome ? this.#some : this.rows;
      const direction = start.map((value) => sign * value);
      if ((await this.#descends(rows, direction, { ...settings, ...within })) || within.over?.aborted) return;
    }
  }

  /** Descends; true where that led to a feature or to a small space, which was searched. */
  async #descends(rows: Matrix, direction: Float64Array, settings: DescentOptions & Within): Promise<boolean> {
    let at: Float64Array | null = new Float64Array(this.rows.cols);
    at.set(direction);
    for (let descent = 0; descent < descents; descent++) {
      this.starts++;
      at = await descend(rows, at, { ...settings, found: this.directions });
      if (!at) return false;
      const checked = await checkFacet(this.rows, this.noise, at, settings);
      if (checked.certificate.holds) {
        this.keep(checked);
        return true;
      }
      if (checked.open) {
        await this.#inside(checked.open, settings);
        return true;
      }
    }
    return false;
  }

  /** Keeps a facet if it is a new one, and says whether it is. */
  keep(checked: CheckedFacet): boolean {
    const direction = unitDirection(checked.a);
    const known = this.directions.some((other) => 1 - dot(other, direction) < 1e-6);
    if (known) return false;
    this.found.push(checked);
    this.directions.push(direction);
    return true;
  }

  /**
   * The rows on the candidate leave a small space of functions open (a sum of a feature and a rarer one is zero where
   * both are): the search goes on among those, from both ends of every axis and a few random directions.
   */
  async #inside(open: Matrix, { signal, over, times }: Within): Promise<void> {
    const k = open.rows;
    if (k > 8) return;
    this.opened.push(open);
    const seen = nonZeroRows(await multiply(this.rows, open, 'nt'));
    for (let i = 0; i < 4 * k && !over?.aborted; i++) {
      const start = new Float64Array(k);
      if (i < 2 * k) start[i >> 1] = i % 2 ? -1 : 1;
      else for (let j = 0; j < k; j++) start[j] = this.#numbers.normal();
      this.starts++;
      const inside = await descend(seen, start, { ...quick, throughOrigin: true, enough: Infinity, signal, over });
      if (!inside) continue;
      const checked = await checkFacet(this.rows, this.noise, transposedTimesVector(open, inside), { times });
      if (checked.certificate.holds) this.keep(checked);
    }
  }
}

/** The rows on which some function is not zero: others cannot tell two functions apart. */
function nonZeroRows(rows: Matrix): Matrix {
  const { cols, data } = rows;
  const sizes = new Float64Array(rows.rows);
  for (let i = 0; i < data.length; i++) sizes[Math.floor(i / cols)] += data[i] ** 2;
  const cut = sizes.reduce((most, size) => Math.max(most, size), 0) * 1e-10;
  const kept = Array.from(sizes.keys()).filter((i) => sizes[i] > cut);
  return gatherRows(rows, kept);
}

/** Rows (n, r + 1): those of h (n, r), each with a 1 at its end. */
export function withOnes(h: Matrix): Matrix {
  const out = matrix(h.rows, h.cols + 1);
  for (let i = 0; i < h.rows; i++) {
    out.data.set(h.data.subarray(i * h.cols, (i + 1) * h.cols), i * out.cols);
    out.data[i * out.cols + h.cols] = 1;
  }
  return out;
}
