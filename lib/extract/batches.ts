import { FeatReconstructError, isCoded, UsageError } from '../base/index.js';
import { samplesOf, type Dataset, type InputTensor, type Sample } from '../datasets/index.js';
import type { ModelBatch, ModelInput } from '../runtime/index.js';
import { checkEnd, checkSample } from './check-dataset.js';
import { BatchWriter, decodePool, type RgbImage, type Transform } from '../images/index.js';

/** Model input for some consecutive positions of a data set. The data are valid until the next batch is asked for. */
export interface Batch {
  input: {
    type: InputTensor['type'];
    data: InputTensor['data'];
    dims: number[];
    /** For the model's other inputs, by name. */
    others?: ModelBatch['others'];
  };
  /** Position of the first example after this batch. */
  next: number;
  /** Of the rows in `input`, as labels and ids are. */
  positions: number[];
  labels: number[];
  ids: string[];
  skipped: SkippedImage[];
}

/** An image that could not be decoded and was left out. */
export interface SkippedImage {
  position: number;
  id: string;
  reason: string;
}

/** The reason of an image that has been left out: without the advice to leave it out. */
export const whyLeftOut = (reason: string): string => reason.replace(/, or leave such images out \([^)]*\)/, '');

/** How a data set is cut into batches. */
interface BatchOptions {
  batchSize: number;
  /** Position to start from; a multiple of the batch size when resuming. */
  start?: number;
  signal?: AbortSignal;
  /** Leave out images that cannot be decoded, instead of stopping at the first. */
  skipBadImages?: boolean;
}

/** How many batches of encoded images are being decoded ahead, while the model runs. */
const lookAhead = 2;

/**
 * Streams a data set of ready tensors as batches.
 * @throws UsageError when the data set has no tensor for an input of the model
 */
export async function* tensorBatches(
  dataset: Dataset,
  model: Pick<ModelInput, 'inputName' | 'otherInputs'>,
  options: BatchOptions,
): AsyncGenerator<Batch> {
  for await (const group of groups(dataset, options)) {
    const inputs = group.map(({ sample }) => inputsOf(sample, model, dataset.spec));
    const [input, ...others] = inputs[0].map((_, k) => stacked(inputs.map((each) => each[k])));
    const named = model.otherInputs?.map(({ inputName }, k) => [inputName, others[k]]);
    yield {
      input: { ...input, ...(named ? { others: Object.fromEntries(named) as ModelBatch['others'] } : {}) },
      next: group[group.length - 1].position + 1,
      positions: group.map(({ position }) => position),
      labels: group.map(({ sample }) => sample.label),
      ids: group.map(({ sample }) => sample.id),
      skipped: [],
    };
  }
}

/** An example's tensors in the order of the model's inputs. */
function inputsOf(
  { tensor, tensors = {} }: Sample,
  { inputName, otherInputs }: Pick<ModelInput, 'inputName' | 'otherInputs'>,
  spec: string,
): InputTensor[] {
  if (!otherInputs && tensor) return [tensor];
  return [inputName, ...(otherInputs ?? []).map((other) => other.inputName)].map((name) => {
    if (Object.hasOwn(tensors, name)) return tensors[name];
    const found = Object.keys(tensors).map((each) => `'${each}'`);
    throw new UsageError(
      otherInputs
        ? `Expected a tensor for each of the model's ${otherInputs.length + 1} inputs in ${spec}, found none called '${name}' (${found.join(', ') || 'one tensor'}): write all into one .npz or safetensors file under the names of the inputs.`
        : `Expected one tensor, or one called inputs, input, x or '${name}' as the model's input is, in ${spec}, found ${found.join(', ')}: name one as in tensors:FILE#${Object.keys(tensors)[0] ?? 'NAME'}.`,
    );
  });
}

function stacked(tensors: readonly InputTensor[]): Batch['input'] {
  const [{ type, data: first, dims }] = tensors;
  const Type = first.constructor as Float32ArrayConstructor;
  const data = new Type(first.length * tensors.length);
  for (const [row, each] of tensors.entries()) {
    if (each.type !== type || each.dims.join() !== dims.join()) {
      throw new FeatReconstructError(
        `Expected tensors of one type and size, found ${type} ${dims.join(' x ')} and ${each.type} ${each.dims.join(' x ')} in one data set.`,
        { code: 'mismatch' },
      );
    }
    data.set(each.data as Float32Array, row * first.length);
  }
  return { type, data, dims: [tensors.length, ...dims] };
}

/**
 * Streams a data set of images as batches of normalised pixels. Encoded images are decoded by worker threads, up to two
 * batches ahead: ONNX Runtime's `run` holds the main thread.
 * @throws FeatReconstructError naming the first image that cannot be decoded, unless `skipBadImages`
 */
export async function* imageBatches(
  dataset: Dataset,
  transform: Transform,
  model: Pick<ModelInput, 'imageSize' | 'layout' | 'inputType'>,
  options: BatchOptions,
): AsyncGenerator<Batch> {
  const size = model.imageSize!;
  const layout = model.layout as 'nchw' | 'nhwc';
  const type = model.inputType === 'uint8' ? 'uint8' : 'float32';
  const writer = new BatchWriter(transform, size, options.batchSize, layout, type);
  const channels = transform.channels === 'grey' ? 1 : 3;
  const imageLength = channels * size[0] * size[1];
  const dims = layout === 'nchw' ? [channels, ...size] : [...size, channels];
  let pool: ReturnType<typeof decodePool> | undefined;

  type Pixels = RgbImage | FeatReconstructError;
  const decode = ({ sample }: Placed): Promise<Pixels> | null => {
    if (sample.undecodable) return Promise.resolve(sample.undecodable);
    if (!sample.encoded) return null;
    pool ??= decodePool({ transform });
    const pixels = pool.decode(sample.encoded).catch((error: unknown) => {
      if (isCoded(error, 'bad-image')) return error;
      throw error;
    });
    // When this ends early, images that are still being decoded are awaited by nobody.
    pixels.catch(() => {});
    return pixels;
  };

  const fill = async ({ group, pixels }: Decoding): Promise<Batch> => {
    const batch: Batch = {
      input: { type, data: writer.data, dims: [] },
      next: group[group.length - 1].position + 1,
      positions: [],
      labels: [],
      ids: [],
      skipped: [],
    };
    for (const [i, { sample, position }] of group.entries()) {
      const decoded = await pixels[i];
      if (decoded instanceof Error) {
        if (!options.skipBadImages) throw decoded;
        batch.skipped.push({ position, id: sample.id, reason: decoded.message });
        continue;
      }
      const slot = batch.positions.length;
      if (decoded) writer.write(slot, decoded);
      else writer.writeImage(slot, sample.image!);
      batch.positions.push(position);
      batch.labels.push(sample.label);
      batch.ids.push(sample.id);
    }
    const n = batch.positions.length;
    batch.input.data = writer.data.subarray(0, n * imageLength);
    batch.input.dims = [n, ...dims];
    return batch;
  };

  interface Decoding {
    group: Placed[];
    pixels: (Promise<Pixels> | null)[];
  }
  const queue: Decoding[] = [];
  try {
    for await (const group of groups(dataset, options)) {
      queue.push({ group, pixels: group.map(decode) });
      if (queue.length > lookAhead || !group[0].sample.encoded) yield await fill(queue.shift()!);
    }
    while (queue.length > 0) yield await fill(queue.shift()!);
  } finally {
    // Batches that nobody will ask for any more must not end as unhandled rejections.
    for (const { pixels } of queue) for (const promise of pixels) promise?.catch(() => {});
    await pool?.close();
  }
}

interface Placed {
  position: number;
  sample: Sample;
}

/** Groups of consecutive examples, cut at multiples of the batch size counted from 0, so that a resumed run cuts alike. */
async function* groups(dataset: Dataset, { batchSize, start = 0, signal }: BatchOptions): AsyncGenerator<Placed[]> {
  let group: Placed[] = [];
  let position = start;
  for await (const sample of samplesOf(dataset, { start, signal })) {
    checkSample(sample, position, dataset);
    checkLabel(sample);
    group.push({ position, sample });
    position += 1;
    if (position % batchSize === 0) {
      signal?.throwIfAborted();
      yield group;
      group = [];
    }
  }
  checkEnd(position, dataset);
  if (group.length > 0) yield group;
}

/** Refuses a label that is no class: stored as int32, one that does not fit would become another class. */
function checkLabel({ id, label }: Sample): void {
  if (Number.isInteger(label) && label >= -1 && label < 2 ** 31) return;
  throw new FeatReconstructError(
    `Expected the label of '${id}' to be a class index from 0 to ${2 ** 31 - 1}, or -1 for none, found ${label}: correct the data set.`,
  );
}
