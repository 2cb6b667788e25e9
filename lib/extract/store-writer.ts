import { rename, rm } from 'node:fs/promises';
import { FeatReconstructError, type TaskOptions } from '../base/index.js';
import { createSafetensors, openSafetensors, type LinearMap, type SafetensorsWriter } from '../tensor/index.js';
import type { SkippedImage } from './batches.js';
import { addRows, checksumList, checksumsOf } from './checksums.js';
import { storeKey, type Provenance } from './provenance.js';
import { rowsPerChecksum, checksumTensor, storeMetadata, storeTensors } from './store-layout.js';
import { readProgress, removeLeftovers, removeUnfinished, saveProgress, type ProgressRecord } from './unfinished.js';

/** A store that is being written: FILE.partial until it is whole. */
interface StoreWriter {
  /** Position in the data set to continue from. */
  readonly next: number;
  readonly rows: number;
  /** Images left out so far. */
  readonly skipped: readonly SkippedImage[];
  append(rows: StoreRows): Promise<void>;
  /** Makes the file whole under its own name. */
  finish(): Promise<void>;
  /** Saves what is there, for another run to continue. */
  suspend(): Promise<void>;
}

/** Rows to append. */
interface StoreRows {
  features: Float32Array;
  /** Null when only features are stored. */
  logits: Float32Array | null;
  labels: number[];
  positions: number[];
  skipped: SkippedImage[];
  /** Position in the data set after these rows. */
  next: number;
}

/** Options of {@link writeStore}. */
interface WriteOptions extends TaskOptions {
  /** Called before anything is saved or finished. @throws FeatReconstructError where another process writes the store, too */
  check(): Promise<void>;
}

/** Begins a store or continues an unfinished one. The caller holds the store's lock. */
export async function writeStore(
  path: string,
  provenance: Provenance,
  head: LinearMap,
  threads: number,
  options: WriteOptions,
): Promise<StoreWriter> {
  const partial = `${path}.partial`;
  const n = provenance.dataset.size;
  const found = await readProgress(path);
  // Without checksums nothing tells whether the rows are those that were written: they are computed again.
  const resumed = found?.checksums ? found : null;
  const progress: ProgressRecord = resumed ?? {
    key: storeKey(provenance),
    provenance,
    threads,
    next: 0,
    rows: 0,
    skipped: [],
    checksums: {},
  };
  const sums = progress.checksums!;
  if (resumed) await removeLeftovers(path);
  else await removeUnfinished(path);
  const tensors = storeTensors(progress.provenance, n);
  const metadata = storeMetadata(progress.provenance, []);
  const layout = [...tensors, checksumTensor(tensors)];
  const file = await createSafetensors(partial, layout, metadata, { resume: resumed !== null });
  // Checksums are added once all parts are written: where a disk is full, rows that are half there stay outside the count.
  const write = async (first: number, rows: number, parts: Record<string, Float32Array | Int32Array>) => {
    if (rows === 0) return;
    for (const [name, data] of Object.entries(parts)) await file.writeRows(name, first, data);
    for (const [name, data] of Object.entries(parts)) addRows(sums, name, rows, data);
  };
  try {
    if (resumed) await verifyRows(path, resumed, options);
    else {
      const [weight, bias] = [Float32Array.from(head.weight.data), Float32Array.from(head.bias.data)];
      await write(0, head.bias.shape[0], { 'head.weight': weight, 'head.bias': bias });
    }
  } catch (error) {
    await file.close();
    throw error;
  }

  // Rows reach the disk before the record that counts them, so that a crash in between costs no more than these rows.
  const save = async (): Promise<void> => {
    await file.sync();
    await options.check();
    await saveProgress(path, progress);
  };
  // Saved after the first batch, then every two seconds: however the extraction ends, no more than that is lost.
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
      const rows = labels.length;
      await write(progress.rows, rows, {
        features,
        ...(logits ? { logits } : {}),
        labels: Int32Array.from(labels),
        positions: Int32Array.from(positions),
      });
      progress.rows += rows;
      progress.next = next;
      progress.skipped.push(...skipped);
      if (Date.now() - saved > 2000) {
        await save();
        saved = Date.now();
      }
    },
    async finish() {
      checkWhole(progress, n);
      if (progress.skipped.length === 0) {
        await file.writeRows('checksums', 0, checksumList(sums, tensors, file.header));
        await file.sync();
        await file.close();
        await options.check();
        await rename(partial, path);
      } else {
        await file.sync();
        await file.close();
        await shorten(path, progress, options);
      }
      await removeUnfinished(path);
    },
    async suspend() {
      // The caller reports the error that ended the extraction; one of saving (a full disk, say) would hide it.
      if (progress.next > 0) await save().catch(() => {});
      await file.close().catch(() => {});
      // A file without rows cannot be continued, and would be in the way of another extraction.
      const isOurs = await options.check().then(
        () => true,
        () => false,
      );
      if (progress.next === 0 && isOurs) await rm(partial, { force: true }).catch(() => {});
    },
  };
}

/** @throws FeatReconstructError where the unfinished file does not hold the rows that its record counts */
async function verifyRows(path: string, { rows, provenance, checksums }: ProgressRecord, options: TaskOptions) {
  const partial = `${path}.partial`;
  const file = await openSafetensors(partial);
  try {
    const written = storeTensors(provenance, rows).map(({ name, shape }) => ({ name, rows: shape[0] }));
    const sums = await checksumsOf(file, written, { ...options, stage: `check ${partial}` });
    const other = written.find(({ name }) => JSON.stringify(sums[name]) !== JSON.stringify(checksums![name]));
    if (!other) return;
    throw new FeatReconstructError(
      `Expected ${partial} to hold the ${rows} rows that ${partial}.json speaks of, found other '${other.name}': one of the two is damaged or of another run. Delete both to begin anew.`,
      { code: 'damaged' },
    );
  } finally {
    await file.close();
  }
}

/** @throws FeatReconstructError where the data set ended before its size: rows of zeros would be left */
function checkWhole({ rows, skipped, provenance }: ProgressRecord, n: number): void {
  if (rows + skipped.length === n) return;
  throw new FeatReconstructError(
    `Expected ${n} images from ${provenance.dataset.spec}, found ${rows + skipped.length}: the data set has changed while it was read. Run again.`,
  );
}

/** Copies a store that was laid out for more rows than there turned out to be. */
async function shorten(
  path: string,
  { provenance, skipped, rows, checksums }: ProgressRecord,
  options: WriteOptions,
): Promise<void> {
  const temporary = `${path}.partial.short`;
  const tensors = storeTensors(provenance, rows);
  const from = await openSafetensors(`${path}.partial`);
  let to: SafetensorsWriter | undefined;
  try {
    to = await createSafetensors(temporary, [...tensors, checksumTensor(tensors)], storeMetadata(provenance, skipped));
    for (const { name, shape } of tensors) {
      const source = from.rows(name);
      for (let start = 0; start < shape[0]; start += rowsPerChecksum) {
        await to.writeRows(name, start, await source.readItems(start, Math.min(shape[0], start + rowsPerChecksum)));
      }
    }
    await to.writeRows('checksums', 0, checksumList(checksums!, tensors, to.header));
    await to.sync();
    await options.check();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await to?.close();
    await from.close();
  }
}
