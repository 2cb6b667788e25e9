import { seedOf, random } from '../base/index.js';
import { matrix, symmetricEigen, type Matrix } from '../linalg/index.js';
import type { CheckedFacet } from './certificate.js';
import type { Crew } from './crew.js';
import { unitDirection } from './facet.js';
import { isKnown, runLane, searchedRows, steady, type LaneTask, type Limits, type SearchedRows } from './lane.js';

/** Starts that descend side by side: eight vectors are multiplied as quickly as one, and sixteen are not. */
const mostTogether = 8;

/** Numbers of the rows that all of them work on together (64 MB). */
const mostInHand = 2 ** 23;

/**
 * Lanes that starts are dealt out to where there are enough rows for threads to pay (in numbers), and starts in each. They
 * are as many on every machine, and know nothing of one another: what is found does not depend on the number of threads.
 */
const [lanes, startsInLane, enoughForLanes] = [4, 4, 2 ** 18];

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
  /** Descents made. */
  starts = 0;
  readonly #numbers;
  readonly #lanes: number;
  /** Gathered when they are first needed here: threads gather their own. */
  #searched: SearchedRows | undefined;
  #tasks = 0;

  constructor(
    readonly rows: Matrix,
    readonly noise: Float64Array,
    readonly seed: number,
    readonly crew: Crew | null = null,
    /** Directions of the functions found: a descent into one of them is given up. Some may be known beforehand. */
    readonly directions: Float64Array[] = [],
  ) {
    this.#numbers = random(seed, rows.cols);
    this.#lanes = rows.data.length >= enoughForLanes ? lanes : 1;
  }

  /** Directions (k, r), with random ones behind them where they are fewer than `least`. */
  filled(directions: Matrix, least: number): Matrix {
    const { rows, cols, data } = directions;
    const filled = matrix(Math.max(rows, least), cols);
    filled.data.set(data);
    for (let i = data.length; i < filled.data.length; i++) filled.data[i] = this.#numbers.normal() / Math.sqrt(cols);
    return filled;
  }

  /** How many starts are best made at once. */
  get together(): number {
    return this.#lanes * this.#inLane;
  }

  get #inLane(): number {
    const { cols } = this.rows;
    const most = this.#lanes > 1 ? startsInLane : mostTogether;
    return Math.max(1, Math.min(most, Math.floor(mostInHand / (steady.lowest * cols * cols))));
  }

  /** Descends from some directions; keeps what is new and certified, until it is `over`. */
  async from(
    starts: readonly Float64Array[],
    { thorough, sameFacet, ...limits }: Limits & Pick<LaneTask, 'thorough' | 'sameFacet'>,
  ): Promise<void> {
    const tasks = Array.from({ length: Math.min(this.#lanes, starts.length) }, (_, lane): LaneTask => ({
      // Components come in order of their tails: each lane gets some of the best.
      starts: starts.filter((_, i) => i % this.#lanes === lane).map((start) => start.slice()),
      seed: seedOf(this.seed, this.#tasks++),
      known: this.directions,
      thorough: thorough === 'until-found' && this.found.length > 0 ? 'never' : thorough,
      ...(sameFacet === undefined ? {} : { sameFacet }),
    }));
    const run = (task: LaneTask): ReturnType<typeof runLane> =>
      runLane((this.#searched ??= searchedRows(this.rows, this.noise)), task, limits);
    const results =
      this.crew && tasks.length > 1 ? await this.crew.run(this, tasks, limits, run) : await inTurn(tasks, run);
    limits.signal?.throwIfAborted();
    for (const { found, opened, descents } of results) {
      this.starts += descents;
      this.opened.push(...opened);
      for (const facet of found) this.keep(facet);
    }
  }

  /** Keeps a facet if it is a new one, and says whether it is. */
  keep(checked: CheckedFacet): boolean {
    const direction = unitDirection(checked.a);
    if (isKnown(direction, this.directions)) return false;
    this.found.push(checked);
    this.directions.push(direction);
    return true;
  }
}

async function inTurn<T, R>(tasks: readonly T[], run: (task: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const task of tasks) results.push(await run(task));
  return results;
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
