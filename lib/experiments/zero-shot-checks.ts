import { FeatReconstructError, random, type Random } from '../base/index.js';
import { dot, matrix, multiply } from '../linalg/index.js';
import type { RowSource } from '../tensor/index.js';
import type { RowWarning } from '../words/index.js';

/**
 * What can be seen of class embeddings from their numbers alone, and from the images' embeddings beside them. An array that
 * was saved the wrong way or belongs to another model has the right shape and gives an answer all the same.
 */

/** A unit row's norm may be off by this much: embeddings are often kept in float16 or bfloat16. */
const unit = 0.01;
/** Two rows nearer than this are one direction. */
const same = 1e-6;

/**
 * Notices on embeddings (c, d) as they stand in a file, before they are normalised.
 * @param values (c, d), row-major
 * @throws FeatReconstructError when the memory holds the transpose: `safetensors.numpy.save_file` writes an array's memory
 *   and ignores its strides, so that a `.T` gets the right shape over numbers in the wrong order
 */
export function embeddingNotices(values: Float64Array, c: number, path: string): RowWarning[] {
  const d = values.length / c;
  const rows = Array.from({ length: c }, (_, i) => values.subarray(i * d, (i + 1) * d));
  const norms = rows.map((row) => Math.sqrt(dot(row, row)));
  const notices: RowWarning[] = [];
  if (!norms.every(isUnit)) {
    if (columnNorms(values, c).every(isUnit)) {
      throw new FeatReconstructError(
        `Expected class embeddings (${c}, ${d}) in ${path}, found numbers that are unit vectors only when they are read as (${d}, ${c}): the file was written from a transposed array by a library that ignores strides. Save a contiguous copy (.T.contiguous() in PyTorch, numpy.ascontiguousarray in NumPy).`,
      );
    }
    notices.push({ kind: 'embeddings-not-unit', file: path, least: Math.min(...norms), most: Math.max(...norms) });
  }
  const distinct = distinctDirections(rows, norms);
  if (distinct < c) notices.push({ kind: 'embeddings-alike', file: path, classes: c, distinct });
  return notices;
}

const isUnit = (norm: number): boolean => Math.abs(norm - 1) <= unit;

/** Norms of the c columns of the same memory as (d, c). */
function columnNorms(values: Float64Array, c: number): number[] {
  const squares = new Float64Array(c);
  for (let i = 0; i < values.length; i++) squares[i % c] += values[i] * values[i];
  return Array.from(squares, Math.sqrt);
}

/** How many directions differ. Sorted by one projection, equal ones are neighbours, so that few pairs are compared. */
function distinctDirections(rows: readonly Float64Array[], norms: readonly number[]): number {
  const source = random(1);
  const probe = Float64Array.from(rows[0], () => source.next() - 0.5);
  const places = rows.map((row, i) => ({ i, at: dot(row, probe) / norms[i] })).sort((a, b) => a.at - b.at);
  let distinct = 0;
  for (const [k, { i, at }] of places.entries()) {
    let isNew = true;
    // Rounding moves a projection by less than `same` times the probe's norm.
    for (let l = k - 1; isNew && l >= 0 && at - places[l].at <= same * Math.sqrt(dot(probe, probe)); l--) {
      const [a, b] = [rows[i], rows[places[l].i]];
      isNew = a.some((value, j) => Math.abs(value / norms[i] - b[j] / norms[places[l].i]) > same);
    }
    if (isNew) distinct++;
  }
  return distinct;
}

/**
 * Images that are compared, and random orders that are drawn: with 19 of them a head of another model passes once in
 * twenty.
 */
const [images, orders] = [256, 19];

/**
 * A notice where class embeddings have nothing in common with the embeddings of images: their best cosines, averaged over
 * images, are no higher than with the same numbers in a random order (a permutation test at 5 %).
 * @param weight (c, d), unit rows
 * @param features (n, d)
 * @returns null where they are near
 */
export async function strangerNotice(
  weight: Float64Array,
  features: RowSource,
  name: string,
): Promise<RowWarning | null> {
  const d = features.cols;
  const c = weight.length / d;
  const n = Math.min(images, features.rows);
  const rows = matrix(n, d, Float64Array.from(await features.read(0, n)));
  for (let i = 0; i < n; i++) {
    const row = rows.data.subarray(i * d, (i + 1) * d);
    const norm = Math.sqrt(dot(row, row)) || 1;
    for (let j = 0; j < d; j++) row[j] /= norm;
  }
  const nearest = async (order: Int32Array): Promise<number> => {
    const shuffled = Float64Array.from(weight, (_, at) => weight[at - (at % d) + order[at % d]]);
    const { data } = await multiply(rows, matrix(c, d, shuffled), 'nt');
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let best = -Infinity;
      for (let k = 0; k < c; k++) best = Math.max(best, data[i * c + k]);
      sum += best;
    }
    return sum / n;
  };
  const order = Int32Array.from({ length: d }, (_, j) => j);
  const found = await nearest(order);
  const source = random(2);
  let byChance = -Infinity;
  for (let k = 0; k < orders; k++) {
    shuffle(order, source);
    byChance = Math.max(byChance, await nearest(order));
    if (byChance >= found) return { kind: 'embeddings-far', model: name, cosine: found, byChance };
  }
  return null;
}

/** Fisher and Yates. */
function shuffle(order: Int32Array, source: Random): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = source.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
}
