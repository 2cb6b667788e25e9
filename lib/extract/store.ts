import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import {
  openSafetensors,
  type FloatNdArray,
  type LinearMap,
  type RowSource,
  type SafetensorsFile,
  type TensorSpec,
} from '../tensor/index.js';
import type { SkippedImage } from './batches.js';
import { verifyStore } from './checksums.js';
import { logitsOfHead } from './head-logits.js';
import type { Provenance } from './provenance.js';
import { damaged, isStore, storedProvenance, storedSkipped, storeTensors } from './store-layout.js';

/**
 * Extracted activations on disk, one safetensors file. Rows are read in blocks. A store may also be made of others, with
 * another head or of several models side by side: then `head` has to map its `features` to its `logits`, and the digest of
 * `provenance.model` has to be its own, since whether two stores are of one model is asked there.
 */
export interface Store {
  readonly path: string;
  readonly rows: number;
  /** (n, d) */
  readonly features: RowSource;
  /** (n, c); computed from the features and the head where only those were stored. */
  readonly logits: RowSource;
  /** (n), −1 where there is none. */
  readonly labels: Int32Array;
  /** (n): position of each row in its data set, which leaves out skipped images. */
  readonly positions: Int32Array;
  /** The model's last linear layer. */
  readonly head: LinearMap;
  readonly provenance: Provenance;
  /** Images of the data set that were left out. */
  readonly skipped: SkippedImage[];
  close(): Promise<void>;
}

/**
 * Opens a finished store and checks all of it against its checksums. One of an early version, without checksums, is opened too,
 * with a note to `onProgress`.
 * @throws FeatReconstructError when the file is missing, damaged or no store
 */
export async function openStore(path: string, options: TaskOptions = {}): Promise<Store> {
  const file = await openSafetensors(path);
  try {
    return await storeOf(path, file, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The store in a safetensors file that is open; closing the store closes the file. @throws FeatReconstructError as `openStore` */
export async function storeOf(path: string, file: SafetensorsFile, options: TaskOptions): Promise<Store> {
  if (!isStore(file.metadata)) {
    throw new FeatReconstructError(
      `Expected a store written by featreconstruct, found another safetensors file: ${path}. Make one with 'featreconstruct extract', or give its tensors as FILE#NAME.`,
    );
  }
  const provenance = storedProvenance(path, file.metadata);
  const tensors = storeTensors(provenance, file.tensors.get('labels')?.shape[0] ?? -1);
  const strange = tensors.find((spec) => !isThere(file, spec));
  if (strange) throw damaged(path, `the shape of '${strange.name}'`);
  if (!(await verifyStore(path, file, tensors, options))) {
    const note = `${path} was written before stores had checksums: its rows are taken as they are.`;
    options.onProgress?.({ stage: `open ${path}`, done: 0, total: 0, unit: 'rows', note });
  }
  const features = file.rows('features');
  const head: LinearMap = {
    weight: (await file.read('head.weight')) as FloatNdArray,
    bias: (await file.read('head.bias')) as FloatNdArray,
  };
  const computed = provenance.logits === 'head' ? logitsOfHead(features, head) : null;
  return {
    path,
    rows: features.rows,
    features,
    logits: computed ?? file.rows('logits'),
    labels: (await file.read('labels')).data as Int32Array,
    positions: (await file.read('positions')).data as Int32Array,
    head,
    provenance,
    skipped: storedSkipped(path, file.metadata),
    async close() {
      await computed?.release();
      await file.close();
    },
  };
}

function isThere({ tensors }: SafetensorsFile, { name, dtype, shape }: TensorSpec): boolean {
  const found = tensors.get(name);
  return found?.dtype === dtype && found.shape.join() === shape.join();
}

/** Reads all of a store's rows into memory. */
export async function loadRows(source: RowSource): Promise<Float32Array> {
  const out = new Float32Array(source.rows * source.cols);
  const step = 4096;
  for (let start = 0; start < source.rows; start += step) {
    const end = Math.min(source.rows, start + step);
    out.set(await source.read(start, end), start * source.cols);
  }
  return out;
}
