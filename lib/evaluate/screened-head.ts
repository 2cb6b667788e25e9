import { denseBias, denseWeight, matrix, multiply } from '../linalg/index.js';
import { denseData, type LinearMap } from '../tensor/index.js';
import { answersOf, type Answers } from './answers.js';
import { checkedMap } from './affine.js';

/** Half of the distance between 1 and the next number of float32. */
const unit = 2 ** -24;
/** Classes of one image that are told apart one by one; where there are more, the whole row is computed again. */
const mostApart = 64;
/** Most numbers of a block of rows that is computed again. */
const mostAgain = 2 ** 22;

/**
 * A head whose logits are computed in float32, in half of the time, and again in float64 where float32 cannot tell which is
 * larger: the answers are those of float64.
 *
 * A dot product of m terms in working precision u is off by at most γₘ Σ|wᵢfᵢ| in any order of its sums, with
 * γₘ = m u / (1 − m u) (Higham, "Accuracy and Stability of Numerical Algorithms", 3.1); the bias is a term more, and
 * rounding of weights and features to float32 adds one unit each. Σ|wᵢfᵢ| is at most ‖w‖ ‖f‖.
 */
export class ScreenedHead {
  /** (c, d) */
  readonly weight: Float32Array;
  /** (c) */
  readonly bias: Float32Array;
  readonly outputs: number;
  readonly inputs: number;
  readonly #head: LinearMap;
  readonly #wide: Float32Array | Float64Array;
  readonly #wideBias: Float64Array;
  /** What float32 may be off by: a share of the length of the features, and what does not depend on them. */
  readonly #share: number;
  readonly #fixed: number;
  readonly #longest: number;
  readonly #largest: number;

  /** @throws FeatReconstructError where the weight is no finite matrix with a bias to match */
  constructor(head: LinearMap) {
    [this.outputs, this.inputs] = checkedMap(head, 'the head');
    this.#head = head;
    this.#wide = denseData(head.weight);
    this.#wideBias = denseBias(head);
    this.weight = toFloat32(this.#wide);
    this.bias = toFloat32(denseData(head.bias));
    const terms = this.inputs + 8;
    const gamma = (terms * unit) / (1 - terms * unit);
    const largest = this.#wideBias.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const length = longest(this.#wide, this.inputs);
    [this.#longest, this.#largest] = [length, largest];
    this.#share = gamma * length;
    // Numbers below float32's smallest may be taken for 0, in features and in products.
    this.#fixed = gamma * largest + terms * (1 + length) * 2 ** -125;
  }

  /**
   * @param zhat logits in float32 (n, c)
   * @param fhat the features that they are of (n, d)
   * @param originals (n) the class that each image had
   * @param start number of the first row, for errors
   * @param most ranks from this on are not told apart
   * @throws FeatReconstructError naming a row whose logits are not finite
   */
  async answers(
    zhat: Float32Array,
    fhat: Float32Array | Float64Array,
    originals: Int32Array,
    start: number,
    most: number,
  ): Promise<Answers> {
    const n = originals.length;
    const out: Answers = { index: new Int32Array(n), tied: new Uint8Array(n), rank: new Int32Array(n) };
    const again: number[] = [];
    for (let i = 0; i < n; i++) {
      const f = fhat.subarray(i * this.inputs, (i + 1) * this.inputs);
      if (!this.#tell(zhat.subarray(i * this.outputs, (i + 1) * this.outputs), f, originals[i], most, out, i)) {
        again.push(i);
      }
    }
    await this.#compute(again, fhat, originals, start, out);
    return out;
  }

  /** Whether the answer of row `i` is told, and written to `out`. */
  #tell(
    z: Float32Array,
    f: Float32Array | Float64Array,
    original: number,
    most: number,
    out: Answers,
    i: number,
  ): boolean {
    const length = lengthOf(f);
    const off = 2 * (this.#share * length + this.#fixed);
    // Where no logit can be this large none has overflowed, so that every one is finite.
    if (!(this.#longest * length + this.#largest < mostSafe)) return false;
    const { index, margin } = firstTwo(z);
    let first = index;
    let tied = 0;
    if (!(margin > off)) {
      const near = within(z, z[index], off, -1);
      if (near === null) return false;
      let best = -Infinity;
      for (const k of near) {
        const value = this.#logit(k, f);
        if (value > best) [best, first, tied] = [value, k, 0];
        else if (value === best) tied = 1;
      }
    }
    out.index[i] = first;
    out.tied[i] = tied;
    if (first === original) return true;
    let before = countAbove(z, z[original] + off, most);
    if (before < most) {
      const near = within(z, z[original], off, original);
      if (near === null) return false;
      const own = near.length > 0 ? this.#logit(original, f) : 0;
      for (const k of near) {
        const value = this.#logit(k, f);
        if (value > own || (value === own && k < original)) before++;
      }
    }
    out.rank[i] = before;
    return true;
  }

  /** One logit in float64. */
  #logit(k: number, f: Float32Array | Float64Array): number {
    let sum = 0;
    for (let j = 0, at = k * this.inputs; j < f.length; j++, at++) sum += this.#wide[at] * f[j];
    return sum + this.#wideBias[k];
  }

  /** Computes rows in float64 and reads their answers. */
  async #compute(
    rows: readonly number[],
    fhat: Float32Array | Float64Array,
    originals: Int32Array,
    start: number,
    out: Answers,
  ): Promise<void> {
    if (rows.length === 0) return;
    const [c, d] = [this.outputs, this.inputs];
    const weight = denseWeight(this.#head);
    const step = Math.max(1, Math.floor(mostAgain / c));
    for (let from = 0; from < rows.length; from += step) {
      const some = rows.slice(from, from + step);
      const f = matrix(some.length, d);
      for (const [k, i] of some.entries()) f.data.set(fhat.subarray(i * d, (i + 1) * d), k * d);
      const { data } = await multiply(f, weight, 'nt');
      for (let at = 0; at < data.length; at += c) for (let j = 0; j < c; j++) data[at + j] += this.#wideBias[j];
      const known = Int32Array.from(some, (i) => originals[i]);
      const { index, tied, rank } = answersOf(data, known, (k) => start + some[k]);
      for (const [k, i] of some.entries()) [out.index[i], out.tied[i], out.rank[i]] = [index[k], tied[k], rank[k]];
    }
  }
}

/** Half of float32's largest number. */
const mostSafe = 2 ** 127;

/** The arg-max of finite numbers, and how far the next one is below it. */
function firstTwo(z: Float32Array): { index: number; margin: number } {
  let [index, best, next] = [0, -Infinity, -Infinity];
  for (let k = 0; k < z.length; k++) {
    const value = z[k];
    if (!(value > next)) continue;
    if (value > best) [next, best, index] = [best, value, k];
    else next = value;
  }
  return { index, margin: best - next };
}

const toFloat32 = (data: Float32Array | Float64Array): Float32Array =>
  data instanceof Float32Array ? data : new Float32Array(data);

function lengthOf(f: Float32Array | Float64Array): number {
  let sum = 0;
  for (let j = 0; j < f.length; j++) sum += f[j] * f[j];
  return Math.sqrt(sum);
}

/** Length of the longest row. */
function longest(data: Float32Array | Float64Array, width: number): number {
  let most = 0;
  for (let at = 0; at < data.length;) {
    let sum = 0;
    for (const end = at + width; at < end; at++) sum += data[at] * data[at];
    if (sum > most) most = sum;
  }
  return Math.sqrt(most);
}

/** How many numbers are above a value; from `most` on that or more. */
function countAbove(z: Float32Array, value: number, most: number): number {
  let above = 0;
  for (let k = 0; k < z.length && above < most; k++) if (z[k] > value) above++;
  return above;
}

/** The places of the numbers that are no further from `value` than `off`, but for `but`; null where they are many. */
function within(z: Float32Array, value: number, off: number, but: number): number[] | null {
  const [low, high] = [value - off, value + off];
  const places: number[] = [];
  for (let k = 0; k < z.length; k++) {
    if (z[k] >= low && z[k] <= high && k !== but && places.push(k) > mostApart) return null;
  }
  return places;
}
