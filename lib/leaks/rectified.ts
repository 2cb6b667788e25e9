import type { TaskOptions } from '../base/index.js';
import { symmetricEigen } from '../fit/index.js';
import { checkFacet, type CheckedFacet, type FacetCertificate } from './certificate.js';
import { descend, unitDirection, type DescentOptions } from './facet.js';
import { dense, dot, product, type Dense } from './graphs.js';
import { independentComponents } from './ica.js';
import { random } from './random.js';

export interface RectifiedOptions extends TaskOptions {
  /** Seeds the starts. Default 0. */
  seed?: number;
  /** Most rounds of starts. Default 4. */
  rounds?: number;
  /** Most starts of a round; default all that there are. */
  starts?: number;
  /** Stops as soon as so many features are certified. Default: none. */
  enough?: number;
}

export interface RectifiedFit {
  /** Certified features, the one with the most zeros first: (k, r + 1) over (h, 1), standard deviation 1. */
  facets: Dense;
  certificates: FacetCertificate[];
  /** Descents made. */
  starts: number;
  rounds: number;
}

/** Fewest distinct rows: a feature must be zero on 1.5 r of them, which images rarely do that are not very many more. */
export const rectifiedRowsNeeded = (r: number): number => 10 * r;

/** The second try of a start looks at more rows and goes more slowly. */
const tries: DescentOptions[] = [
  { lowest: 8_000, penalty: 10, shrink: 0.8, steps: 60 },
  { lowest: 20_000, penalty: 100, shrink: 0.85, steps: 80 },
];

/**
 * Features that are never negative and exactly zero on many images, found one by one as facets of the cloud of whitened
 * outputs, each with its certificate. Starts are independent components: of everything in the first round, then of
 * what is left when the found features are taken out, until a round finds nothing new.
 * @param h (n, r) whitened, distinct rows
 */
export async function findFacets(h: Dense, options: RectifiedOptions = {}): Promise<RectifiedFit> {
  const { seed = 0, rounds = 4, enough = Infinity, signal } = options;
  const search = new Search(withOnes(h), options);
  let round = 0;
  for (; round < rounds && search.found.length < Math.min(enough, h.cols); round++) {
    const before = search.found.length;
    const directions = await startsOf(h, search.directions, seed + round, options);
    const most = Math.min(directions.rows, options.starts ?? directions.rows);
    for (let i = 0; i < most && search.found.length < enough; i++) {
      signal?.throwIfAborted();
      await search.from(directions.data.subarray(i * h.cols, (i + 1) * h.cols));
      options.onProgress?.({
        stage: `facets, round ${round + 1}: ${search.found.length} of ${h.cols} features certified`,
        done: i + 1,
        total: most,
        unit: 'starts',
      });
    }
    if (search.found.length === before) {
      round++;
      break;
    }
  }
  const found = search.found.sort((a, b) => b.certificate.zeros - a.certificate.zeros);
  const facets = dense(found.length, h.cols + 1);
  found.forEach(({ a }, i) => facets.data.set(a, i * facets.cols));
  return { facets, certificates: found.map(({ certificate }) => certificate), starts: search.starts, rounds: round };
}

/** Directions to start from: components of the orthogonal complement of what was found. */
async function startsOf(h: Dense, found: readonly Float64Array[], seed: number, options: TaskOptions): Promise<Dense> {
  const subspace = complement(found, h.cols);
  if (subspace.rows > 1) return independentComponents(h, subspace, seed, options);
  return subspace;
}

/** An orthonormal basis (r − k, r) of the directions orthogonal to k found ones. */
export function complement(found: readonly Float64Array[], r: number): Dense {
  const gram = new Float64Array(r * r);
  for (const direction of found) {
    for (let i = 0; i < r; i++) for (let j = 0; j < r; j++) gram[i * r + j] += direction[i] * direction[j];
  }
  const { vectors } = symmetricEigen(gram, r);
  return dense(r - found.length, r, vectors.data.slice(found.length * r));
}

/** One search over one cloud. */
class Search {
  readonly found: CheckedFacet[] = [];
  readonly directions: Float64Array[] = [];
  starts = 0;
  readonly #numbers;

  constructor(
    readonly rows: Dense,
    options: RectifiedOptions,
  ) {
    this.#numbers = random(options.seed ?? 0, rows.cols);
  }

  /** Descends from a direction; keeps what is new and certified. */
  async from(direction: Float64Array): Promise<void> {
    const start = new Float64Array(this.rows.cols);
    start.set(direction);
    let at: Float64Array | null = start;
    for (const settings of tries) {
      this.starts++;
      at = await descend(this.rows, start, { ...settings, found: this.directions });
      if (!at) return;
      const checked = await checkFacet(this.rows, at);
      if (checked.certificate.holds) return this.#keep(checked);
      if (checked.open) return this.#inside(checked.open);
    }
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
  async #inside(open: Dense): Promise<void> {
    const k = open.rows;
    if (k > 8) return;
    const seen = nonZeroRows(await product(this.rows, open, 'nt'));
    for (let i = 0; i < 4 * k; i++) {
      const start = new Float64Array(k);
      if (i < 2 * k) start[i >> 1] = i % 2 ? -1 : 1;
      else for (let j = 0; j < k; j++) start[j] = this.#numbers.normal();
      this.starts++;
      const inside = await descend(seen, start, { ...tries[0], throughOrigin: true, enough: Infinity });
      if (!inside) continue;
      const checked = await checkFacet(this.rows, transposedTimes(open, inside));
      if (checked.certificate.holds) this.#keep(checked);
    }
  }
}

/** Rows that are zero whatever the function say nothing of it. */
function nonZeroRows({ rows, cols, data }: Dense): Dense {
  const sizes = new Float64Array(rows);
  for (let i = 0; i < data.length; i++) sizes[Math.floor(i / cols)] += data[i] ** 2;
  const cut = sizes.reduce((most, size) => Math.max(most, size), 0) * 1e-10;
  const kept = Array.from(sizes.keys()).filter((i) => sizes[i] > cut);
  const out = dense(kept.length, cols);
  kept.forEach((row, i) => out.data.set(data.subarray(row * cols, (row + 1) * cols), i * cols));
  return out;
}

function transposedTimes({ rows, cols, data }: Dense, x: Float64Array): Float64Array {
  const out = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j] += data[i * cols + j] * x[i];
  return out;
}

function withOnes(h: Dense): Dense {
  const out = dense(h.rows, h.cols + 1);
  for (let i = 0; i < h.rows; i++) {
    out.data.set(h.data.subarray(i * h.cols, (i + 1) * h.cols), i * out.cols);
    out.data[i * out.cols + h.cols] = 1;
  }
  return out;
}
