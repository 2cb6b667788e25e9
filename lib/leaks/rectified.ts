import type { TaskOptions } from '../base/index.js';
import { dot, gatherRows, matrix, multiply, symmetricEigen, transposedTimesVector, type Matrix } from '../fit/index.js';
import { checkFacet, type CheckedFacet, type FacetCertificate } from './certificate.js';
import { descend, unitDirection, type DescentOptions } from './facet.js';
import { independentComponents } from './ica.js';
import { random } from './random.js';
import { ambiguous } from './rivals.js';
import type { Whitened } from './whiten.js';

export interface RectifiedOptions extends TaskOptions {
  /** Seeds the starts. Default 0. */
  seed?: number;
  /** Most rounds of starts. Default 10. */
  rounds?: number;
  /** Most starts of a round; default all that there are. */
  starts?: number;
  /** Stops as soon as so many features are certified. Default: none. */
  enough?: number;
  /** Ends the search between two starts with what is certified so far, where `signal` gives all of it up. */
  finish?: AbortSignal;
}

export interface RectifiedFit {
  /** Certified features, the one with the most zeros first: (k, r + 1) over (h, 1), standard deviation 1. */
  facets: Matrix;
  certificates: FacetCertificate[];
  /** Descents made. */
  starts: number;
  /** How many more passed the test of a single one, and are not told from others that did. */
  ambiguous: number;
  /** Whether `finish` ended the search before it was through. */
  cut: boolean;
}

/** Fewest distinct rows: a feature must be zero on 1.5 r of them, which images rarely do that are not very many more. */
export const rectifiedRowsNeeded = (r: number): number => 10 * r;

/** Rows near zero are what tells a facet: 32 an unknown are enough for most starts, and quick. */
const quick: DescentOptions = { lowest: 32, share: 1 / 8, penalty: 10, shrink: 0.8, steps: 60 };

/** Looks at more rows and goes more slowly. */
const slow: DescentOptions = { lowest: 80, share: 1 / 4, penalty: 100, shrink: 0.85, steps: 80 };

/** A start, or its opposite, and how it is looked into. */
interface Try {
  sign: 1 | -1;
  settings: DescentOptions;
}

/** A start's tail may mislead, so that it is turned round as well. */
const quickTries: readonly Try[] = [
  { sign: 1, settings: quick },
  { sign: -1, settings: quick },
];

/**
 * What few rows do not lead to a feature more may. It takes longer than the two quick ones together, so that it is kept
 * for where they find nothing: from the first start on until there is a feature, and after a round without a new one.
 */
const allTries: readonly Try[] = [...quickTries, { sign: 1, settings: slow }];

/**
 * Descents one after another, each from where the last one ended: ε shrinks so fast that a descent may come to rest on r
 * rows close to the feature that it was on its way to, and gets there from them.
 */
const descents = 2;

/** Starts of the first round after which, none having led to a feature, there are none to find. */
const hopeless = 24;

/** Fewest starts of a round after one without anything new: few directions left are few starts, random ones make them up. */
const fewest = 16;

/** Rounds in a row without anything new after which the search is over. */
const patience = 2;

/**
 * Features that are never negative and exactly zero on many images, found one by one as facets of the cloud of whitened
 * outputs, each with its certificate. Starts are independent components: of everything in the first round, then of
 * what is left when the found features are taken out, until two rounds in a row find nothing new; the second of them
 * takes random starts as well and looks more slowly.
 * @param outputs `h` (n, r) whitened, distinct rows, and the `noise` of their columns
 */
export async function findFacets(
  { h, noise }: Omit<Whitened, 'map'>,
  options: RectifiedOptions = {},
): Promise<RectifiedFit> {
  const { seed = 0, rounds = 10, enough = Infinity, signal, finish } = options;
  const search = new Search(withOnes(h), noise, options);
  const most = Math.min(enough, h.cols);
  let fruitless = 0;
  let cut = false;
  for (let round = 0; round < rounds && fruitless < patience && search.found.length < most && !cut; round++) {
    const before = search.found.length;
    const left = await independentComponents(h, complement(search.directions, h.cols), seed + round, options);
    const directions = fruitless > 0 ? search.filled(left, fewest) : left;
    const starts = Math.min(directions.rows, options.starts ?? directions.rows);
    for (let i = 0; i < starts && search.found.length < enough; i++) {
      signal?.throwIfAborted();
      cut = finish?.aborted ?? false;
      if (cut) break;
      if (i === hopeless && search.found.length === 0) break;
      const thorough = search.found.length === 0 || fruitless > 0;
      await search.from(directions.data.subarray(i * h.cols, (i + 1) * h.cols), thorough ? allTries : quickTries);
      options.onProgress?.({
        stage: `rectified features, round ${round + 1}`,
        done: i + 1,
        total: search.found.length === 0 ? Math.min(starts, hopeless) : starts,
        unit: 'starts',
      });
    }
    if (search.found.length === 0) break;
    fruitless = search.found.length === before ? fruitless + 1 : 0;
  }
  const found = search.found.sort((a, b) => b.certificate.zeros - a.certificate.zeros);
  const refused = await ambiguous(search.rows, noise, stacked(found, h.cols + 1), options);
  const kept = found.filter((_, i) => !refused[i]);
  return {
    facets: stacked(kept, h.cols + 1),
    certificates: kept.map(({ certificate }) => certificate),
    starts: search.starts,
    ambiguous: found.length - kept.length,
    cut,
  };
}

function stacked(found: readonly CheckedFacet[], cols: number): Matrix {
  const out = matrix(found.length, cols);
  found.forEach(({ a }, i) => out.data.set(a, i * cols));
  return out;
}

/** An orthonormal basis (r − k, r) of the directions orthogonal to k found ones. */
export function complement(found: readonly Float64Array[], r: number): Matrix {
  const gram = new Float64Array(r * r);
  for (const direction of found) {
    for (let i = 0; i < r; i++) for (let j = 0; j < r; j++) gram[i * r + j] += direction[i] * direction[j];
  }
  const { vectors } = symmetricEigen(gram, r);
  return matrix(r - found.length, r, vectors.data.slice(found.length * r));
}

/** One search over one cloud. */
class Search {
  readonly found: CheckedFacet[] = [];
  readonly directions: Float64Array[] = [];
  starts = 0;
  readonly #numbers;

  constructor(
    readonly rows: Matrix,
    readonly noise: Float64Array,
    options: RectifiedOptions,
  ) {
    this.#numbers = random(options.seed ?? 0, rows.cols);
  }

  /** Directions (k, r), with random ones behind them where they are fewer than `least`. */
  filled(directions: Matrix, least: number): Matrix {
    const { rows, cols, data } = directions;
    const filled = matrix(Math.max(rows, least), cols);
    filled.data.set(data);
    for (let i = data.length; i < filled.data.length; i++) filled.data[i] = this.#numbers.normal() / Math.sqrt(cols);
    return filled;
  }

  /** Descends from a direction; keeps what is new and certified. */
  async from(direction: Float64Array, tries: readonly Try[]): Promise<void> {
    for (const { sign, settings } of tries) {
      if (
        await this.#descends(
          direction.map((value) => sign * value),
          settings,
        )
      )
        return;
    }
  }

  /** Whether the search from there is over, with a feature or a small space to look into. */
  async #descends(direction: Float64Array, settings: DescentOptions): Promise<boolean> {
    let at: Float64Array | null = new Float64Array(this.rows.cols);
    at.set(direction);
    for (let descent = 0; descent < descents; descent++) {
      this.starts++;
      at = await descend(this.rows, at, { ...settings, found: this.directions });
      if (!at) return false;
      const checked = await checkFacet(this.rows, this.noise, at);
      if (checked.certificate.holds) {
        this.#keep(checked);
        return true;
      }
      if (checked.open) {
        await this.#inside(checked.open);
        return true;
      }
    }
    return false;
  }

  #keep(checked: CheckedFacet): void {
    const direction = unitDirection(checked.a);
    const known = this.directions.some((other) => 1 - dot(other, direction) < 1e-6);
    if (known) return;
    this.found.push(checked);
    this.directions.push(direction);
  }

  /**
   * The rows on the candidate leave a small space of functions open (a sum of a feature and a rarer one is zero where
   * both are): the search goes on among those, from both ends of every axis and a few random directions.
   */
  async #inside(open: Matrix): Promise<void> {
    const k = open.rows;
    if (k > 8) return;
    const seen = nonZeroRows(await multiply(this.rows, open, 'nt'));
    for (let i = 0; i < 4 * k; i++) {
      const start = new Float64Array(k);
      if (i < 2 * k) start[i >> 1] = i % 2 ? -1 : 1;
      else for (let j = 0; j < k; j++) start[j] = this.#numbers.normal();
      this.starts++;
      const inside = await descend(seen, start, { ...quick, throughOrigin: true, enough: Infinity });
      if (!inside) continue;
      const checked = await checkFacet(this.rows, this.noise, transposedTimesVector(open, inside));
      if (checked.certificate.holds) this.#keep(checked);
    }
  }
}

/** Rows that are zero whatever the function say nothing of it. */
function nonZeroRows(rows: Matrix): Matrix {
  const { cols, data } = rows;
  const sizes = new Float64Array(rows.rows);
  for (let i = 0; i < data.length; i++) sizes[Math.floor(i / cols)] += data[i] ** 2;
  const cut = sizes.reduce((most, size) => Math.max(most, size), 0) * 1e-10;
  const kept = Array.from(sizes.keys()).filter((i) => sizes[i] > cut);
  return gatherRows(rows, kept);
}

function withOnes(h: Matrix): Matrix {
  const out = matrix(h.rows, h.cols + 1);
  for (let i = 0; i < h.rows; i++) {
    out.data.set(h.data.subarray(i * h.cols, (i + 1) * h.cols), i * out.cols);
    out.data[i * out.cols + h.cols] = 1;
  }
  return out;
}
