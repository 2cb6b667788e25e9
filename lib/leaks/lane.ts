import { evenly, random } from '../base/index.js';
import { dot, gatherRows, multiply, transposedTimesVector, type Matrix } from '../linalg/index.js';
import { checkFacet, type CheckedFacet } from './certificate.js';
import { descend, unitDirection, type DescentOptions } from './facet.js';
import { sideBySide, type Times } from './side-by-side.js';

/** Rows near zero are what tells a facet: 32 an unknown are enough for most starts. */
export const steady: DescentOptions = { lowest: 32, share: 1 / 8, penalty: 10, shrink: 0.8, steps: 60 };

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

/**
 * Descents one after another, each from where the last one ended: ε shrinks so fast that a descent may come to rest on r
 * rows close to the feature that it was on its way to, and gets there from them.
 */
const descents = 2;

/** What ends a lane before its time. */
export type Limits = Pick<DescentOptions, 'signal' | 'over'>;

/** The same, and how all rows are multiplied. */
type Within = Limits & { times: Times };

/** The rows that are searched. */
export interface SearchedRows {
  /** (n, r + 1) */
  rows: Matrix;
  /** (r) variance of what storing added to each column */
  noise: Float64Array;
  /** Those that quick descents look at. */
  some: Matrix;
}

export function searchedRows(rows: Matrix, noise: Float64Array): SearchedRows {
  const most = mostQuick / rows.cols;
  return { rows, noise, some: rows.rows > most ? gatherRows(rows, evenly(rows.rows, most)) : rows };
}

/** Some starts, and what is known when they begin. Plain, so that another thread can take it. */
export interface LaneTask {
  /** Directions (r) */
  starts: Float64Array[];
  /** Seeds the directions that are drawn on the way. */
  seed: number;
  /** Directions of the functions found before: a descent into one of them is given up. */
  known: readonly Float64Array[];
  /** Whether more than the first tries is made of a start: until it has found something, say. */
  thorough: 'never' | 'until-found' | 'always';
  /** The cosine with a known direction above which a descent is on its way into it (`DescentOptions`). */
  sameFacet?: number;
}

/** What came of them. Plain as well. */
export interface LaneResult {
  /** Functions with a certificate, in the order of the starts; several may have led to one. */
  found: CheckedFacet[];
  /** Small spaces of functions that vanish on the same rows, met on the way: orthonormal bases (k, r + 1). */
  opened: Matrix[];
  /** Descents made. */
  descents: number;
}

/**
 * Descends from some starts side by side, until it is `over`. What comes of it depends on nothing but the rows and the
 * task: starts share their products alone, and know nothing of what others find, since who is first is chance.
 */
export async function runLane(of: SearchedRows, task: LaneTask, limits: Limits = {}): Promise<LaneResult> {
  const starts = task.starts.map((_, i) => new Start(of, task, i));
  await sideBySide(starts.map((start) => (times) => start.descend({ ...limits, times })));
  return {
    found: starts.flatMap(({ found }) => found),
    opened: starts.flatMap(({ opened }) => opened),
    descents: starts.reduce((sum, { descents }) => sum + descents, 0),
  };
}

/** One start, and what comes of it. */
class Start implements LaneResult {
  readonly found: CheckedFacet[] = [];
  readonly opened: Matrix[] = [];
  descents = 0;
  readonly #directions: Float64Array[];
  readonly #numbers;

  constructor(
    readonly of: SearchedRows,
    readonly task: LaneTask,
    readonly place: number,
  ) {
    this.#directions = [...task.known];
    this.#numbers = random(task.seed, place, of.rows.cols);
  }

  async descend(within: Within): Promise<void> {
    const { rows, some } = this.of;
    const start = this.task.starts[this.place];
    const r = rows.cols - 1;
    const first = firstTries(r).length;
    for (const [k, { sign, settings, onSome }] of allTries(r).entries()) {
      if (k >= first && !this.#isThorough()) return;
      const direction = start.map((value) => sign * value);
      const options = { ...settings, ...within, sameFacet: this.task.sameFacet };
      if ((await this.#descends(onSome ? some : rows, direction, options)) || within.over?.aborted) return;
    }
  }

  #isThorough(): boolean {
    const { thorough } = this.task;
    return thorough === 'always' || (thorough === 'until-found' && this.found.length === 0);
  }

  /** Descends; true where that led to a feature or to a small space, which was searched. */
  async #descends(rows: Matrix, direction: Float64Array, settings: DescentOptions & Within): Promise<boolean> {
    const { rows: all, noise } = this.of;
    let at: Float64Array | null = new Float64Array(all.cols);
    at.set(direction);
    for (let descent = 0; descent < descents; descent++) {
      this.descents++;
      at = await descend(rows, at, { ...settings, found: this.#directions });
      if (!at) return false;
      const checked = await checkFacet(all, noise, at, settings);
      if (checked.certificate.holds) {
        this.#keep(checked);
        return true;
      }
      if (checked.open) {
        await this.#inside(checked.open, settings);
        return true;
      }
    }
    return false;
  }

  #keep(checked: CheckedFacet): void {
    const direction = unitDirection(checked.a);
    if (isKnown(direction, this.#directions)) return;
    this.found.push(checked);
    this.#directions.push(direction);
  }

  /**
   * The rows on the candidate leave a small space of functions open (a sum of a feature and a rarer one is zero where
   * both are): the search goes on among those, from both ends of every axis and a few random directions.
   */
  async #inside(open: Matrix, { signal, over, times }: Within): Promise<void> {
    const k = open.rows;
    if (k > 8) return;
    const { rows, noise } = this.of;
    this.opened.push(open);
    const seen = nonZeroRows(await multiply(rows, open, 'nt'));
    for (let i = 0; i < 4 * k && !over?.aborted; i++) {
      const start = new Float64Array(k);
      if (i < 2 * k) start[i >> 1] = i % 2 ? -1 : 1;
      else for (let j = 0; j < k; j++) start[j] = this.#numbers.normal();
      this.descents++;
      const inside = await descend(seen, start, { ...quick, throughOrigin: true, enough: Infinity, signal, over });
      if (!inside) continue;
      const checked = await checkFacet(rows, noise, transposedTimesVector(open, inside), { times });
      if (checked.certificate.holds) this.#keep(checked);
    }
  }
}

/** Whether a unit direction is, to rounding, one of these. */
export const isKnown = (direction: Float64Array, known: readonly Float64Array[]): boolean =>
  known.some((other) => 1 - dot(other, direction) < 1e-6);

/** The rows on which some function is not zero: others cannot tell two functions apart. */
function nonZeroRows(rows: Matrix): Matrix {
  const { cols, data } = rows;
  const sizes = new Float64Array(rows.rows);
  for (let i = 0; i < data.length; i++) sizes[Math.floor(i / cols)] += data[i] ** 2;
  const cut = sizes.reduce((most, size) => Math.max(most, size), 0) * 1e-10;
  const kept = Array.from(sizes.keys()).filter((i) => sizes[i] > cut);
  return gatherRows(rows, kept);
}
