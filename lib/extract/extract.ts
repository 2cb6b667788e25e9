import { rm } from 'node:fs/promises';
import type { NdArray } from 'ndarray';
import { blockRows, FeatReconstructError, option, type TaskOptions, UsageError } from '../base/index.js';
import { checkPlace, isObject, upload, workFile } from '../bytes/index.js';
import { leftOutInWords } from '../words/index.js';
import { openDataset, someLeftOut, type Dataset, type OpenDatasetOptions } from '../datasets/index.js';
import type { TransformChoice } from '../images/index.js';
import {
  loadOptions,
  openModel,
  type LoadModelOptions,
  type Model,
  type ModelDescription,
  type ModelFile,
  type ModelOptions,
} from '../runtime/index.js';
import { toNdArray } from '../tensor/index.js';
import { checkDataset } from './check-dataset.js';
import { imageBatches, tensorBatches, type Batch, whyLeftOut, type SkippedImage } from './batches.js';
import { imageTransforms, type UnstatedTransform } from './image-transform.js';
import { noteVerified } from './checksums.js';
import type { Provenance } from './provenance.js';
import { findStore, storedBatchSize } from './find-store.js';
import { loadRows, openStore, type Store } from './store.js';
import { asOnlyWriter, tidy } from './only-writer.js';
import { writeStore } from './store-writer.js';

/** Options of {@link extractFeatures} and {@link extractToStore}. */
export interface ExtractOptions extends TaskOptions {
  /**
   * A preset by name, one with a model's own numbers, or `model`: the one that the model's files state. Default: that one
   * where they state one, else `unstated`.
   */
  transform?: TransformChoice | undefined;
  /**
   * For models that state no transform. Default: `protocol`, the published experiments', on CIFAR, Places365 and drawn
   * images; the usual evaluation (`imagenet`) on anyone's photographs.
   */
  unstated?: UnstatedTransform | undefined;
  /**
   * Images per batch. It decides the last bits of some models' outputs. Default: that of the store where there
   * is one, else the graph's own where it is fixed, else 32.
   */
  batchSize?: number | undefined;
  /** Path of a safetensors file: it is written, continued where it is unfinished, and read where it is finished. */
  store?: string | undefined;
  /** `head` stores features only and computes logits from the lifted head when they are read. Default `stored`. */
  logits?: 'stored' | 'head' | undefined;
  /** Leave out images that cannot be decoded and files of kinds that are not read, and count them. */
  skipBadImages?: boolean | undefined;
  /** For a model given by path: where it runs. Default `cpu`. */
  executionProviders?: LoadModelOptions['executionProviders'] | undefined;
  /** For a model given by path: how it is read. */
  model?: ModelOptions | undefined;
  /** For a data set given by spec. */
  dataset?: OpenDatasetOptions | undefined;
}

/**
 * The options that apply to a model M and a data set D: how one is opened is no question where it is already open. For what may be a
 * path or open (`string | Model`) they compile, and are refused where it is open.
 */
export type ExtractOptionsFor<M, D> = Omit<
  ExtractOptions,
  | ([Extract<M, string>] extends [never] ? 'model' | 'executionProviders' : never)
  | ([Extract<D, string>] extends [never] ? 'dataset' : never)
>;

/** A model's activations on a data set, in memory. */
export interface Activations {
  /** (n, d) */
  features: NdArray<Float32Array>;
  /** (n, c) */
  logits: NdArray<Float32Array>;
  /** (n), −1 where there is none */
  labels: NdArray<Int32Array>;
  provenance: Provenance;
  /** Images that were left out, with `skipBadImages`. */
  skipped: SkippedImage[];
}

const defaultBatchSize = 32;

/**
 * Runs a model over a data set once and returns its penultimate features (n, d) and logits (n, c).
 *
 * With `store` the rows are written to one safetensors file as they are computed. A run that was stopped continues where it was,
 * to the same bytes; a finished store is read again without opening the model in ONNX Runtime.
 *
 * @param model a loaded model, or the path of an .onnx file
 * @param dataset an open data set, or a spec such as `cifar100:train[0:5000]`
 * @throws FeatReconstructError for an image that cannot be decoded, features or logits that are NaN or infinite (naming
 *   the image), a store that was written for something else
 */
export function extractFeatures<M extends Model | string, D extends Dataset | string>(
  model: M,
  dataset: D,
  options?: ExtractOptionsFor<M, D>,
): Promise<Activations>;
export async function extractFeatures(
  model: Model | string,
  dataset: Dataset | string,
  options: ExtractOptions = {},
): Promise<Activations> {
  if (options.store !== undefined) {
    const store = await extractToStore(model, dataset, options.store, options);
    try {
      const { rows, features, logits, labels, provenance, skipped } = store;
      return {
        features: toNdArray(await loadRows(features), [rows, features.cols]),
        logits: toNdArray(await loadRows(logits), [rows, logits.cols]),
        labels: toNdArray(labels, [rows]),
        provenance,
        skipped,
      };
    } finally {
      await store.close();
    }
  }
  return withInputs(model, dataset, options, async (file, images) => {
    const asked = await provenanceOf(file.description, images, options);
    const loaded = await file.load();
    const provenance = withPlacement(asked, loaded);
    const n = images.size;
    const { featureDim: d, classCount: c } = loaded;
    const features = new Float32Array(n * d);
    const logits = new Float32Array(n * c);
    const labels = new Int32Array(n);
    const skipped: SkippedImage[] = [];
    let rows = 0;
    for await (const { batch, outputs } of run(loaded, images, provenance, 0, options)) {
      features.set(outputs.features, rows * d);
      logits.set(outputs.logits, rows * c);
      labels.set(batch.labels, rows);
      skipped.push(...batch.skipped);
      rows += batch.labels.length;
    }
    if (rows === 0) throw allBad(images, skipped);
    return {
      features: toNdArray(features.subarray(0, rows * d), [rows, d]),
      logits: toNdArray(logits.subarray(0, rows * c), [rows, c]),
      labels: toNdArray(labels.subarray(0, rows), [rows]),
      provenance,
      skipped,
    };
  });
}

/**
 * As {@link extractFeatures} with a store, but leaves the rows on disk and returns the open store: for data that do not
 * fit in memory.
 * @param path the store's file, or a function that makes its name of the provenance
 * @throws FeatReconstructError as {@link extractFeatures}
 */
export function extractToStore<M extends Model | ModelFile | string, D extends Dataset | string>(
  model: M,
  dataset: D,
  path: string | ((provenance: Provenance) => string),
  options?: Omit<ExtractOptionsFor<M, D>, 'store'>,
): Promise<Store>;
/** @internal The same of a model whose file has been read. */
export function extractToStore(
  model: ModelFile,
  dataset: Dataset,
  path: string | ((provenance: Provenance) => string),
  options?: Omit<ExtractOptions, 'store' | 'model' | 'executionProviders' | 'dataset'>,
): Promise<Store>;
export async function extractToStore(
  model: Model | ModelFile | string,
  dataset: Dataset | string,
  path: string | ((provenance: Provenance) => string),
  options: ExtractOptions = {},
): Promise<Store> {
  return withInputs(model, dataset, options, async (opened, images) => {
    const asked = async (): Promise<Asked> => {
      const batchSize = options.batchSize ?? (typeof path === 'string' ? await batchSizeAt(path) : undefined);
      const provenance = await provenanceOf(opened.description, images, { ...options, batchSize });
      return { provenance, file: typeof path === 'string' ? path : path(provenance) };
    };
    const { provenance, file } = await asked();
    if ((await findStore(file, provenance)) !== 'finished') {
      // On object storage a right that is missing would otherwise show when all work is done.
      if (isObject(file)) await checkPlace(file);
      const work = workFile(file);
      await asOnlyWriter(work, options, async (check) => {
        // The process that was waited for may have finished the store, or begun it with another batch size.
        const now = await asked();
        if (isObject(file) && (await findStore(file, now.provenance)) === 'finished') return;
        await writeRows(opened, images, { ...now, file: work }, check, options);
        if (isObject(file)) await publish(work, now, options);
      });
    }
    return reopen(file, provenance, options);
  });
}

/** Batch size of the store at a path, or of the one that is being made for it. */
const batchSizeAt = async (path: string): Promise<number | undefined> =>
  (await storedBatchSize(path)) ?? (isObject(path) ? storedBatchSize(workFile(path)) : undefined);

/** Makes an object of a finished store, which is checked once more before and then removed from the disk. */
async function publish(work: string, { provenance, file }: Asked, options: ExtractOptions): Promise<void> {
  await (await openStore(work, options)).close();
  // Another machine may have written one meanwhile: the same one may be replaced, any other may not.
  await findStore(file, provenance);
  await upload(work, file, options);
  await noteVerified(file);
  await rm(work, { force: true });
}

/** What an extraction is asked for: where its rows come from, and where they go to. */
interface Asked {
  provenance: Provenance;
  file: string;
}

/** Writes what is missing of a store. @param check throws where this process is no longer the only one that writes it */
async function writeRows(
  model: ModelFile,
  images: Dataset,
  { provenance, file }: Asked,
  check: () => Promise<void>,
  options: ExtractOptions,
): Promise<void> {
  const found = await findStore(file, provenance);
  if (found === 'finished') return;
  if (found) checkSkipped(`${file}.partial`, found.skipped, options);
  const loaded = await model.load(found?.threads);
  if (found && found.threads !== loaded.intraOpNumThreads) {
    throw new UsageError(
      `The unfinished store ${file}.partial was begun with ${found.threads} threads, the model was loaded with ${loaded.intraOpNumThreads}: give ${option(`intraOpNumThreads: ${found.threads}`, `--threads ${found.threads}`)}, or delete the unfinished store.`,
    );
  }
  const placed = withPlacement(provenance, loaded);
  const writer = await writeStore(file, placed, loaded.head, loaded.intraOpNumThreads, { ...options, check });
  try {
    for await (const { batch, outputs } of run(loaded, images, provenance, writer.next, options)) {
      await writer.append({
        ...batch,
        features: outputs.features,
        logits: provenance.logits === 'stored' ? outputs.logits : null,
      });
    }
    if (writer.rows === 0) throw allBad(images, writer.skipped);
    await writer.finish();
  } catch (error) {
    await writer.suspend();
    throw error;
  }
}

/** A model's rows on a data set, batch by batch; none are kept. */
export interface ActivationStream {
  provenance: Provenance;
  batches: AsyncGenerator<ActivationBatch>;
}

/** The rows of one batch. */
export interface ActivationBatch {
  /** (rows, d) */
  features: Float32Array;
  /** (rows, c) */
  logits: Float32Array;
  /** (rows), −1 where there is none */
  labels: number[];
  /** (rows): the position of each row's image in the data set. */
  positions: number[];
  /** Images of the batch that were left out. */
  skipped: SkippedImage[];
  /** Position of the first image after the batch. */
  next: number;
}

/**
 * As {@link extractFeatures}, with the same numbers, but hands the rows out batch by batch.
 * @param options `start`: position to begin at, a multiple of the batch size
 * @throws FeatReconstructError as {@link extractFeatures} without a store
 */
export async function streamActivations(
  model: Model,
  dataset: Dataset,
  {
    start = 0,
    ...options
  }: Omit<ExtractOptions, 'store' | 'logits' | 'model' | 'executionProviders' | 'dataset'> & { start?: number } = {},
): Promise<ActivationStream> {
  checkDataset(dataset);
  checkLeftOut(dataset, options);
  reportNotes(dataset, options);
  const provenance = withPlacement(await provenanceOf(model, dataset, options), model);
  return { provenance, batches: rowsOf(run(model, dataset, provenance, start, options)) };
}

async function* rowsOf(batches: ReturnType<typeof run>): AsyncGenerator<ActivationBatch> {
  for await (const { batch, outputs } of batches) {
    const { labels, positions, skipped, next } = batch;
    yield { ...outputs, labels, positions, skipped, next };
  }
}

/** Opens a store that is known to be the one that was asked for. */
async function reopen(file: string, asked: Provenance, options: ExtractOptions): Promise<Store> {
  const store = await openStore(file, options);
  try {
    checkSkipped(file, store.skipped, options);
    await tidy(file);
    // Which files a folder leaves out, and of how many images these are a part, may have changed, with these images the same.
    const { provenance } = store;
    const { leftOut, part } = asked.dataset;
    // The same transform may have been assumed then and stated now, or the other way round.
    return {
      ...store,
      provenance: { ...provenance, assumed: asked.assumed, dataset: { ...provenance.dataset, leftOut, part } },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Refuses to leave out files of kinds that are not read unless that was asked for. */
function checkLeftOut({ spec, leftOut, leftOutNames }: Dataset, { skipBadImages }: ExtractOptions): void {
  if (leftOut && !skipBadImages) throw someLeftOut(spec, leftOut, leftOutNames);
}

const noted = new WeakSet<Dataset>();

/** Reports the notes of a data set, once for each, however many models are extracted on it. */
function reportNotes(dataset: Dataset, { onProgress }: ExtractOptions): void {
  if (!onProgress || noted.has(dataset)) return;
  noted.add(dataset);
  const { spec, size, notes = [] } = dataset;
  for (const note of notes) onProgress({ stage: `open ${spec}`, done: 0, total: size, unit: 'images', note });
}

/** Refuses a store without the bad images, unless leaving them out was asked for. */
function checkSkipped(file: string, skipped: readonly SkippedImage[], { skipBadImages }: ExtractOptions): void {
  if (skipBadImages || skipped.length === 0) return;
  throw new FeatReconstructError(
    `Expected a store of all images, found that ${file} leaves out ${skipped.length} bad ones, the first '${skipped[0].id}': give ${option('skipBadImages')} to take it as it is.`,
    { code: 'bad-image' },
  );
}

function allBad(dataset: Dataset, skipped: readonly SkippedImage[]): FeatReconstructError {
  return new FeatReconstructError(
    `Expected images that can be decoded in ${dataset.spec}, found that all ${skipped.length} are bad, the first: ${whyLeftOut(skipped[0].reason)}`,
    { code: 'bad-image' },
  );
}

/** Does a task with an open data set and a model whose file has been read, and closes what it opened for that. */
async function withInputs<T>(
  model: Model | ModelFile | string,
  dataset: Dataset | string,
  options: ExtractOptions,
  task: (model: ModelFile, images: Dataset) => Promise<T>,
): Promise<T> {
  const images = typeof dataset === 'string' ? await openDataset(dataset, options.dataset) : dataset;
  checkDataset(images);
  try {
    checkLeftOut(images, options);
    reportNotes(images, options);
    if (typeof model !== 'string') return await task('load' in model ? model : loadedByCaller(model), images);
    const file = await openModel(model, loadOptions(options));
    try {
      return await task(file, images);
    } finally {
      await file.release();
    }
  } finally {
    if (images !== dataset) await images.close();
  }
}

/** A model that the caller has loaded, and will release. */
const loadedByCaller = (model: Model): ModelFile => ({
  description: model,
  load: () => Promise.resolve(model),
  release: () => Promise.resolve(),
});

/** @throws UsageError for a batch size that is no positive whole number, or that does not divide the blocks of a shard */
async function provenanceOf(model: ModelDescription, dataset: Dataset, options: ExtractOptions): Promise<Provenance> {
  const batchSize = options.batchSize ?? model.batchSize ?? defaultBatchSize;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new UsageError(
      `The batch size (${option('batchSize')}) must be a whole number of at least 1, found ${batchSize}.`,
    );
  }
  if (dataset.part?.shard && blockRows % batchSize !== 0) {
    throw new UsageError(
      `Expected a batch size (${option('batchSize')}) that divides ${blockRows} for a shard, found ${batchSize}: shards are cut there, and with batches across the cut the last bits would be other ones than in one run. Take 32.`,
    );
  }
  return {
    format: 1,
    model: {
      name: model.name,
      digest: model.digest,
      features: model.featuresTensor,
      logits: model.logitsTensor,
      precision: model.precision,
      featureDim: model.featureDim,
      classCount: model.classCount,
    },
    dataset: {
      ...{ spec: dataset.spec, digest: await dataset.digest(options), size: dataset.size },
      ...(dataset.part ? { part: dataset.part } : {}),
      ...(dataset.leftOut ? { leftOut: dataset.leftOut } : {}),
    },
    ...(dataset.kind === 'images' ? imageTransforms(model, dataset, options) : { transform: null }),
    batchSize,
    provider: model.provider,
    logits: options.logits ?? 'stored',
  };
}

/** A provenance with where the nodes ran, which is known once the model is loaded. */
function withPlacement(provenance: Provenance, { placement }: Model): Provenance {
  if (!placement) return provenance;
  const nodes = Object.fromEntries(Object.entries(placement).map(([provider, names]) => [provider, names.length]));
  return { ...provenance, placement: { nodes, onCpu: placement.cpu ?? [] } };
}

/** Runs the model over the data set from a position on, batch by batch. */
async function* run(
  model: Model,
  dataset: Dataset,
  { transform, batchSize }: Provenance,
  start: number,
  { signal, onProgress, skipBadImages }: ExtractOptions,
): AsyncGenerator<{ batch: Batch; outputs: { features: Float32Array; logits: Float32Array } }> {
  const leftOut = dataset.leftOut ? `, without ${leftOutInWords(dataset.leftOut)}` : '';
  const stage = `extract ${model.name} on ${dataset.spec}${leftOut}`;
  const total = dataset.size;
  onProgress?.({ stage, done: start, total, unit: 'images' });
  if (start >= total) return;
  const batchOptions = { batchSize, start, signal, skipBadImages };
  const batches = transform
    ? imageBatches(dataset, transform, model, batchOptions)
    : tensorBatches(dataset, model, batchOptions);
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const outputs =
      batch.positions.length > 0
        ? await model.run(batch.input)
        : { features: new Float32Array(0), logits: new Float32Array(0) };
    checkFinite(outputs.features, batch, model, 'features');
    checkFinite(outputs.logits, batch, model, 'logits');
    yield { batch, outputs };
    onProgress?.({ stage, done: batch.next, total, unit: 'images' });
  }
}

function checkFinite(values: Float32Array, batch: Batch, model: Model, what: 'features' | 'logits'): void {
  // A sum is finite exactly when no value is NaN or infinite, unless it overflows: only then look closer.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  if (Number.isFinite(sum)) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const width = values.length / batch.ids.length;
  throw new FeatReconstructError(
    `Expected finite ${what} from ${model.name}, found ${values[at]} in ${what === 'features' ? 'feature' : 'logit'} ${at % width} of image ${batch.ids[Math.floor(at / width)]}. Look at that image and at the model's precision, or leave the image out.`,
    { code: 'not-finite' },
  );
}
