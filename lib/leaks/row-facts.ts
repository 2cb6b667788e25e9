import type { RowSource } from '../tensor/index.js';
import { logSumExps } from '../linalg/index.js';
import { largest } from './largest.js';

/** The k largest logits of some rows, one row after the other. */
export interface TopLogits {
  /** Classes (n · k): of each row descending by logit, of equal ones the lowest first. */
  places: Int32Array;
  /** Their logits (n · k). */
  values: Float64Array;
}

interface KeptTop extends TopLogits {
  k: number;
  /** 1 where a row's are known. */
  known: Uint8Array;
}

/** The largest k that is kept: more would take as much memory as the rows do. */
const mostKept = 32;

/** Numbers of rows of logits (n, c) that take the whole row, each computed once: a row of very many classes is long. */
export class RowFacts {
  readonly #logSums = new Map<number, Float64Array>();
  readonly #kept = new Map<string, Float64Array>();
  #top: KeptTop | null = null;
  readonly #rows: number;
  readonly #classes: number;

  /** @param logits what is asked about; only its size is kept */
  constructor({ rows, cols }: Pick<RowSource, 'rows' | 'cols'>) {
    this.#rows = rows;
    this.#classes = cols;
  }

  /** Logarithms of the sums of exponentials of rows `start`, … of the logits over a temperature. */
  async logSums(block: Float32Array | Float64Array, start: number, temperature: number): Promise<Float64Array> {
    const known = this.#logSums.get(temperature) ?? new Float64Array(this.#rows).fill(NaN);
    this.#logSums.set(temperature, known);
    const out = known.subarray(start, start + block.length / this.#classes);
    if (out.some(Number.isNaN)) out.set(await logSumExps(block, this.#classes, temperature));
    return out;
  }

  /** The same, where all of them are known without the rows; else null. */
  knownLogSums(start: number, end: number, temperature: number): Float64Array | null {
    const known = this.#logSums.get(temperature)?.subarray(start, end);
    return known && !known.some(Number.isNaN) ? known : null;
  }

  /** The k largest logits of rows `start`, …. */
  top(block: Float32Array | Float64Array, start: number, k: number): TopLogits {
    const c = this.#classes;
    const n = block.length / c;
    const kept = this.#keptTop(k);
    const out: TopLogits = { places: new Int32Array(n * k), values: new Float64Array(n * k) };
    for (let i = 0; i < n; i++) {
      const row = block.subarray(i * c, (i + 1) * c);
      if (!kept) put(out, i * k, largest(row, k), row);
      else if (!kept.known[start + i]) {
        put(kept, (start + i) * kept.k, largest(row, kept.k), row);
        kept.known[start + i] = 1;
      }
    }
    if (kept) take(kept, kept.k, start, k, out);
    return out;
  }

  /** The same, where they are known without the rows; else null. */
  knownTop(start: number, end: number, k: number): TopLogits | null {
    const kept = this.#top;
    if (!kept || kept.k < k || kept.known.subarray(start, end).includes(0)) return null;
    const out: TopLogits = { places: new Int32Array((end - start) * k), values: new Float64Array((end - start) * k) };
    take(kept, kept.k, start, k, out);
    return out;
  }

  /** Another number of a row that takes the whole row, by name. */
  kept(name: string, row: number, compute: () => number): number {
    const known = this.#kept.get(name) ?? new Float64Array(this.#rows).fill(NaN);
    this.#kept.set(name, known);
    if (Number.isNaN(known[row])) known[row] = compute();
    return known[row];
  }

  /** Where the k largest are kept: those of a larger k hold them. */
  #keptTop(k: number): KeptTop | null {
    if (k > mostKept) return null;
    if (!this.#top || this.#top.k < k) {
      const n = this.#rows;
      const [places, values] = [new Int32Array(n * k), new Float64Array(n * k)];
      this.#top = { k, places, values, known: new Uint8Array(n) };
    }
    return this.#top;
  }
}

function put(into: TopLogits, at: number, order: readonly number[], row: Float32Array | Float64Array): void {
  for (let i = 0; i < order.length; i++) {
    into.places[at + i] = order[i];
    into.values[at + i] = row[order[i]];
  }
}

function take(kept: TopLogits, width: number, start: number, k: number, out: TopLogits): void {
  for (let at = 0, from = start * width; at < out.places.length; at += k, from += width) {
    out.places.set(kept.places.subarray(from, from + k), at);
    out.values.set(kept.values.subarray(from, from + k), at);
  }
}
