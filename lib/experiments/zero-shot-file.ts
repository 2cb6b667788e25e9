import { FeatReconstructError } from '../base/index.js';
import { embeddingNotices } from './zero-shot-checks.js';
import { splitName } from '../tensor/index.js';
import {
  openNpy,
  openTensors,
  toNdArray,
  writeSafetensors,
  type LinearMap,
  type StoredTensor,
} from '../tensor/index.js';
import type { RowWarning } from '../words/index.js';

/** Class embeddings as a head: weight (c, d) of unit rows, bias 0. */
export interface ClassEmbeddings extends LinearMap {
  /** In the order of the rows; null where they are not known. */
  classNames: readonly string[] | null;
  /** What is unusual about the numbers of a file. */
  notices: readonly RowWarning[];
}

/**
 * Reads class embeddings (c, d) from a .npy, or a safetensors or .npz file: its one tensor, the one called `embeddings`, or
 * one that is named (`FILE#NAME`). The metadata of safetensors may name the classes, as a JSON list under `classNames`.
 * @throws FeatReconstructError when the file is another, a row has no direction, or the numbers are those of the transpose
 */
export async function readClassEmbeddings(text: string): Promise<ClassEmbeddings> {
  const [path, name] = splitName(text);
  const file = await openEmbeddings(path, name);
  try {
    const { rows } = file;
    const { shape } = rows;
    if (shape.length !== 2 || shape[0] < 2) {
      throw new FeatReconstructError(
        `Expected class embeddings (c, d) in ${path}, found shape (${shape.join(', ')}): one row is one class.`,
      );
    }
    const [c, d] = shape;
    const values = Float64Array.from(await rows.read(0, c));
    const notices = embeddingNotices(values, c, path);
    return { ...unitHead(values, d, path), classNames: namesOf(file.metadata.classNames, c, path), notices };
  } finally {
    await file.close();
  }
}

async function openEmbeddings(
  path: string,
  name: string | undefined,
): Promise<{ rows: StoredTensor; metadata: Readonly<Record<string, string>>; close(): Promise<void> }> {
  if (/\.npy$/i.test(path)) {
    const rows = await openNpy(path);
    return { rows, metadata: {}, close: () => rows.close() };
  }
  const file = await openTensors(path);
  try {
    const only = file.tensors.size === 1 ? [...file.tensors.keys()][0] : 'embeddings';
    return { rows: file.rows(name ?? only), metadata: file.metadata, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Writes what {@link readClassEmbeddings} reads. */
export async function writeClassEmbeddings(
  path: string,
  { weight, classNames }: Pick<ClassEmbeddings, 'weight' | 'classNames'>,
): Promise<void> {
  await writeSafetensors(path, { embeddings: weight }, classNames ? { classNames: JSON.stringify(classNames) } : {});
}

function namesOf(json: string | undefined, c: number, path: string): readonly string[] | null {
  if (json === undefined) return null;
  try {
    const names: unknown = JSON.parse(json);
    if (Array.isArray(names) && names.length === c && names.every((name) => typeof name === 'string')) return names;
  } catch {
    // The error below is the same as for a list of another length.
  }
  throw new FeatReconstructError(
    `Expected a JSON list of ${c} names, one for each class, under 'classNames' in the metadata of ${path}, found ${json.slice(0, 80)}: correct it or leave it out.`,
    { code: 'mismatch' },
  );
}

/**
 * Class embeddings as a head.
 * @param embeddings (c, d), normalised in place
 * @param what names their origin in errors
 */
export function unitHead(embeddings: Float64Array, d: number, what: string): LinearMap {
  normaliseRows(embeddings, d, (row) => `the embedding of class ${row} of ${what}`);
  const c = embeddings.length / d;
  return { weight: toNdArray(new Float32Array(embeddings), [c, d]), bias: toNdArray(new Float32Array(c), [c]) };
}

/**
 * Scales rows to norm 1, in place.
 * @throws FeatReconstructError naming the first row that has no direction
 */
export function normaliseRows(values: Float64Array, width: number, name: (row: number) => string): Float64Array {
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (!(norm > 0 && Number.isFinite(norm))) {
      throw new FeatReconstructError(
        `Expected ${name(start / width)} to point somewhere, found a norm of ${norm}: look at what made it.`,
      );
    }
    for (let i = 0; i < width; i++) row[i] /= norm;
  }
  return values;
}
