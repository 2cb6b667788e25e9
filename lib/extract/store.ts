import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { buildModel, dataType } from '../onnx/index.js';
import { createSession, type GraphSession } from '../runtime/index.js';
import {
  createSafetensors,
  fileError,
  openSafetensors,
  writeWhole,
  type FloatNdArray,
  type LinearMap,
  type RowSource,
} from '../tensor/index.js';
import type { SkippedImage } from './batches.js';
import { differences, storeKey, type Provenance } from './provenance.js';

/** Extracted activations on disk, one safetensors file. Rows are read in blocks. */
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
  readonly skipped: SkippedImage[];
  close(): Promise<void>;
}

const format = 'featreconstruct store';

/** Is this safetensors file one of ours, and which? Null where it is not. */
export function storeProvenance(metadata: Record<string, string>): Provenance | null {
  return metadata.format === format ? (JSON.parse(metadata.provenance) as Provenance) : null;
}

/**
 * Opens a finished store.
 * @throws FeatReconstructError when the file is missing, corrupted or no store
 */
export async function openStore(path: string): Promise<Store> {
  const file = await openSafetensors(path);
  try {
    const provenance = storeProvenance(file.metadata);
    if (!provenance) {
      throw new FeatReconstructError(
        `Expected a store written by featreconstruct, found another safetensors file: ${path}. Make one with 'featreconstruct extract', or give its tensors as FILE#NAME.`,
      );
    }
    const features = file.rows('features');
    const head: LinearMap = {
      weight: (await file.read('head.weight')) as FloatNdArray,
      bias: (await file.read('head.bias')) as FloatNdArray,
    };
    const computed = provenance.logits === 'head' ? headOf(features, head) : null;
    return {
      path,
      rows: features.rows,
      features,
      logits: computed ?? file.rows('logits'),
      labels: (await file.read('labels')).data as Int32Array,
      positions: (await file.read('positions')).data as Int32Array,
      head,
      provenance,
      skipped: JSON.parse(file.metadata.skipped ?? '[]') as SkippedImage[],
      async close() {
        await computed?.release();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Logits computed from stored features when they are read: float64 products on ONNX Runtime, rounded to float32. */
function headOf(features: RowSource, head: LinearMap): RowSource & { release(): Promise<void> } {
  const [c, d] = head.weight.shape;
  let session: Promise<GraphSession> | undefined;
  const open = (): Promise<GraphSession> =>
    createSession(
      buildModel({
        inputs: [{ name: 'features', type: 'float32', dims: ['n', d] }],
        outputs: [{ name: 'logits', type: 'float32', dims: ['n', c] }],
        constants: [
          { name: 'weight', type: 'float64', dims: [c, d], data: Float64Array.from(head.weight.data) },
          { name: 'bias', type: 'float64', dims: [c], data: Float64Array.from(head.bias.data) },
        ],
        nodes: [
          { op: 'Cast', inputs: ['features'], outputs: ['wide'], attributes: { to: { int: dataType.float64 } } },
          { op: 'Gemm', inputs: ['wide', 'weight', 'bias'], outputs: ['sum'], attributes: { transB: { int: 1 } } },
          { op: 'Cast', inputs: ['sum'], outputs: ['logits'], attributes: { to: { int: dataType.float32 } } },
        ],
      }),
    );
  return {
    rows: features.rows,
    cols: c,
    dtype: 'float32',
    async read(start, end) {
      session ??= open();
      const data = (await features.read(start, end)) as Float32Array;
      const { logits } = await (await session).run({ features: { type: 'float32', data, dims: [end - start, d] } });
      return logits.data as Float32Array;
    },
    async release() {
      await (await session)?.release();
    },
  };
}

/** How far an unfinished store has come; lies beside it as FILE.partial.json. */
interface Progress {
  key: string;
  provenance: Provenance;
  /** Threads of an operator: another number may round differently, so a resumed store goes on with it. */
  threads: number;
  next: number;
  rows: number;
  skipped: SkippedImage[];
}

/** A store that is being written: FILE.partial until it is whole. */
export interface StoreWriter {
  /** Position in the data set to go on from. */
  readonly next: number;
  readonly rows: number;
  /** Images left out so far. */
  readonly skipped: readonly SkippedImage[];
  append(rows: StoreRows): Promise<void>;
  /** Makes the file whole under its own name. */
  finish(): Promise<void>;
  /** Leaves what is there for the next run. */
  suspend(): Promise<void>;
}

export interface StoreRows {
  features: Float32Array;
  /** Absent when only features are stored. */
  logits: Float32Array | null;
  labels: number[];
  positions: number[];
  skipped: SkippedImage[];
  /** Position in the data set after these rows. */
  next: number;
}

/** Provenance of the finished store at `path`; null where there is another file. */
async function readProvenance(path: string): Promise<Provenance | null> {
  const file = await openSafetensors(path);
  await file.close();
  return storeProvenance(file.metadata);
}

/** Batch size of the store at `path`, finished or not: with another one, rows could not be gone on with or used again. */
export async function storedBatchSize(path: string): Promise<number | undefined> {
  const found = (await exists(path)) ? await readProvenance(path) : (await readProgress(path))?.provenance;
  return found?.batchSize;
}

/** What stands at `path`: a finished store of this provenance, an unfinished one, or nothing. */
export async function findStore(
  path: string,
  wanted: Provenance,
): Promise<'finished' | { threads: number; skipped: SkippedImage[] } | null> {
  if (await exists(path)) {
    const found = await readProvenance(path);
    if (!found) {
      throw new FeatReconstructError(
        `Expected ${path} to be a store or not to exist, found another file. Choose another name for the store.`,
      );
    }
    if (storeKey(found) !== storeKey(wanted)) throw mismatch(path, found, wanted);
    return 'finished';
  }
  const progress = await readProgress(path);
  if (!progress) return null;
  if (progress.key !== storeKey(wanted)) throw mismatch(`${path}.partial`, progress.provenance, wanted);
  return { threads: progress.threads, skipped: progress.skipped };
}

function mismatch(path: string, found: Provenance, wanted: Provenance): FeatReconstructError {
  return new FeatReconstructError(
    `The store ${path} was written for another extraction; it differs in: ${differences(found, wanted)}. Choose another file or delete this one.`,
  );
}

/** Begins a store or goes on with an unfinished one. */
export async function writeStore(
  path: string,
  provenance: Provenance,
  head: LinearMap,
  threads: number,
): Promise<StoreWriter> {
  const { featureDim: d, classCount: c } = provenance.model;
  const n = provenance.dataset.size;
  const found = await readProgress(path);
  const progress: Progress = found ?? { key: storeKey(provenance), provenance, threads, next: 0, rows: 0, skipped: [] };
  const partial = `${path}.partial`;
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw fileError(error, dirname(path), 'write');
  });
  const metadata = (skipped: SkippedImage[]): Record<string, string> => ({
    format,
    key: progress.key,
    provenance: JSON.stringify(progress.provenance),
    ...(skipped.length > 0 ? { skipped: JSON.stringify(skipped) } : {}),
  });
  const layout = (rows: number): Parameters<typeof createSafetensors>[1] => [
    { name: 'features', dtype: 'F32', shape: [rows, d] },
    ...(provenance.logits === 'stored' ? [{ name: 'logits', dtype: 'F32' as const, shape: [rows, c] }] : []),
    { name: 'labels', dtype: 'I32', shape: [rows] },
    { name: 'positions', dtype: 'I32', shape: [rows] },
    { name: 'head.weight', dtype: 'F32', shape: [c, d] },
    { name: 'head.bias', dtype: 'F32', shape: [c] },
  ];
  const file = await createSafetensors(partial, layout(n), metadata([]), { resume: found !== null });
  if (!found) {
    await file.writeRows('head.weight', 0, Float32Array.from(head.weight.data));
    await file.writeRows('head.bias', 0, Float32Array.from(head.bias.data));
  }

  // The file's rows reach the disk before the count that vouches for them; a crash in between costs those rows alone.
  const save = async (): Promise<void> => {
    await file.sync();
    await writeWhole(`${partial}.json`, [Buffer.from(JSON.stringify(progress))]);
  };
  // The first batch is saved at once, so that whatever ends the extraction afterwards costs two seconds at the most.
  let saved = 0;
  return {
    get next() {
      return progress.next;
    },
    get rows() {
      return progress.rows;
    },
    get skipped() {
      return progress.skipped;
    },
    async append({ features, logits, labels, positions, skipped, next }) {
      await file.writeRows('features', progress.rows, features);
      if (logits) await file.writeRows('logits', progress.rows, logits);
      await file.writeRows('labels', progress.rows, Int32Array.from(labels));
      await file.writeRows('positions', progress.rows, Int32Array.from(positions));
      progress.rows += labels.length;
      progress.next = next;
      progress.skipped.push(...skipped);
      if (Date.now() - saved > 2000) {
        await save();
        saved = Date.now();
      }
    },
    async finish() {
      await file.sync();
      await file.close();
      if (progress.skipped.length === 0) await rename(partial, path);
      else await shorten(partial, path, layout(progress.rows), metadata(progress.skipped), progress.rows);
      await rm(partial, { force: true });
      await rm(`${partial}.json`, { force: true });
    },
    async suspend() {
      // Whatever went wrong (a full disk, say) is the caller's error to report, not this one's.
      if (progress.next > 0) await save().catch(() => {});
      await file.close().catch(() => {});
      // Without a row there is nothing to go on with, and no reason to stand in another extraction's way.
      if (progress.next === 0) await rm(partial, { force: true }).catch(() => {});
    },
  };
}

/** Copies a store that was laid out for more rows than there turned out to be. */
async function shorten(
  partial: string,
  path: string,
  layout: Parameters<typeof createSafetensors>[1],
  metadata: Record<string, string>,
  rows: number,
): Promise<void> {
  const from = await openSafetensors(partial);
  const temporary = `${partial}.short`;
  try {
    const to = await createSafetensors(temporary, layout, metadata);
    try {
      for (const { name, dtype, shape } of layout) {
        if (dtype === 'F32' && shape.length === 2) {
          const source = from.rows(name);
          const count = name.startsWith('head.') ? shape[0] : rows;
          for (let start = 0; start < count; start += 4096) {
            const end = Math.min(count, start + 4096);
            await to.writeRows(name, start, (await source.read(start, end)) as Float32Array);
          }
        } else {
          const all = await from.read(name);
          await to.writeRows(name, 0, (all.data as Int32Array).subarray(0, shape[0]));
        }
      }
      await to.sync();
    } finally {
      await to.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await from.close();
  }
}

async function readProgress(path: string): Promise<Progress | null> {
  if (!(await exists(`${path}.partial`)) || !(await exists(`${path}.partial.json`))) return null;
  try {
    return JSON.parse(await readFile(`${path}.partial.json`, 'utf8')) as Progress;
  } catch (error) {
    throw new FeatReconstructError(
      `Expected ${path}.partial.json to say how far the unfinished store has come, found something else: delete it to begin anew.`,
      { cause: error },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
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
